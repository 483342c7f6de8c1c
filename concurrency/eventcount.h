/* eventcount.h (internal): lets a thread sleep until a condition that other threads make true without a lock.
 *
 *     waiter    key = prepare(e);  if (condition) leave(e);  else wait(e, key, deadline);   ... and look
 * again notifier  make the condition true by a seq_cst store or read-modify-write;  notify(e, count);
 *
 * No wake-up is lost if the waiter reads the condition with seq_cst too. In the total order of seq_cst
 * operations the notifier's look at `threads` comes either after the waiter's announcement, then it moves the
 * epoch, which the waiter has read before and on which it therefore does not sleep; or before it, then the
 * condition was true when the waiter looked.
 *
 * A notification counts as many waiters as notified as it wakes. So the next one goes to another thread;
 * those that come while the notified are on their way make no system call; and with nobody waiting it is one
 * load. The counts say how many, not who: a thread that leaves takes away one notified if there is any, else
 * one waiting. There are never fewer waiting than will stay asleep: a notification takes away as many of
 * both, or leaves nobody asleep, because whoever has announced himself before it and sleeps after it finds
 * the epoch moved (were the key read after the announcement, he could be counted as notified and yet fall
 * asleep); and a thread that leaves takes from the waiting only when nobody is notified, and then all are
 * counted there, he too.
 *
 * A woken thread may find that another was faster, and one that leaves may take away the count of a wake-up
 * that was meant for others. Where several wait for the same and one is woken, who leaves must wake the next
 * if there is more.
 *
 * All bytes zero is an eventcount without waiters. */
#ifndef QUIESCE_CONCURRENCY_EVENTCOUNT_H
#define QUIESCE_CONCURRENCY_EVENTCOUNT_H

#include <quiesce/concurrency/cancel.h>
#include <quiesce/concurrency/port.h>

#include <stdatomic.h>
#include <stdint.h>

struct qsc_eventcount {
    _Atomic uint64_t threads; /* bits 0-31: waiting; bits 32-63: notified and not yet gone */
    _Atomic uint32_t epoch;   /* moves with every notification that finds a waiter; the futex */
};

/* Announces the caller as a waiter; leave or wait must follow. Returns the key for wait. Wait-free. */
uint32_t qsc_eventcount_prepare(struct qsc_eventcount *event);

/* Ends the announcement without sleep. Lock-free. */
void qsc_eventcount_leave(struct qsc_eventcount *event);

/* Sleeps until a notification since prepare, the absolute CLOCK_MONOTONIC deadline or the token's
 * cancellation (NULL: none), or for no reason, and ends the announcement. Returns 0, ETIMEDOUT, ECANCELED, or
 * EINVAL for a deadline that is none. Blocks. */
int qsc_eventcount_wait_cancellable(struct qsc_eventcount *event, uint32_t key,
                                    const struct timespec *deadline, const qsc_cancel *cancel)
    __attribute__((warn_unused_result));

/* Wakes up to `count` waiters (UINT32_MAX: all). Does not block. */
void qsc_eventcount_notify_slow(struct qsc_eventcount *event, uint32_t count);
static inline void qsc_eventcount_notify(struct qsc_eventcount *event, uint32_t count)
{
    /* seq_cst: pairs with the increment in prepare */
    if (__builtin_expect((uint32_t)atomic_load_explicit(&event->threads, memory_order_seq_cst) != 0, 0))
        qsc_eventcount_notify_slow(event, count);
}

/* Writes the state in words, as qsc_mutex_dump. */
int qsc_eventcount_dump(const struct qsc_eventcount *event, char *text, size_t size);

#endif
