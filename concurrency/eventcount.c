#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/eventcount.h>

#include <stdio.h>

#define NOTIFIED ((uint64_t)1 << 32)

_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "the epoch is used as a futex");

uint32_t qsc_eventcount_prepare(struct qsc_eventcount *event)
{
    // relaxed: kept in front by the release of the announcement
    uint32_t key = atomic_load_explicit(&event->epoch, memory_order_relaxed);
    // seq_cst: pairs with the load in notify and the compare-and-swap in notify_slow
    atomic_fetch_add_explicit(&event->threads, 1, memory_order_seq_cst);
    return key;
}

void qsc_eventcount_leave(struct qsc_eventcount *event)
{
    uint64_t seen = atomic_load_explicit(&event->threads, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&event->threads, &seen,
                                                  seen - (seen >= NOTIFIED ? NOTIFIED : 1),
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

int qsc_eventcount_wait_cancellable(struct qsc_eventcount *event, uint32_t key,
                                    const struct timespec *deadline, const qsc_cancel *cancel)
{
    int error = qsc_cancel_wait((const uint32_t *)&event->epoch, key, deadline, cancel);
    qsc_eventcount_leave(event);
    return qsc_port_wait_error(error);
}

void qsc_eventcount_notify_slow(struct qsc_eventcount *event, uint32_t count)
{
    uint64_t seen = atomic_load_explicit(&event->threads, memory_order_relaxed), woken;
    do {
        uint32_t waiting = (uint32_t)seen;
        woken = waiting < count ? waiting : count;
        if (woken == 0)
            return;
        // acquire: pairs with the announcement in prepare: the thread has read the epoch that we move
    } while (!atomic_compare_exchange_weak_explicit(&event->threads, &seen, seen - woken + woken * NOTIFIED,
                                                    memory_order_acquire, memory_order_relaxed));
    // relaxed: the kernel compares, and who does not sleep announces himself again before he looks
    atomic_fetch_add_explicit(&event->epoch, 1, memory_order_relaxed);
    qsc_port_futex_wake((const uint32_t *)&event->epoch, woken < INT_MAX ? (int)woken : INT_MAX);
}

int qsc_eventcount_dump(const struct qsc_eventcount *event, char *text, size_t size)
{
    uint64_t seen = atomic_load_explicit(&event->threads, memory_order_relaxed);
    return snprintf(text, size, "%u waiting, %u on their way", (unsigned)seen, (unsigned)(seen / NOTIFIED));
}
