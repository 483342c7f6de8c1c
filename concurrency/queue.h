/* queue.h: a queue of pointers with threads that wait asleep, deadlines, and a close that loses nothing.
 *
 * It has one of three cores, chosen when it is made: many producers and many consumers (mpmc.h), one of each
 * (spsc.h), or many producers and one consumer of nodes in the caller's objects, without bound (mpsc.h).
 * Closing is a bit of the very word by which a push enters the queue, so a push either came before the close,
 * and its item will be popped, or it gets EPIPE.
 *
 * Items come out in the order of their pushes, as the core has it. No call allocates but init.
 * Waiting is on a futex: it is no cancellation point, and the calls may be made from any thread that the core
 * allows, inside an RCU section only in their try form, and not from a signal handler. */
#ifndef QUIESCE_CONCURRENCY_QUEUE_H
#define QUIESCE_CONCURRENCY_QUEUE_H

#include <quiesce/concurrency/cancel.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    unsigned char storage[256];
} __attribute__((aligned(64))) qsc_queue;

/* Makes an open, empty queue for any number of producers and consumers and at least `capacity` items: the
 * next power of two. Returns 0, EINVAL (capacity is 0 or beyond 2^30) or ENOMEM. Does not block. Memory
 * order: hand the queue to other threads by something that synchronises (thread creation, a lock). Memory: 16
 * bytes an item, allocated here and freed by qsc_queue_fini. */
int qsc_queue_init(qsc_queue *queue, size_t capacity) __attribute__((warn_unused_result));

/* As qsc_queue_init, but one thread at a time pushes and one pops, which is cheaper. Memory: 8 bytes an item.
 */
int qsc_queue_init_spsc(qsc_queue *queue, size_t capacity) __attribute__((warn_unused_result));

/* Makes an open, empty queue of nodes without bound: an item is a qsc_mpsc_node (mpsc.h) that is in no queue,
 * a push never waits, and one thread at a time pops. Does not block. Memory order: as init. */
void qsc_queue_init_mpsc(qsc_queue *queue);

/* Frees the ring. Items still inside are the caller's: pop them first. Does not block.
 * No other thread may be inside a call on this queue or begin one. */
void qsc_queue_fini(qsc_queue *queue);

/* Appends `item` (any value, NULL too; of a queue of nodes: the node).
 * Returns 0, EAGAIN (full, or the oldest item is just being taken) or EPIPE (closed).
 * Does not block. Lock-free: a thread that stalls inside a call delays only what comes after its item. Memory
 * order: what happened before the push happens before the return of the pop that gets the item.
 * Any thread that the core allows. Makes a system call only when a consumer sleeps. */
int qsc_queue_trypush(qsc_queue *queue, void *item) __attribute__((warn_unused_result));

/* As qsc_queue_trypush, but waits for room: spins briefly, then sleeps.
 * Returns 0 or EPIPE (closed, also while waiting: the item was not appended). Blocking. */
int qsc_queue_push(qsc_queue *queue, void *item) __attribute__((warn_unused_result));

/* As qsc_queue_push, but gives up when CLOCK_MONOTONIC reaches `deadline` (absolute; NULL: never).
 * Returns 0, EPIPE or ETIMEDOUT. With a deadline in the past it is a try that reports ETIMEDOUT. */
int qsc_queue_push_until(qsc_queue *queue, void *item, const struct timespec *deadline)
    __attribute__((warn_unused_result));

/* As qsc_queue_push_until, but gives up when `cancel` is cancelled, too (NULL: never).
 * Returns 0, EPIPE, ETIMEDOUT or ECANCELED. With a cancelled token it is a try that reports ECANCELED. */
int qsc_queue_push_cancellable(qsc_queue *queue, void *item, const struct timespec *deadline,
                               const qsc_cancel *cancel) __attribute__((warn_unused_result));

/* Takes the oldest item into *item.
 * Returns 0, EAGAIN (empty, or the oldest item is just being put in) or EPIPE (closed and drained: none will
 * come). *item is written only with 0. Does not block. Lock-free as trypush. Memory order: see trypush. Any
 * thread that the core allows. Makes a system call only when a producer sleeps. */
int qsc_queue_trypop(qsc_queue *queue, void **item) __attribute__((warn_unused_result));

/* As qsc_queue_trypop, but waits for an item: spins briefly, then sleeps. Returns 0 or EPIPE. Blocking. */
int qsc_queue_pop(qsc_queue *queue, void **item) __attribute__((warn_unused_result));

/* As qsc_queue_pop, but gives up when CLOCK_MONOTONIC reaches `deadline` (absolute; NULL: never).
 * Returns 0, EPIPE or ETIMEDOUT. With a deadline in the past it is a try that reports ETIMEDOUT. */
int qsc_queue_pop_until(qsc_queue *queue, void **item, const struct timespec *deadline)
    __attribute__((warn_unused_result));

/* As qsc_queue_pop_until, but gives up when `cancel` is cancelled, too (NULL: never).
 * Returns 0, EPIPE, ETIMEDOUT or ECANCELED. With a cancelled token it is a try that reports ECANCELED. */
int qsc_queue_pop_cancellable(qsc_queue *queue, void **item, const struct timespec *deadline,
                              const qsc_cancel *cancel) __attribute__((warn_unused_result));

/* Ends the pushes: from now on they return EPIPE, pops drain what is inside and then return EPIPE, and every
 * thread that waits is woken to see it. Closing twice is harmless. Does not block. Lock-free. Any thread. */
void qsc_queue_close(qsc_queue *queue);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_queue_dump(const qsc_queue *queue, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
