/* condvar.c: `waiting` counts the threads between the unlock and the lock of a wait; `sequence` moves with
 * each signal that finds any, and is what they sleep on.
 *
 * Why no wake-up is lost, and no order but the mutex's is needed: a waiter counts itself and reads the
 * sequence while it holds the mutex and the condition is false. Who then makes the condition true has had the
 * mutex after it, so what the waiter did happens before the signal: it finds the waiter counted, and moves
 * the sequence beyond the value that the waiter has read. If the waiter sleeps by then, it is woken; if not
 * yet, the kernel finds the sequence moved and does not let it sleep. The wake-up may go to another thread
 * only if that sleeps longer, and then the waiter itself does not sleep. (After 2^32 signals between a
 * waiter's unlock and its falling asleep the sequence is where it was.)
 *
 * Who leaves takes itself from the count with the mutex held again, so those that are on their way still
 * count, and a signal meanwhile may be a system call for nobody. */
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/condvar.h>
#include <quiesce/concurrency/port.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

_Static_assert(sizeof(qsc_condvar) == 8, "promised by the header");
_Static_assert(sizeof(_Atomic uint32_t) == 4 && _Alignof(_Atomic uint32_t) == _Alignof(qsc_condvar),
               "the words are used as atomic objects");

static _Atomic uint32_t *sequence_of(qsc_condvar *condvar)
{
    return (_Atomic uint32_t *)&condvar->sequence;
}

static _Atomic uint32_t *waiting_of(qsc_condvar *condvar)
{
    return (_Atomic uint32_t *)&condvar->waiting;
}

int qsc_condvar_wait_cancellable(qsc_condvar *condvar, qsc_mutex *mutex, const struct timespec *deadline,
                                 const qsc_cancel *cancel)
{
    atomic_fetch_add_explicit(waiting_of(condvar), 1, memory_order_relaxed);
    uint32_t seen = atomic_load_explicit(sequence_of(condvar), memory_order_relaxed);
    qsc_mutex_unlock(mutex);
    int error = qsc_cancel_wait(&condvar->sequence, seen, deadline, cancel);
    qsc_mutex_lock(mutex);
    atomic_fetch_sub_explicit(waiting_of(condvar), 1, memory_order_relaxed);
    return qsc_port_wait_error(error);
}

int qsc_condvar_wait_until(qsc_condvar *condvar, qsc_mutex *mutex, const struct timespec *deadline)
{
    return qsc_condvar_wait_cancellable(condvar, mutex, deadline, NULL);
}

void qsc_condvar_wait(qsc_condvar *condvar, qsc_mutex *mutex)
{
    (void)!qsc_condvar_wait_cancellable(condvar, mutex, NULL, NULL); // there is nothing to give up for
}

static void wake(qsc_condvar *condvar, int count)
{
    if (atomic_load_explicit(waiting_of(condvar), memory_order_relaxed) == 0)
        return;
    atomic_fetch_add_explicit(sequence_of(condvar), 1, memory_order_relaxed);
    qsc_port_futex_wake(&condvar->sequence, count);
}

void qsc_condvar_signal(qsc_condvar *condvar)
{
    wake(condvar, 1);
}

void qsc_condvar_broadcast(qsc_condvar *condvar)
{
    wake(condvar, INT_MAX);
}

int qsc_condvar_dump(const qsc_condvar *condvar, char *text, size_t size)
{
    return snprintf(text, size, "%u waiting, %u signals that found any",
                    __atomic_load_n(&condvar->waiting, __ATOMIC_RELAXED),
                    __atomic_load_n(&condvar->sequence, __ATOMIC_RELAXED));
}
