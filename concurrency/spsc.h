/* spsc.h: a bounded queue of pointers from one thread to one other.
 *
 * A ring with two positions, each written by one end alone (L. Lamport, "Specifying concurrent program
 * modules", TOPLAS 1983), and at each end a copy of where the other one was when it last looked, so that an
 * end reads the other's cache line only when the copy says full, or empty (J. Giacomoni, T. Moseley, M.
 * Vachharajani, "FastForward for efficient pipeline parallelism", PPoPP 2008, names what that line costs).
 *
 * Nothing here waits. For waiting, deadlines and an end there is qsc_queue_init_spsc in queue.h.
 *
 * At any time one thread pushes and one pops, maybe the same. An end may go to another thread by something
 * that synchronises. */
#ifndef QUIESCE_CONCURRENCY_SPSC_H
#define QUIESCE_CONCURRENCY_SPSC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    unsigned char storage[128];
} __attribute__((aligned(64))) qsc_spsc;

/* Makes an empty queue for at least `capacity` items: the next power of two.
 * Returns 0, EINVAL (capacity is 0 or beyond 2^30) or ENOMEM. Does not block.
 * Memory order: hand the queue to the other thread by something that synchronises (thread creation, a lock).
 * Memory: 8 bytes an item, allocated here and freed by qsc_spsc_fini. */
int qsc_spsc_init(qsc_spsc *queue, size_t capacity) __attribute__((warn_unused_result));

/* Frees the ring. Items still inside are the caller's: pop them first. Does not block.
 * No thread may be inside a call on this queue or begin one. */
void qsc_spsc_fini(qsc_spsc *queue);

/* Appends `item` (any value, NULL too).
 * Returns 0 or EAGAIN (full). Does not block. Wait-free, without a system call.
 * Memory order: what happened before the push happens before the return of the pop that gets the item. The
 * thread that pushes only; in a signal handler only if that thread pushes nowhere else. */
int qsc_spsc_trypush(qsc_spsc *queue, void *item) __attribute__((warn_unused_result));

/* Takes the oldest item into *item.
 * Returns 0 or EAGAIN (empty). *item is written only with 0. Does not block. Wait-free, without a system
 * call. Memory order: see trypush; and what happened before the pop happens before the return of the push
 * that gets its place. The thread that pops only; in a signal handler only if that thread pops nowhere else.
 */
int qsc_spsc_trypop(qsc_spsc *queue, void **item) __attribute__((warn_unused_result));

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_spsc_dump(const qsc_spsc *queue, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
