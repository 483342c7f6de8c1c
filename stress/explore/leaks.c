#include "leaks.h"

#include "heap.h"
#include "memory.h"
#include "options.h"
#include "search.h"
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct {
    struct qx_block **block; // that something points to, and whose own content was not looked at yet
    int blocks, capacity;
    size_t missing; // blocks that nothing was seen to point to
} reached;

// Lock-free programs keep counts and marks in the bits of a pointer that an address does not need.
static const uintptr_t address_bits = ((uintptr_t)1 << 48) - 1;

// Whatever looks like a pointer is one, wherever in a block it points.
static void follow(uintptr_t word)
{
    const char *address = (const char *)(word & address_bits);
    struct qx_block *block = qx_heap_owns(address) ? qx_heap_find(address) : NULL;
    if (!block || block->freed || block->reached || address > block->start + block->size)
        return;
    block->reached = true;
    reached.missing--;
    reached.block = qx_room(reached.block, &reached.capacity, reached.blocks + 1, sizeof(struct qx_block *));
    reached.block[reached.blocks++] = block;
}

static void look_at_words(const char *start, size_t size)
{
    size_t skipped = -(uintptr_t)start % sizeof(uintptr_t);
    for (size_t at = skipped; at + sizeof(uintptr_t) <= size && reached.missing; at += sizeof(uintptr_t)) {
        uintptr_t word;
        memcpy(&word, start + at, sizeof word);
        follow(word);
    }
}

static void look_in(const void *start, size_t size)
{
    look_at_words(start, size);
    while (reached.blocks) {
        const struct qx_block *block = reached.block[--reached.blocks];
        look_at_words(block->start, block->size);
    }
}

// Main's own variables and values are there until the process ends, those of another thread until it does.
static void look_in_threads(void)
{
    for (int i = 0; i < qx_thread_count(); i++) {
        const struct qx_thread *t = qx_thread_of(i);
        if (t->state == QX_UNUSED || (t->gone && i > 0))
            continue;
        qx_state_visit_thread(&t->context, look_in);
        qx_visit_specific(t, look_in);
        const char *end = t->context.stack + t->context.stack_size;
        if (!t->gone)
            look_in(t->context.sp, (size_t)(end - (const char *)t->context.sp));
    }
}

// The C library's own heap: what was allocated before main, or by code of other libraries.
static void look_in_other_heap(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[500];
    while (maps && fgets(line, sizeof line, maps)) {
        uintptr_t start, end;
        if (strstr(line, "[heap]") && sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) == 2)
            look_in((const void *)start, end - start);
    }
    if (maps)
        fclose(maps);
}

static size_t count_live(void)
{
    size_t live = 0;
    struct qx_block *block;
    for (int arena = 0, n; (n = qx_heap_blocks(arena, &block)) != QX_NONE; arena++) {
        for (int i = 0; i < n; i++)
            live += !block[i].freed;
    }
    return live;
}

static void describe_blocks(struct qx_failure *failure)
{
    size_t blocks = 0, bytes = 0;
    const void *first = NULL;
    struct qx_block *block;
    for (int arena = 0, n; (n = qx_heap_blocks(arena, &block)) != QX_NONE; arena++) {
        for (int i = 0; i < n; i++) {
            if (block[i].freed || block[i].reached)
                continue;
            first = blocks == 0 ? block[i].site : first;
            blocks++;
            bytes += block[i].size;
        }
    }
    *failure = (struct qx_failure){.fault = QX_LEAK, .other = first};
    if (blocks == 1)
        snprintf(failure->text, sizeof failure->text, "%zu bytes, allocated", bytes);
    else
        snprintf(failure->text, sizeof failure->text, "%zu bytes in %zu blocks, the first allocated", bytes,
                 blocks);
}

// Each place is looked at only if those before it have not answered for all blocks.
static bool leaks_memory(void)
{
    reached.missing = count_live();
    qx_state_visit(false, look_in);
    if (reached.missing)
        look_in_threads();
    if (reached.missing)
        qx_state_visit(true, look_in);
    if (reached.missing)
        look_in_other_heap();
    return reached.missing > 0;
}

static bool leaves_thread(struct qx_failure *failure)
{
    for (int i = 1; i < qx_thread_count(); i++) {
        const struct qx_thread *t = qx_thread_of(i);
        bool called_exit = t->state == QX_ENDED && !t->gone;
        if (t->state == QX_UNUSED || t->joined || t->detached || called_exit)
            continue;
        const struct qx_graph *g = qx_search_graph();
        *failure = (struct qx_failure){.fault = QX_LEAK, .other = g->event[g->thread[i].create].site};
        snprintf(failure->text, sizeof failure->text,
                 "main ended and thread %d was neither joined nor detached, created", i);
        return true;
    }
    return false;
}

bool qx_leaks_find(bool ended, struct qx_failure *failure)
{
    if (qx_options()->ignore_leaks)
        return false;
    if (ended && leaves_thread(failure))
        return true;
    if (!leaks_memory())
        return false;
    describe_blocks(failure);
    return true;
}
