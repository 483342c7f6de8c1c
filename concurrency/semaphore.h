/* semaphore.h: a counting semaphore that sleeps, in 8 bytes.
 *
 * A semaphore holds a number of units: how many of a resource are free, how many items are ready, how many
 * threads have come so far. Posting adds units, waiting takes them away; a wait for several takes all of them
 * at once or none, so two threads that need several never hold half of what each needs.
 *
 * Whoever finds too few stands in line, and the head of the line is served first however many it needs. A
 * running thread that finds enough may overtake the line (that keeps short holds fast), but a head that was
 * woken in vain several times closes the semaphore to newcomers until it has its units, so neither many small
 * waits nor running threads starve a large one.
 *
 * All bytes zero is a valid semaphore without units; there is nothing to destroy. Its memory may be freed by
 * the thread whose wait has returned, if that was the last to be made, even while the post that it waited for
 * is still returning: a post touches the memory once, with the very operation that hands the units over, and
 * needs no more than the address to wake. (glibc before 2.21 looked for waiters after that, its bug 12674,
 * and a waiter that freed the semaphore met the look.) Not shared between processes, not inherited across
 * fork while other threads use it. */
#ifndef QUIESCE_CONCURRENCY_SEMAPHORE_H
#define QUIESCE_CONCURRENCY_SEMAPHORE_H

#include <quiesce/concurrency/mutex.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t state; /* private; the layout stands in semaphore.c */
    qsc_mutex line;
} qsc_semaphore;

/* The largest number of units, in a semaphore and in a call. */
#define QSC_SEMAPHORE_MAX 0x3fffffffU

/* A semaphore with so many units. */
/* clang-format off */
#define QSC_SEMAPHORE_INIT(units) {(uint32_t)(units) << 2, {0}}
/* clang-format on */

/* Adds `units`, and wakes the head of the line if there is one. There may not be more than QSC_SEMAPHORE_MAX
 * afterwards; that is the caller's duty, asserted in debug builds.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every wait that takes
 * units after it. Any thread, also inside of a signal handler; no thread owns
 * units. */
void qsc_semaphore_post(qsc_semaphore *semaphore, uint32_t units);

/* Takes `units` (0 .. QSC_SEMAPHORE_MAX), all at once, as soon as there are as many.
 * Blocks. Progress: lock-free when there are enough and the semaphore is not closed, else blocking; the line
 * is served in order, and its head is overtaken by running threads until some 16 wake-ups were in vain.
 * Memory order: acquire, sees all that was done before every earlier post. Any thread. Not inside of a signal
 * handler or, as it may sleep, an RCU section. */
void qsc_semaphore_wait(qsc_semaphore *semaphore, uint32_t units);

/* Takes `units` if there are as many and no long waiter has closed the semaphore.
 * Returns whether it took them.
 * Does not block. Progress: lock-free. Memory order: acquire when true, none when false. Any thread. Not
 * inside of a signal handler. */
__attribute__((warn_unused_result)) bool qsc_semaphore_trywait(qsc_semaphore *semaphore, uint32_t units);

/* Takes `units`, or gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never).
 * Returns 0; ETIMEDOUT when the deadline passed (units that are there are taken even then, unless others
 * stand in line before it); EINVAL for a deadline with tv_sec < 0 or tv_nsec outside 0..999999999, if it had
 * to wait. Signals do not end the wait. Otherwise as qsc_semaphore_wait. */
__attribute__((warn_unused_result)) int qsc_semaphore_wait_until(qsc_semaphore *semaphore, uint32_t units,
                                                                 const struct timespec *deadline);

/* Takes `units`, or gives up at `deadline` or when `cancel` is cancelled (NULL: never).
 * Returns 0, ETIMEDOUT or EINVAL as qsc_semaphore_wait_until; ECANCELED when it was cancelled (units that are
 * there are taken even then, unless others stand in line before it). Otherwise as qsc_semaphore_wait. */
__attribute__((warn_unused_result)) int qsc_semaphore_wait_cancellable(qsc_semaphore *semaphore,
                                                                       uint32_t units,
                                                                       const struct timespec *deadline,
                                                                       const qsc_cancel *cancel);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_semaphore_dump(const qsc_semaphore *semaphore, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
