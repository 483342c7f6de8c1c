/* queue_core.h (internal): what the queue that waits (queue.c) asks of one that does not, its core.
 *
 * A core that is used so can be closed, by a bit in the very word by which a push is claimed or published: a
 * push either came before the close, and its item will be popped, or it returns EPIPE. And it lets threads
 * sleep: what a waiter looks at is changed by a seq_cst store or read-modify-write and read with seq_cst, as
 * eventcount.h wants it. Both cost a locked instruction or two that the core does without in the calls of its
 * own header. */
#ifndef QUIESCE_CONCURRENCY_QUEUE_CORE_H
#define QUIESCE_CONCURRENCY_QUEUE_CORE_H

#include <stddef.h>
#include <stdint.h>

struct qsc_queue_core {
    int (*trypush)(void *core, void *item); /* 0, EAGAIN (full) or EPIPE (closed) */
    int (*trypop)(void *core,
                  void **item); /* 0, EAGAIN (empty, or cut) or EPIPE (closed, and all is popped) */
    void (*close)(void *core);
    void (*fini)(void *core);
    int (*dump)(const void *core, char *text, size_t size);

    /* Whether a push, or a pop, would return EAGAIN; NULL where only one thread ever waits to do it. */
    int (*look_for_room)(const void *core);
    int (*look_for_item)(const void *core);
};

extern const struct qsc_queue_core qsc_mpmc_core, qsc_mpsc_core, qsc_spsc_core;

/* The length of a ring for `capacity` items: the next power of two. 0 if there is none. */
static inline uint64_t qsc_ring_size(size_t capacity)
{
    if (capacity == 0 || capacity > (size_t)1 << 30)
        return 0;
    uint64_t size = 1;
    while (size < capacity)
        size *= 2;
    return size;
}

#endif
