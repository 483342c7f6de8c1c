/* The program's heap: each thread takes its blocks one behind the other from a range of its own, so that an
 * address depends only on what the thread did before. Nothing is used twice in an execution. */
#ifndef QUIESCE_EXPLORE_HEAP_H
#define QUIESCE_EXPLORE_HEAP_H

#include "graph.h"

#include <stdbool.h>
#include <stddef.h>

struct qx_block {
    char *start;
    size_t size;
    bool freed, reached;         // reached: something points to it, see leaks.c
    const void *site, *freed_at; // where it was allocated and freed
    uint32_t time;               // events before it of the thread that allocated it
};

void qx_heap_begin(void);

void qx_heap_keep(void); // for a checkpoint

/* A block for a thread that has made so many events. NULL: its range is used up. */
void *qx_heap_allocate(int thread, uint32_t time, size_t size, size_t alignment, const void *site);

/* The block that holds an address of the heap's, its red zones included; NULL: there is none. */
struct qx_block *qx_heap_find(const void *address);
bool qx_heap_owns(const void *address);
/* The thread that allocated it. */
int qx_heap_thread(const void *address);

/* The blocks of an arena, freed ones too, and their number; QX_NONE behind the last arena. */
int qx_heap_blocks(int arena, struct qx_block **blocks);

#endif
