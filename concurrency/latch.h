/* latch.h: a count that goes down to zero once, in 4 bytes.
 *
 * Threads count down what they have done; others wait until all of it is. A latch that is open stays open.
 *
 * All bytes zero is a latch that is open. There is nothing to destroy. Its memory may be freed by a thread
 * whose wait has returned, if nobody else waits or counts any more, even while the call that counted down to
 * zero is still returning: that call touches the memory once and needs no more than the address to wake. So a
 * latch may stand on the stack of the one thread that waits for it. Not shared between processes, not
 * inherited across fork while other threads use it. */
#ifndef QUIESCE_CONCURRENCY_LATCH_H
#define QUIESCE_CONCURRENCY_LATCH_H

#include <quiesce/concurrency/cancel.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t word; /* private; the layout stands in latch.c */
} qsc_latch;

/* The largest count. */
#define QSC_LATCH_MAX 0x7fffffffU

/* A latch that opens when it has been counted down so often. */
/* clang-format off */
#define QSC_LATCH_INIT(count) {(uint32_t)(count)}
/* clang-format on */

/* Takes `n` from the count; when that makes it zero, the latch is open and everyone who waits is woken. No
 * more may be taken than the count holds; that is the caller's duty, asserted in debug builds.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every wait. Any
 * thread, also inside of a signal handler. */
void qsc_latch_count_down(qsc_latch *latch, uint32_t n);

/* Waits until the latch is open.
 * Blocks. Progress: wait-free when it is open, else blocking. Memory order: acquire, sees all that was done
 * before every count_down. Any thread. Not inside of a signal handler or, as it may sleep, an RCU section. */
void qsc_latch_wait(qsc_latch *latch);

/* Returns whether the latch is open.
 * Does not block. Progress: wait-free. Memory order: acquire when true, none when false. Any thread,
 * anywhere. */
__attribute__((warn_unused_result)) bool qsc_latch_trywait(qsc_latch *latch);

/* Waits until the latch is open, or gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never).
 * Returns 0; ETIMEDOUT when the deadline passed; EINVAL for a deadline with tv_sec < 0 or tv_nsec outside
 * 0..999999999, if it had to wait. Signals do not end the wait. Otherwise as qsc_latch_wait. */
__attribute__((warn_unused_result)) int qsc_latch_wait_until(qsc_latch *latch,
                                                             const struct timespec *deadline);

/* Waits until the latch is open, or gives up at `deadline` or when `cancel` is cancelled (NULL: never).
 * Returns 0, ETIMEDOUT or EINVAL as qsc_latch_wait_until; ECANCELED when it was cancelled. Otherwise as
 * qsc_latch_wait. */
__attribute__((warn_unused_result)) int
qsc_latch_wait_cancellable(qsc_latch *latch, const struct timespec *deadline, const qsc_cancel *cancel);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_latch_dump(const qsc_latch *latch, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
