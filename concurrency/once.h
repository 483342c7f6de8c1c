/* once.h: something that is done once, by whoever comes first, in 4 bytes.
 *
 * The first thread to call runs the function; those who come meanwhile sleep until it has returned; who comes
 * later pays a load.
 *
 * All bytes zero is a valid once that has not run; there is nothing to destroy. Its memory may be freed by a
 * thread whose call has returned, if nobody else calls any more, even while the call that ran the function is
 * still returning: after the function that call touches the memory once. The function may not call the same
 * once (it would wait for itself), nor leave by longjmp, a C++ exception or the end of its thread. Not shared
 * between processes, not inherited across fork while the function runs. */
#ifndef QUIESCE_CONCURRENCY_ONCE_H
#define QUIESCE_CONCURRENCY_ONCE_H

#include <quiesce/concurrency/cancel.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t word; /* private; the values stand in once.c */
} qsc_once;

/* clang-format off */
#define QSC_ONCE_INIT {0}
/* clang-format on */

/* Private: the part of each call that is not in the header. */
void qsc_once_call_slow(qsc_once *once, void (*run)(void *), void *arg);
__attribute__((warn_unused_result)) bool qsc_once_trycall_slow(qsc_once *once, void (*run)(void *),
                                                               void *arg);
__attribute__((warn_unused_result)) int qsc_once_call_cancellable_slow(qsc_once *once, void (*run)(void *),
                                                                       void *arg,
                                                                       const struct timespec *deadline,
                                                                       const qsc_cancel *cancel);

/* Returns whether the function has run.
 * Does not block. Progress: wait-free. Memory order: acquire when true, sees all that the function did; none
 * when false. Any thread, anywhere. */
static inline bool qsc_once_done(qsc_once *once)
{
    /* acquire: pairs with the release in qsc_once_trycall_slow. 1: DONE */
    return __atomic_load_n(&once->word, __ATOMIC_ACQUIRE) == 1;
}

/* Runs run(arg) unless some call has, and returns when it has run.
 * Blocks while another thread runs it. Progress: wait-free when it has run, else blocking. Memory order:
 * acquire, sees all that the function did. Any thread. Not inside of the function, a signal handler or, as it
 * may sleep, an RCU section. */
static inline void qsc_once_call(qsc_once *once, void (*run)(void *), void *arg)
{
    if (__builtin_expect(!qsc_once_done(once), 0))
        qsc_once_call_slow(once, run, arg);
}

/* Runs run(arg) unless some call has or is about to.
 * Returns whether it has run by now; false: another thread is running it.
 * Does not wait. Progress: wait-free, but for the function. Memory order: acquire when true, sees all that
 * the function did; none when false. Any thread, also inside of the function. Not inside of a signal handler.
 */
__attribute__((warn_unused_result)) static inline bool qsc_once_trycall(qsc_once *once, void (*run)(void *),
                                                                        void *arg)
{
    return qsc_once_done(once) || qsc_once_trycall_slow(once, run, arg);
}

/* Runs run(arg) unless some call has; gives up waiting for another thread that runs it at `deadline` or when
 * `cancel` is cancelled (NULL: never).
 * Returns 0, ETIMEDOUT or EINVAL as qsc_once_call_until; ECANCELED when it was cancelled. Otherwise as that.
 */
__attribute__((warn_unused_result)) static inline int
qsc_once_call_cancellable(qsc_once *once, void (*run)(void *), void *arg, const struct timespec *deadline,
                          const qsc_cancel *cancel)
{
    return qsc_once_done(once) ? 0 : qsc_once_call_cancellable_slow(once, run, arg, deadline, cancel);
}

/* Runs run(arg) unless some call has; gives up waiting for another thread that runs it at `deadline`
 * (absolute, CLOCK_MONOTONIC; NULL: never). A function that this call runs itself it does not interrupt.
 * Returns 0 when it has run; ETIMEDOUT when the deadline passed; EINVAL for a deadline with tv_sec < 0 or
 * tv_nsec outside 0..999999999, if it had to wait. Signals do not end the wait. Otherwise as qsc_once_call.
 */
__attribute__((warn_unused_result)) static inline int
qsc_once_call_until(qsc_once *once, void (*run)(void *), void *arg, const struct timespec *deadline)
{
    return qsc_once_call_cancellable(once, run, arg, deadline, NULL);
}

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_once_dump(const qsc_once *once, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
