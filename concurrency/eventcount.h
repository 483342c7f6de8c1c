/* eventcount.h (internal): lets a thread sleep until a condition that other threads make true without a lock.
 *
 *     waiter    key = prepare(e);  if (condition) cancel(e);  else wait(e, key, deadline);   ... and look
 * again notifier  make the condition true by a seq_cst store or read-modify-write;  notify(e, count);
 *
 * No wake-up is lost if the waiter reads the condition with seq_cst too. In the total order of seq_cst
 * operations either the notifier's look at `waiters` comes after the waiter's increment, then it moves the
 * epoch, and the waiter, whose key is older or who reads a key that already orders it after the condition,
 * does not sleep on; or it comes before, then the condition was true before the waiter looked. Without a
 * waiter a notification is one load.
 *
 * A woken thread may find that another was faster. Whoever wakes one waiter where several wait must see to it
 * that the one passes the wake-up on when it leaves the rest of the work behind.
 *
 * All bytes zero is an eventcount without waiters. */
#ifndef QUIESCE_CONCURRENCY_EVENTCOUNT_H
#define QUIESCE_CONCURRENCY_EVENTCOUNT_H

#include <quiesce/concurrency/port.h>

#include <stdatomic.h>
#include <stdint.h>

struct qsc_eventcount {
    _Atomic uint32_t epoch; /* moves with every notification that finds a waiter; the futex */
    _Atomic uint32_t waiters;
};

/* Announces the caller as a waiter; cancel or wait must follow. Returns the key for wait. Wait-free. */
static inline uint32_t qsc_eventcount_prepare(struct qsc_eventcount *event)
{
    /* seq_cst: pairs with the load in notify */
    atomic_fetch_add_explicit(&event->waiters, 1, memory_order_seq_cst);
    /* acquire: pairs with the increment in notify_slow, so that a moved epoch shows the condition too */
    return atomic_load_explicit(&event->epoch, memory_order_acquire);
}

static inline void qsc_eventcount_cancel(struct qsc_eventcount *event)
{
    atomic_fetch_sub_explicit(&event->waiters, 1, memory_order_relaxed);
}

/* Sleeps until a notification since prepare, the absolute CLOCK_MONOTONIC deadline (NULL: none), or for no
 * reason. Returns 0 or ETIMEDOUT (or EINVAL for a deadline that is none). Blocks. */
int qsc_eventcount_wait(struct qsc_eventcount *event, uint32_t key, const struct timespec *deadline)
    __attribute__((warn_unused_result));

/* Wakes up to `count` waiters (INT_MAX: all). Does not block. */
void qsc_eventcount_notify_slow(struct qsc_eventcount *event, int count);
static inline void qsc_eventcount_notify(struct qsc_eventcount *event, int count)
{
    /* seq_cst: pairs with the increment in prepare */
    if (__builtin_expect(atomic_load_explicit(&event->waiters, memory_order_seq_cst) != 0, 0))
        qsc_eventcount_notify_slow(event, count);
}

#endif
