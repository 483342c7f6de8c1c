#include <quiesce/concurrency/eventcount.h>

#include <errno.h>

#define NOTIFIED ((uint64_t)1 << 32)

_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "the epoch is used as a futex");

void qsc_eventcount_leave(struct qsc_eventcount *event)
{
    uint64_t seen = atomic_load_explicit(&event->threads, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&event->threads, &seen,
                                                  seen - (seen >= NOTIFIED ? NOTIFIED : 1),
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

int qsc_eventcount_wait(struct qsc_eventcount *event, uint32_t key, const struct timespec *deadline)
{
    int error = qsc_port_futex_wait((const uint32_t *)&event->epoch, key, deadline);
    qsc_eventcount_leave(event);
    return error == EAGAIN || error == EINTR ? 0 : error;
}

void qsc_eventcount_notify_slow(struct qsc_eventcount *event, uint32_t count)
{
    uint64_t seen = atomic_load_explicit(&event->threads, memory_order_relaxed), woken;
    do {
        uint32_t waiting = (uint32_t)seen;
        woken = waiting < count ? waiting : count;
        if (woken == 0)
            return;
    } while (!atomic_compare_exchange_weak_explicit(&event->threads, &seen, seen - woken + woken * NOTIFIED,
                                                    memory_order_relaxed, memory_order_relaxed));
    // release: pairs with the load in prepare
    atomic_fetch_add_explicit(&event->epoch, 1, memory_order_release);
    qsc_port_futex_wake((const uint32_t *)&event->epoch, woken < INT_MAX ? (int)woken : INT_MAX);
}
