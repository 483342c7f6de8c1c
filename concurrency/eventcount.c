#include <quiesce/concurrency/eventcount.h>

#include <errno.h>

_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "the epoch is used as a futex");

int qsc_eventcount_wait(struct qsc_eventcount *event, uint32_t key, const struct timespec *deadline)
{
    int error = qsc_port_futex_wait((const uint32_t *)&event->epoch, key, deadline);
    qsc_eventcount_cancel(event);
    return error == EAGAIN || error == EINTR ? 0 : error;
}

void qsc_eventcount_notify_slow(struct qsc_eventcount *event, int count)
{
    // release: pairs with the load in prepare
    atomic_fetch_add_explicit(&event->epoch, 1, memory_order_release);
    qsc_port_futex_wake((const uint32_t *)&event->epoch, count);
}
