/* mpmc.h: a bounded queue of pointers for many producers and many consumers.
 *
 * A ring whose cells carry a sequence number, so that producers and consumers meet only at the cell they
 * share (D. Vyukov, "Bounded MPMC queue", 1024cores.net, 2010). Items come out in the order of their pushes
 * (FIFO of the claimed positions).
 *
 * Nothing here waits. For waiting, deadlines and an end there is queue.h. */
#ifndef QUIESCE_CONCURRENCY_MPMC_H
#define QUIESCE_CONCURRENCY_MPMC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    unsigned char storage[192];
} __attribute__((aligned(64))) qsc_mpmc;

/* Makes an empty queue for at least `capacity` items: the next power of two.
 * Returns 0, EINVAL (capacity is 0 or beyond 2^30) or ENOMEM. Does not block.
 * Memory order: hand the queue to other threads by something that synchronises (thread creation, a lock).
 * Memory: 16 bytes an item, allocated here and freed by qsc_mpmc_fini. */
int qsc_mpmc_init(qsc_mpmc *queue, size_t capacity) __attribute__((warn_unused_result));

/* Frees the ring. Items still inside are the caller's: pop them first. Does not block.
 * No thread may be inside a call on this queue or begin one. */
void qsc_mpmc_fini(qsc_mpmc *queue);

/* Appends `item` (any value, NULL too).
 * Returns 0 or EAGAIN (full, or the oldest item is just being taken). Does not block, makes no system call.
 * Lock-free: a thread that stalls inside a call delays only the cell it has claimed. Memory order: what
 * happened before the push happens before the return of the pop that gets the item. Any thread; not inside
 * of a signal handler. */
int qsc_mpmc_trypush(qsc_mpmc *queue, void *item) __attribute__((warn_unused_result));

/* Takes the oldest item into *item.
 * Returns 0 or EAGAIN (empty, or the oldest item is just being put in). *item is written only with 0.
 * Otherwise as trypush. */
int qsc_mpmc_trypop(qsc_mpmc *queue, void **item) __attribute__((warn_unused_result));

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_mpmc_dump(const qsc_mpmc *queue, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
