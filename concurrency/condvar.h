/* condvar.h: a condition variable for qsc_mutex, in 8 bytes.
 *
 *     qsc_mutex_lock(&mutex);                  qsc_mutex_lock(&mutex);
 *     while (!condition)                       make the condition true
 *         qsc_condvar_wait(&condvar, &mutex);  qsc_mutex_unlock(&mutex);
 *     ...                                      qsc_condvar_signal(&condvar);
 *     qsc_mutex_unlock(&mutex);
 *
 * Wake-ups may come for no reason (a signal handler ran; a signal for one thread met another that was just
 * falling asleep), so a wait stands in a loop. None is lost: a signal after the condition changed under the
 * mutex wakes a thread that had found it false, whether it is made with the mutex held or, cheaper for the
 * thread that is woken, after the unlock. With nobody waiting a signal is one load.
 *
 * All bytes zero is a valid condition variable; there is nothing to destroy. Its memory may be freed when no
 * thread is in a wait, a signal or a broadcast any more; a broadcast alone does not see to that, as those it
 * wakes still look at it. Not shared between processes, not inherited across fork while other threads use it.
 */
#ifndef QUIESCE_CONCURRENCY_CONDVAR_H
#define QUIESCE_CONCURRENCY_CONDVAR_H

#include <quiesce/concurrency/mutex.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t sequence; /* private; what they mean stands in condvar.c */
    uint32_t waiting;
} qsc_condvar;

/* clang-format off */
#define QSC_CONDVAR_INIT {0, 0}
/* clang-format on */

/* Unlocks the mutex, sleeps until a signal or broadcast, or for no reason, and locks the mutex again.
 * Blocks. Progress: blocking. Memory order: that of the unlock and the lock of the mutex. A thread that holds
 * the mutex, and all that wait at one time with the same mutex. Not inside of a signal handler or, as it may
 * sleep, an RCU section. */
void qsc_condvar_wait(qsc_condvar *condvar, qsc_mutex *mutex);

/* As qsc_condvar_wait, but sleeps at most until `deadline` (absolute, CLOCK_MONOTONIC; NULL: never). The
 * mutex is locked again in any case, for which it may wait beyond the deadline.
 * Returns 0; ETIMEDOUT when the deadline passed, then it took no signal from others; EINVAL for a deadline
 * with tv_sec < 0 or tv_nsec outside 0..999999999. A deadline that has passed makes it a try: it lets others
 * have the mutex, but does not sleep. */
__attribute__((warn_unused_result)) int qsc_condvar_wait_until(qsc_condvar *condvar, qsc_mutex *mutex,
                                                               const struct timespec *deadline);

/* As qsc_condvar_wait_until, but sleeps at most until `cancel` is cancelled, too (NULL: never).
 * Returns 0, ETIMEDOUT or EINVAL as that; ECANCELED when it was cancelled, then it took no signal from
 * others, and the mutex is locked again all the same. */
__attribute__((warn_unused_result)) int qsc_condvar_wait_cancellable(qsc_condvar *condvar, qsc_mutex *mutex,
                                                                     const struct timespec *deadline,
                                                                     const qsc_cancel *cancel);

/* Wakes one of the threads that wait, if any does.
 * Does not block. Progress: wait-free. Memory order: none; the mutex under which the condition changed gives
 * it. Any thread, with or without the mutex. Not inside of a signal handler. */
void qsc_condvar_signal(qsc_condvar *condvar);

/* Wakes all threads that wait.
 * Otherwise as qsc_condvar_signal. */
void qsc_condvar_broadcast(qsc_condvar *condvar);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_condvar_dump(const qsc_condvar *condvar, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
