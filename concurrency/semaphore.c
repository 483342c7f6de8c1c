/* semaphore.c: units and a line, in two words.
 *
 * state:  bit 0 HEAD    someone waits at the head of the line: a post owes it a wake-up
 *         bit 1 CLOSED  the head was woken in vain too often: newcomers may not take units
 *         the rest      the number of units
 * line:   a mutex. Its holder is the head of the line, the only thread that sleeps on `state`; all others who
 * have to wait, wait for the mutex. So a wake-up never goes to a thread that needs more than there is while
 * one that needs less sleeps on, and a post wakes one thread at most. Whoever got its units leaves the line
 * to the next, who looks for itself: no wake-up has to be passed on.
 *
 * No wake-up is lost: the head sets HEAD and then sleeps only while `state` is what it saw. A post before
 * that changes `state`, so the kernel lets nobody fall asleep; a post after it finds HEAD.
 *
 * Every change of `state` is a read-modify-write, so all of them continue the release sequences of the posts
 * before, and who takes units sees what every earlier poster did. A post's only access is its fetch_add. */
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/semaphore.h>

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#define HEAD 1U
#define CLOSED 2U
#define UNIT 4U

// A head woken in vain this often closes the semaphore; each time costs it some 10 us, all of them a few 100.
#define PATIENCE 16

_Static_assert(sizeof(qsc_semaphore) == 8, "promised by the header");
_Static_assert(sizeof(_Atomic uint32_t) == 4 && _Alignof(_Atomic uint32_t) == _Alignof(qsc_semaphore),
               "the state is used as an atomic object");

static _Atomic uint32_t *state_of(qsc_semaphore *semaphore)
{
    return (_Atomic uint32_t *)&semaphore->state;
}

void qsc_semaphore_post(qsc_semaphore *semaphore, uint32_t units)
{
    // release: pairs with the acquires in wait_as_head and qsc_semaphore_trywait. This is the last access to
    // the memory: the units are a waiter's from here on, and it may free the semaphore.
    uint32_t before = atomic_fetch_add_explicit(state_of(semaphore), units * UNIT, memory_order_release);
    assert(units <= QSC_SEMAPHORE_MAX - before / UNIT);
    if (before & HEAD)
        qsc_port_futex_wake(&semaphore->state, 1);
}

static bool may_take(uint32_t seen, uint32_t units)
{
    return !(seen & CLOSED) && seen / UNIT >= units;
}

bool qsc_semaphore_trywait(qsc_semaphore *semaphore, uint32_t units)
{
    assert(units <= QSC_SEMAPHORE_MAX);
    _Atomic uint32_t *state = state_of(semaphore);
    uint32_t seen = atomic_load_explicit(state, memory_order_relaxed);
    while (may_take(seen, units))
        // acquire: pairs with the release in qsc_semaphore_post
        if (atomic_compare_exchange_weak_explicit(state, &seen, seen - units * UNIT, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    return false;
}

// Waits for the units to be there, but not longer than lately paid off.
static void spin(qsc_semaphore *semaphore, uint32_t units)
{
    static _Thread_local unsigned limit = QSC_PORT_SPINS;
    bool ready = false;
    for (unsigned n = 0; !ready && n < limit; n++) {
        qsc_port_pause();
        ready = may_take(atomic_load_explicit(state_of(semaphore), memory_order_relaxed), units);
    }
    limit = qsc_port_next_limit(limit, ready);
}

// What the head of the line does: it sees to it that a post wakes it, and waits. Whether it has its units or
// gave up, the next head looks at the state itself.
static int wait_as_head(qsc_semaphore *semaphore, uint32_t units, const struct timespec *deadline,
                        const qsc_cancel *cancel)
{
    _Atomic uint32_t *state = state_of(semaphore);
    uint32_t seen = atomic_fetch_or_explicit(state, HEAD, memory_order_relaxed) | HEAD;
    unsigned woken = 0;
    for (int error = 0;;) {
        if (seen / UNIT >= units) {
            uint32_t next = (seen & ~(HEAD | CLOSED)) - units * UNIT;
            // acquire: pairs with the release in qsc_semaphore_post
            if (atomic_compare_exchange_weak_explicit(state, &seen, next, memory_order_acquire,
                                                      memory_order_relaxed))
                return 0;
            continue;
        }
        if (qsc_port_wait_error(error)) {
            (void)atomic_fetch_and_explicit(state, ~(HEAD | CLOSED), memory_order_relaxed);
            return error;
        }
        error = qsc_cancel_wait(&semaphore->state, seen, deadline, cancel);
        if (error == 0 && ++woken == PATIENCE)
            (void)atomic_fetch_or_explicit(state, CLOSED, memory_order_relaxed);
        seen = atomic_load_explicit(state, memory_order_relaxed);
    }
}

int qsc_semaphore_wait_cancellable(qsc_semaphore *semaphore, uint32_t units, const struct timespec *deadline,
                                   const qsc_cancel *cancel)
{
    if (qsc_semaphore_trywait(semaphore, units))
        return 0;
    spin(semaphore, units);
    if (qsc_semaphore_trywait(semaphore, units))
        return 0;
    int error = qsc_mutex_lock_cancellable(&semaphore->line, deadline, cancel);
    if (error)
        return error;
    error = wait_as_head(semaphore, units, deadline, cancel);
    qsc_mutex_unlock(&semaphore->line);
    return error;
}

int qsc_semaphore_wait_until(qsc_semaphore *semaphore, uint32_t units, const struct timespec *deadline)
{
    return qsc_semaphore_wait_cancellable(semaphore, units, deadline, NULL);
}

void qsc_semaphore_wait(qsc_semaphore *semaphore, uint32_t units)
{
    (void)!qsc_semaphore_wait_cancellable(semaphore, units, NULL, NULL); // there is nothing to give up for
}

int qsc_semaphore_dump(const qsc_semaphore *semaphore, char *text, size_t size)
{
    char line[100];
    (void)qsc_mutex_dump(&semaphore->line, line, sizeof line);
    uint32_t seen = __atomic_load_n(&semaphore->state, __ATOMIC_RELAXED);
    return snprintf(text, size, "%u units%s%s, line: %s", seen / UNIT,
                    seen & HEAD ? ", one waits at the head of the line" : "",
                    seen & CLOSED ? ", closed to newcomers" : "", line);
}
