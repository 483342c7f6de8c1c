#include "heap.h"

#include "checkpoint.h"
#include "memory.h"
#include "written.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RED_ZONE = 16 };

static size_t range = (size_t)1 << 28; // of a thread
enum { LEAST_RANGE = 1 << 20 };

struct arena {
    size_t used;
    struct qx_block *block; // in the order of their addresses
    int blocks, capacity;
    int found; // by the last look-up, which others of the same block follow
};

static struct {
    char *base;
    size_t size;
    struct arena *arena;
    int arenas; // of this run
    int capacity;
} heap;

enum { MOST_THREADS = 1 << 10 };

// Addresses only; where not even those are to be had, smaller ones.
static void reserve(void)
{
    for (; range >= LEAST_RANGE; range /= 2) {
        heap.size = range * MOST_THREADS;
        heap.base =
            mmap(NULL, heap.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (heap.base == MAP_FAILED)
            continue;
        if (qx_written_reserve(heap.base, heap.size))
            return;
        munmap(heap.base, heap.size);
    }
    fputs("qsc-explore: the system gives no addresses for a heap\n", stderr);
    _exit(2);
}

void qx_heap_begin(void)
{
    if (!heap.base)
        reserve();
    heap.arenas = 0;
}

void qx_heap_keep(void)
{
    qx_keep(&heap.arenas, sizeof heap.arenas);
    for (int i = 0; i < heap.arenas; i++) {
        struct arena *a = &heap.arena[i];
        qx_keep(&a->used, sizeof a->used);
        qx_keep(&a->blocks, sizeof a->blocks);
        qx_keep(a->block, (size_t)a->blocks * sizeof *a->block);
        char *start = heap.base + range * (size_t)i;
        qx_keep(start, a->used);
        qx_written_keep(start, a->used);
    }
}

static struct arena *arena_of(int thread)
{
    heap.arena = qx_room(heap.arena, &heap.capacity, thread + 1, sizeof *heap.arena);
    for (; heap.arenas <= thread; heap.arenas++)
        heap.arena[heap.arenas].used = 0, heap.arena[heap.arenas].blocks = 0;
    return &heap.arena[thread];
}

void *qx_heap_allocate(int thread, uint32_t time, size_t size, size_t alignment, const void *site)
{
    struct arena *a = arena_of(thread);
    char *start = heap.base + range * (size_t)thread;
    alignment = alignment < 16 ? 16 : alignment;
    size_t at = (a->used + RED_ZONE + alignment - 1) / alignment * alignment;
    if (thread >= MOST_THREADS || size > range || at + size + RED_ZONE > range)
        return NULL;
    a->block = qx_room(a->block, &a->capacity, a->blocks + 1, sizeof *a->block);
    a->block[a->blocks++] = (struct qx_block){.start = start + at, .size = size, .site = site, .time = time};
    a->used = at + size;
    qx_written_new(start + at, size);
    return start + at;
}

bool qx_heap_owns(const void *address)
{
    return (uintptr_t)address - (uintptr_t)heap.base < heap.size;
}

int qx_heap_thread(const void *address)
{
    return (int)((size_t)((const char *)address - heap.base) / range);
}

static bool is_last_before(const struct arena *a, int i, const char *address)
{
    return i < a->blocks && a->block[i].start <= address &&
           (i + 1 == a->blocks || a->block[i + 1].start > address);
}

struct qx_block *qx_heap_find(const void *address)
{
    int thread = qx_heap_thread(address);
    if (thread >= heap.arenas)
        return NULL;
    struct arena *a = &heap.arena[thread];
    if (is_last_before(a, a->found, address))
        return &a->block[a->found];
    int low = 0, high = a->blocks; // the last block that begins at or before the address
    while (low < high) {
        int middle = (low + high) / 2;
        if (a->block[middle].start <= (const char *)address)
            low = middle + 1;
        else
            high = middle;
    }
    a->found = low > 0 ? low - 1 : 0;
    return low > 0 ? &a->block[low - 1] : NULL;
}

int qx_heap_blocks(int arena, struct qx_block **blocks)
{
    if (arena >= heap.arenas)
        return QX_NONE;
    *blocks = heap.arena[arena].block;
    return heap.arena[arena].blocks;
}
