#include "state.h"

#include "checkpoint.h"
#include "early.h"
#include "memory.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

struct part {
    char *start;
    size_t size;
    char *copy;
};

enum { PARTS = 16 };

static struct {
    struct part part[PARTS];
    int parts;
    // Thread-local variables of the program itself stand at the same distance from every thread pointer.
    ptrdiff_t tls_offset;
    size_t tls_size;
    char *tls_main;        // as main found them
    const char *tls_image; // as a new thread finds them
    size_t tls_image_size;
} saved;

static void add(char *start, char *end)
{
    if (start >= end || saved.parts == PARTS)
        return;
    struct part *p = &saved.part[saved.parts++];
    *p = (struct part){.start = start, .size = (size_t)(end - start)};
    p->copy = qx_grow(NULL, 0, p->size);
}

static bool holds(const struct dl_phdr_info *info, const void *address)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && (uintptr_t)address - (info->dlpi_addr + p->p_vaddr) < p->p_memsz)
            return true;
    }
    return false;
}

static int ask_first(struct dl_phdr_info *info, size_t size, void *address)
{
    (void)size;
    return holds(info, address) ? 1 : -1;
}

bool qx_state_holds(const void *address)
{
    return dl_iterate_phdr(ask_first, (void *)(uintptr_t)address) == 1;
}

static int look(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    char *base = (char *)info->dlpi_addr, *relro = NULL, *relro_end = NULL;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        char *start = base + p->p_vaddr;
        if (p->p_type == PT_GNU_RELRO) {
            size_t page = (size_t)sysconf(_SC_PAGESIZE);
            relro = (char *)((uintptr_t)start / page * page);
            relro_end = (char *)(((uintptr_t)start + p->p_memsz) / page * page);
        }
        if (p->p_type == PT_TLS && info->dlpi_tls_data) {
            struct qx_context here;
            qx_context_adopt(&here);
            saved.tls_offset = (char *)info->dlpi_tls_data - (char *)here.tls;
            saved.tls_size = p->p_memsz;
            saved.tls_image = start;
            saved.tls_image_size = p->p_filesz;
        }
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_W))
            continue;
        char *start = base + p->p_vaddr, *end = start + p->p_memsz;
        if (relro && relro <= start && start < relro_end)
            start = relro_end;
        add(start, end);
    }
    return 1; // the program comes first; its libraries, the explorer among them, keep what they have
}

void qx_state_save(void)
{
    dl_iterate_phdr(look, NULL);
    char *heap, *heap_end;
    qx_early_close(&heap, &heap_end);
    add(heap, heap_end);
    for (int i = 0; i < saved.parts; i++)
        memcpy(saved.part[i].copy, saved.part[i].start, saved.part[i].size);
    if (saved.tls_size) {
        struct qx_context here;
        qx_context_adopt(&here);
        saved.tls_main = qx_grow(NULL, 0, saved.tls_size);
        memcpy(saved.tls_main, (char *)here.tls + saved.tls_offset, saved.tls_size);
    }
}

void qx_state_restore(void)
{
    for (int i = 0; i < saved.parts; i++)
        memcpy(saved.part[i].start, saved.part[i].copy, saved.part[i].size);
    if (saved.tls_size) {
        struct qx_context here;
        qx_context_adopt(&here);
        memcpy((char *)here.tls + saved.tls_offset, saved.tls_main, saved.tls_size);
    }
}

void qx_state_restore_thread(const struct qx_context *context)
{
    if (!saved.tls_size)
        return;
    char *variables = (char *)context->tls + saved.tls_offset;
    memcpy(variables, saved.tls_image, saved.tls_image_size);
    memset(variables + saved.tls_image_size, 0, saved.tls_size - saved.tls_image_size);
}

void qx_state_keep(void)
{
    for (int i = 0; i < saved.parts; i++)
        qx_keep(saved.part[i].start, saved.part[i].size);
}

// The C library's errno, too, stands at the same distance from every thread pointer.
void qx_state_keep_thread(const struct qx_context *context)
{
    struct qx_context here;
    qx_context_adopt(&here);
    qx_keep((char *)&errno - here.tls + context->tls, sizeof errno);
    qx_keep((char *)context->tls + saved.tls_offset, saved.tls_size);
}

void qx_state_visit_thread(const struct qx_context *context, void (*visit)(const void *start, size_t size))
{
    if (saved.tls_size)
        visit((char *)context->tls + saved.tls_offset, saved.tls_size);
}

static int visit_library(struct dl_phdr_info *info, size_t size, void *visitor)
{
    void (*const *visit)(const void *, size_t) = visitor;
    (void)size;
    bool is_program = saved.parts && holds(info, saved.part[0].start);
    for (int i = 0; i < info->dlpi_phnum && !is_program && !holds(info, &saved); i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && (p->p_flags & PF_W))
            (*visit)((const char *)info->dlpi_addr + p->p_vaddr, p->p_memsz);
    }
    return 0;
}

void qx_state_visit(bool libraries, void (*visit)(const void *start, size_t size))
{
    for (int i = 0; i < saved.parts && !libraries; i++)
        visit(saved.part[i].start, saved.part[i].size);
    if (libraries)
        dl_iterate_phdr(visit_library, &visit);
}
