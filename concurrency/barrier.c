/* barrier.c: everything that changes stands in one word:
 *
 *   bits 0-14   how many threads have come to this round
 *   bits 15-29  how many of the last round have not left yet
 *   bit 30      PHASE   turns over when a round is complete; what waiters wait for
 *   bit 31      ASLEEP  someone of this round may be asleep
 *
 * The last to come completes the round by one change: nobody has come, all are to leave. The next round
 * cannot be complete before all have left this one, for they must come first; so two rounds never mix, and
 * PHASE needs one bit. Every change of the word is a read-modify-write, so all of them continue the release
 * sequences of those who came and left before; each thread acquires them where it leaves. */
#include <quiesce/concurrency/barrier.h>
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/port.h>

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#define COME 1U
#define HAVE_COME 0x7fffU
#define LEAVER 0x8000U
#define LEAVERS 0x3fff8000U
#define PHASE 0x40000000U
#define ASLEEP 0x80000000U

_Static_assert(sizeof(qsc_barrier) == 8, "promised by the header");
_Static_assert(sizeof(_Atomic uint32_t) == 4 && _Alignof(_Atomic uint32_t) == _Alignof(qsc_barrier),
               "the state is used as an atomic object");

static _Atomic uint32_t *state_of(qsc_barrier *barrier)
{
    return (_Atomic uint32_t *)&barrier->state;
}

static uint32_t look(qsc_barrier *barrier)
{
    return atomic_load_explicit(state_of(barrier), memory_order_relaxed);
}

static bool is_last_to_come(const qsc_barrier *barrier, uint32_t seen)
{
    return (seen & HAVE_COME) + COME >= barrier->parties;
}

// Comes to the barrier, and completes the round if all others have. `seen` is what it last saw, and becomes
// what it found. Returns false, and nothing happened, if it must be the last and is not.
static bool come(qsc_barrier *barrier, uint32_t *seen, bool must_be_last)
{
    uint32_t all = barrier->parties ? barrier->parties : 1, next;
    assert(all <= QSC_BARRIER_MAX);
    do {
        if (is_last_to_come(barrier, *seen))
            next = ((*seen & PHASE) ^ PHASE) + all * LEAVER;
        else if (must_be_last)
            return false;
        else
            next = *seen + COME;
        // release: pairs with the acquire in leave
    } while (!atomic_compare_exchange_weak_explicit(state_of(barrier), seen, next, memory_order_release,
                                                    memory_order_relaxed));
    if (is_last_to_come(barrier, *seen) && (*seen & ASLEEP))
        qsc_port_futex_wake(&barrier->state, INT_MAX);
    return true;
}

// Returns whether all others have left.
static bool leave(qsc_barrier *barrier)
{
    // acq_rel: pairs with the release in come and, for the last, with this release of those who left before.
    // The last access to the memory, unless this is the last.
    uint32_t before = atomic_fetch_sub_explicit(state_of(barrier), LEAVER, memory_order_acq_rel);
    return (before & LEAVERS) == LEAVER;
}

// Waits for the round that was incomplete in `seen` to be complete, but not longer than lately paid off.
// Returns the last value seen.
static uint32_t spin(qsc_barrier *barrier, uint32_t seen)
{
    static _Thread_local unsigned limit = QSC_PORT_SPINS;
    uint32_t phase = seen & PHASE;
    for (unsigned n = 0; (seen & PHASE) == phase && n < limit; n++) {
        qsc_port_pause();
        seen = look(barrier);
    }
    limit = qsc_port_next_limit(limit, (seen & PHASE) != phase);
    return seen;
}

// The deadline passed, or the wait is cancelled: as if it had not come, unless the round is complete by now.
static int go_back(qsc_barrier *barrier, uint32_t seen, int error)
{
    uint32_t phase = seen & PHASE;
    while ((seen & PHASE) == phase)
        if (atomic_compare_exchange_weak_explicit(state_of(barrier), &seen, seen - COME, memory_order_relaxed,
                                                  memory_order_relaxed))
            return error;
    return 0;
}

// Waits for the round that was incomplete in `seen`.
static int wait_for_others(qsc_barrier *barrier, uint32_t seen, const struct timespec *deadline,
                           const qsc_cancel *cancel)
{
    uint32_t phase = seen & PHASE;
    for (seen = spin(barrier, seen); (seen & PHASE) == phase; seen = look(barrier)) {
        uint32_t asleep = seen | ASLEEP;
        if (seen != asleep &&
            !atomic_compare_exchange_strong_explicit(state_of(barrier), &seen, asleep, memory_order_relaxed,
                                                     memory_order_relaxed))
            continue;
        int error = qsc_cancel_wait(&barrier->state, asleep, deadline, cancel);
        if (qsc_port_wait_error(error))
            return go_back(barrier, asleep, error);
    }
    return 0;
}

int qsc_barrier_wait_cancellable(qsc_barrier *barrier, const struct timespec *deadline,
                                 const qsc_cancel *cancel, bool *last)
{
    uint32_t seen = look(barrier);
    (void)come(barrier, &seen, false);
    int error = is_last_to_come(barrier, seen) ? 0 : wait_for_others(barrier, seen, deadline, cancel);
    if (!error)
        *last = leave(barrier);
    return error;
}

int qsc_barrier_wait_until(qsc_barrier *barrier, const struct timespec *deadline, bool *last)
{
    return qsc_barrier_wait_cancellable(barrier, deadline, NULL, last);
}

bool qsc_barrier_wait(qsc_barrier *barrier)
{
    bool last = false;
    (void)!qsc_barrier_wait_cancellable(barrier, NULL, NULL, &last); // there is nothing to give up for
    return last;
}

bool qsc_barrier_trywait(qsc_barrier *barrier, bool *last)
{
    uint32_t seen = look(barrier);
    if (!come(barrier, &seen, true))
        return false;
    *last = leave(barrier);
    return true;
}

int qsc_barrier_dump(const qsc_barrier *barrier, char *text, size_t size)
{
    uint32_t seen = __atomic_load_n(&barrier->state, __ATOMIC_RELAXED);
    return snprintf(text, size, "%u of %u have come, %u of the last round have not left%s", seen & HAVE_COME,
                    barrier->parties, (seen & LEAVERS) / LEAVER,
                    seen & ASLEEP ? ", someone may be asleep" : "");
}
