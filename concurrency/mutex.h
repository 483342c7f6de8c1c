/* mutex.h: mutual exclusion in 4 bytes.
 *
 * For short sections that any number of threads enter. A waiter spins for a few microseconds, as long as
 * spinning helped lately, then sleeps in the kernel. An unlock wakes at most one sleeper and none while an
 * earlier one is still on its way. A running thread may overtake sleepers (that keeps short sections fast),
 * but a waiter that was woken in vain several times closes the lock to newcomers until it had its turn. An
 * unlock that is fair lets waiters go first at once (qsc_mutex_unlock_fair); no unlock becomes so by itself.
 *
 * All bytes zero is a valid, unlocked mutex; there is nothing to destroy. Its memory may be freed as soon as
 * the last thread to need it has locked it, even while another thread is still returning from unlock. Not
 * recursive, not shared between processes, not inherited across fork while another thread holds it. Not in
 * signal handlers. */
#ifndef QUIESCE_CONCURRENCY_MUTEX_H
#define QUIESCE_CONCURRENCY_MUTEX_H

#include <quiesce/concurrency/annotate.h>
#include <quiesce/concurrency/cancel.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t word; /* private; the layout stands in mutex.c */
} qsc_mutex;

/* clang-format off */
#define QSC_MUTEX_INIT {0}
/* clang-format on */

/* Private: the part of each call that is not in the header. */
void qsc_mutex_lock_slow(qsc_mutex *mutex);
bool qsc_mutex_trylock_slow(qsc_mutex *mutex);
__attribute__((warn_unused_result)) int
qsc_mutex_lock_cancellable_slow(qsc_mutex *mutex, const struct timespec *deadline, const qsc_cancel *cancel);
void qsc_mutex_unlock_slow(qsc_mutex *mutex);
void qsc_mutex_unlock_fair_slow(qsc_mutex *mutex);

/* The uncontended case, 0 to 1 (LOCKED). */
static inline bool qsc_mutex_lock_fast(qsc_mutex *mutex)
{
    uint32_t unlocked = 0;
    /* acquire: pairs with the releases in qsc_mutex_unlock, qsc_mutex_unlock_fair and mutex.c */
    return __atomic_compare_exchange_n(&mutex->word, &unlocked, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Locks the mutex.
 * Blocks. Progress: blocking; while others hold the mutex for bounded time a waiter is woken again and again,
 * and after some times in vain only other waiters can still overtake it. Memory order: acquire, sees all that
 * was done before every earlier unlock. Any thread that does not hold it already (it would wait for itself).
 * Not inside of a signal handler or, as it may sleep, an RCU section. */
static inline void qsc_mutex_lock(qsc_mutex *mutex)
{
    qsc_annotate_lock_begin(mutex, QSC_ANNOTATE_EXCLUSIVE);
    if (__builtin_expect(!qsc_mutex_lock_fast(mutex), 0))
        qsc_mutex_lock_slow(mutex);
    qsc_annotate_lock_end(mutex, QSC_ANNOTATE_EXCLUSIVE, 1);
}

/* Locks the mutex if nobody holds it and no long waiter has reserved it.
 * Returns whether the calling thread holds it now.
 * Does not block. Progress: lock-free. Memory order: acquire when true, none when false.
 * Any thread. Not inside of a signal handler. */
__attribute__((warn_unused_result)) static inline bool qsc_mutex_trylock(qsc_mutex *mutex)
{
    qsc_annotate_lock_begin(mutex, QSC_ANNOTATE_TRY);
    bool taken = qsc_mutex_lock_fast(mutex) || qsc_mutex_trylock_slow(mutex);
    qsc_annotate_lock_end(mutex, QSC_ANNOTATE_TRY, taken);
    return taken;
}

/* Locks the mutex, or gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never) or when `cancel` is
 * cancelled (NULL: never).
 * Returns 0; ECANCELED when it was cancelled (a mutex that is free is taken even then); otherwise as
 * qsc_mutex_lock_until. */
__attribute__((warn_unused_result)) static inline int
qsc_mutex_lock_cancellable(qsc_mutex *mutex, const struct timespec *deadline, const qsc_cancel *cancel)
{
    qsc_annotate_lock_begin(mutex, QSC_ANNOTATE_TRY);
    int error = qsc_mutex_lock_fast(mutex) ? 0 : qsc_mutex_lock_cancellable_slow(mutex, deadline, cancel);
    qsc_annotate_lock_end(mutex, QSC_ANNOTATE_TRY, error == 0);
    return error;
}

/* Locks the mutex, or gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never).
 * Returns 0; ETIMEDOUT when the deadline passed (a mutex that is free is taken even then); EINVAL for a
 * deadline with tv_sec < 0 or tv_nsec outside 0..999999999, if it had to wait. Signals do not end the wait.
 * Otherwise as qsc_mutex_lock. */
__attribute__((warn_unused_result)) static inline int qsc_mutex_lock_until(qsc_mutex *mutex,
                                                                           const struct timespec *deadline)
{
    return qsc_mutex_lock_cancellable(mutex, deadline, NULL);
}

/* Unlocks the mutex and wakes at most one waiter.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later lock.
 * The thread that holds it. Not inside of a signal handler. */
static inline void qsc_mutex_unlock(qsc_mutex *mutex)
{
    qsc_annotate_unlock_begin(mutex, QSC_ANNOTATE_EXCLUSIVE);
    /* release: pairs with the acquires in qsc_mutex_lock_fast and mutex.c. This is the last access to the
     * memory: whether to wake is in the sign (ASLEEP) of what it leaves, and the wake-up needs the address
     * only. */
    if (__builtin_expect((int32_t)__atomic_sub_fetch(&mutex->word, 1, __ATOMIC_RELEASE) < 0, 0))
        qsc_mutex_unlock_slow(mutex);
    qsc_annotate_unlock_end(mutex, QSC_ANNOTATE_EXCLUSIVE);
}

/* Unlocks the mutex and, if threads sleep for it, hands it over: neither the caller nor who comes after it,
 * by whatever door, gets it before one of those who wait has had it. They are woken in the order in which
 * they fell asleep. Nobody uses the mutex until one is awake, some 10 us: for threads that hold it most of
 * the time and are to take turns. Unlike after qsc_mutex_unlock the memory must stay until the call has
 * returned. Does not block. Progress: wait-free. Otherwise as qsc_mutex_unlock. */
static inline void qsc_mutex_unlock_fair(qsc_mutex *mutex)
{
    qsc_annotate_unlock_begin(mutex, QSC_ANNOTATE_EXCLUSIVE);
    uint32_t locked = 1;
    /* release: pairs with the acquires in qsc_mutex_lock_fast and mutex.c */
    if (__builtin_expect(
            !__atomic_compare_exchange_n(&mutex->word, &locked, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED),
            0))
        qsc_mutex_unlock_fair_slow(mutex);
    qsc_annotate_unlock_end(mutex, QSC_ANNOTATE_EXCLUSIVE);
}

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_mutex_dump(const qsc_mutex *mutex, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
