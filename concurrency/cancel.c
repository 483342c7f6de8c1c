/* cancel.c: a wait sleeps on the object's word and on the state of each token up to the root, as long as none
 * of them is cancelled: the kernel compares them as it falls asleep, so no request is missed. The object's
 * word stands last: who is woken by it and by a token learns of the object (port.h), so a wake-up that others
 * could have had is never lost behind a cancellation. */
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/port.h>

#include <stddef.h>

enum { WAITING, REQUESTED };

// How often a wait looks at its tokens where it cannot sleep on them.
#define SLICE_NS 4000000

void qsc_cancel_request(qsc_cancel *cancel)
{
    // release: pairs with the acquire in qsc_cancel_requested. This is the last access to the memory.
    __atomic_store_n(&cancel->state, REQUESTED, __ATOMIC_RELEASE);
    qsc_port_futex_wake(&cancel->state, INT_MAX);
}

bool qsc_cancel_requested(const qsc_cancel *cancel)
{
    for (; cancel; cancel = cancel->parent)
        // acquire: pairs with the release in qsc_cancel_request
        if (__atomic_load_n(&cancel->state, __ATOMIC_ACQUIRE) == REQUESTED)
            return true;
    return false;
}

static struct timespec end_of_slice(void)
{
    struct timespec end = qsc_port_now();
    end.tv_nsec += SLICE_NS;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    return end;
}

// A deadline that is none is not after anything: the kernel is to refuse it.
static bool is_after(const struct timespec *deadline, struct timespec end)
{
    return !deadline || ((unsigned long)deadline->tv_nsec < 1000000000 &&
                         (deadline->tv_sec > end.tv_sec ||
                          (deadline->tv_sec == end.tv_sec && deadline->tv_nsec > end.tv_nsec)));
}

static int wait_in_slices(const uint32_t *word, uint32_t expected, const struct timespec *deadline,
                          const qsc_cancel *cancel)
{
    while (!qsc_cancel_requested(cancel)) {
        struct timespec end = end_of_slice();
        bool more = is_after(deadline, end);
        int error = qsc_port_futex_wait(word, expected, more ? &end : deadline);
        if (error != ETIMEDOUT || !more)
            return error;
    }
    return ECANCELED;
}

int qsc_cancel_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline,
                    const qsc_cancel *cancel)
{
    if (!cancel)
        return qsc_port_futex_wait(word, expected, deadline);
    struct qsc_port_futex futexes[QSC_PORT_FUTEXES];
    const qsc_cancel *token = cancel;
    unsigned tokens = 0;
    for (; token && tokens < QSC_PORT_FUTEXES - 1; token = token->parent)
        futexes[tokens++] = qsc_port_futex_on(&token->state, WAITING);
    futexes[tokens] = qsc_port_futex_on(word, expected);
    int error = token ? ENOSYS : qsc_port_futex_wait_any(futexes, tokens + 1, deadline);
    if (error == ENOSYS || error == EPERM)
        return wait_in_slices(word, expected, deadline, cancel);
    return error == EAGAIN && qsc_cancel_requested(cancel) ? ECANCELED : error;
}
