#include "memory.h"

#include "real.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *pages(size_t size, int sharing)
{
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
    if (block != MAP_FAILED)
        return block;
    static const char complaint[] = "qsc-explore: no memory left for the exploration\n";
    ssize_t ignored = write(STDERR_FILENO, complaint, sizeof complaint - 1);
    (void)ignored;
    QX_REAL(_exit)(2); // the program's ends an execution only
    __builtin_unreachable();
}

void *qx_grow(void *block, size_t old_size, size_t size)
{
    if (size == 0)
        return NULL;
    void *new = pages(size, MAP_PRIVATE);
    if (old_size)
        memcpy(new, block, old_size);
    qx_release_memory(block, old_size);
    return new;
}

void *qx_shared_memory(size_t size)
{
    return pages(size, MAP_SHARED | MAP_NORESERVE);
}

void qx_release_memory(void *block, size_t size)
{
    if (block && size)
        munmap(block, size);
}
