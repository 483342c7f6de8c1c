/* barrier.h: a number of threads wait until all of them have come, again and again, in 8 bytes.
 *
 * Of those who pass together exactly one is told that it is the last: the last to leave, not the last to
 * come. Nobody else of them touches the barrier any more, so the last may free its memory at once, or reset
 * it for another number of threads. (A barrier that tells the last to come cannot promise that: others may
 * not have woken yet. pthread_barrier_destroy has to wait for them.) The others may meanwhile have come to
 * the barrier again; then of course it stays.
 *
 * A waiter spins for a few microseconds, as long as spinning helped lately, then sleeps.
 *
 * All bytes zero is a valid barrier for one thread, which never waits; there is nothing to destroy. Not
 * shared between processes, not inherited across fork while other threads use it. */
#ifndef QUIESCE_CONCURRENCY_BARRIER_H
#define QUIESCE_CONCURRENCY_BARRIER_H

#include <quiesce/concurrency/cancel.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t state; /* private; the layout stands in barrier.c */
    uint32_t parties;
} qsc_barrier;

/* The largest number of threads. */
#define QSC_BARRIER_MAX 0x7fffU

/* A barrier for so many threads, 1 .. QSC_BARRIER_MAX. */
/* clang-format off */
#define QSC_BARRIER_INIT(threads) {0, (uint32_t)(threads)}
/* clang-format on */

/* Waits until all threads have come.
 * Returns whether the calling thread is the last of them to leave.
 * Blocks. Progress: blocking. Memory order: everything that each of the threads did before it came happens
 * before everything that any of them does afterwards; and what the others did to leave, before what the last
 * does. Any thread, as many as the barrier is for. Not inside of a signal handler or, as it may sleep, an RCU
 * section. */
bool qsc_barrier_wait(qsc_barrier *barrier);

/* Passes if all other threads are waiting, and lets them go; else it is as if the thread had not come.
 * Returns whether it passed, and then in *last what qsc_barrier_wait returns.
 * Does not block. Progress: lock-free. Memory order: as qsc_barrier_wait when true, none when false. Any
 * thread, as many as the barrier is for. Not inside of a signal handler. */
__attribute__((warn_unused_result)) bool qsc_barrier_trywait(qsc_barrier *barrier, bool *last);

/* Waits until all threads have come, or gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never): then
 * it is as if the thread had not come, and it may come again.
 * Returns 0, and in *last what qsc_barrier_wait returns; ETIMEDOUT when the deadline passed; EINVAL for a
 * deadline with tv_sec < 0 or tv_nsec outside 0..999999999, if it had to wait. Signals do not end the wait.
 * Otherwise as qsc_barrier_wait, without a memory order when it gave up. */
__attribute__((warn_unused_result)) int qsc_barrier_wait_until(qsc_barrier *barrier,
                                                               const struct timespec *deadline, bool *last);

/* Waits until all threads have come, or gives up at `deadline` or when `cancel` is cancelled (NULL: never):
 * then it is as if the thread had not come.
 * Returns 0, ETIMEDOUT or EINVAL as qsc_barrier_wait_until; ECANCELED when it was cancelled. Otherwise as
 * that. */
__attribute__((warn_unused_result)) int qsc_barrier_wait_cancellable(qsc_barrier *barrier,
                                                                     const struct timespec *deadline,
                                                                     const qsc_cancel *cancel, bool *last);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_barrier_dump(const qsc_barrier *barrier, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
