#include "early.h"

#include <stdint.h>
#include <sys/mman.h>

static const size_t range = (size_t)1 << 28; // untouched pages of it cost nothing

static struct {
    char *start;
    size_t used;
    bool closed;
} early;

void *qx_early_allocate(size_t size, size_t alignment)
{
    if (early.closed || size > range)
        return NULL;
    if (!early.start) {
        early.start =
            mmap(NULL, range, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        early.closed = early.start == MAP_FAILED;
    }
    alignment = alignment < 16 ? 16 : alignment;
    size_t at = (early.used + sizeof size + alignment - 1) / alignment * alignment;
    if (early.closed || at + size > range)
        return NULL;
    early.used = at + size;
    *(size_t *)(uintptr_t)(early.start + at - sizeof size) = size;
    return early.start + at;
}

bool qx_early_owns(const void *block)
{
    return (uintptr_t)block - (uintptr_t)early.start < early.used;
}

size_t qx_early_size(const void *block)
{
    return ((const size_t *)block)[-1];
}

void qx_early_close(char **start, char **end)
{
    early.closed = true;
    *start = early.start;
    *end = early.start + early.used;
}
