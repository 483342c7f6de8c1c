/* rwlock.c: a phase-fair reader-writer lock that sleeps.
 *
 * arrivals:    bit 0 WRITER  a writer holds the lock or waits for the readers before it to leave
 *              bit 1 PHASE   changes when a writer ends
 *              the rest      how many readers have come
 * departures:  how many of them have left, in the same units
 *
 * A reader adds itself to arrivals, and that one access also tells it whether a writer came before. If so it
 * is admitted as soon as PHASE differs from what it saw. The next writer cannot change PHASE a second time
 * before this reader leaves, for the reader is already counted among those whom that writer waits for: one
 * bit is enough. A writer owns the mutex `writers`, sets WRITER, and waits until as many readers have left as
 * had come. Only the difference of the two counters means anything; both wrap around. */
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/rwlock.h>

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#define WRITER 1U
#define PHASE 2U
#define READER 4U
#define READERS (~3U)

_Static_assert(sizeof(qsc_rwlock) == 12, "promised by the header");

static _Atomic uint32_t *arrivals_of(qsc_rwlock *lock)
{
    return (_Atomic uint32_t *)&lock->arrivals;
}

static _Atomic uint32_t *departures_of(qsc_rwlock *lock)
{
    return (_Atomic uint32_t *)&lock->departures;
}

static bool waits_no_longer(int error)
{
    return error != 0 && error != EAGAIN && error != EINTR;
}

// A reader that met a writer: until that writer's phase is over.
static int await_phase_end(qsc_rwlock *lock, uint32_t phase, const struct timespec *deadline)
{
    _Atomic uint32_t *arrivals = arrivals_of(lock);
    int error = 0;
    uint32_t seen;
    for (unsigned n = 0;; n++) {
        // acquire: pairs with the release in end_phase
        seen = atomic_load_explicit(arrivals, memory_order_acquire);
        if ((seen & PHASE) != phase)
            return 0;
        if (n < QSC_PORT_SPINS) {
            qsc_port_pause();
            continue;
        }
        if (waits_no_longer(error))
            break;
        error = qsc_port_futex_wait(&lock->arrivals, seen, deadline);
    }
    // Not admitted yet, so no writer counts on this reader's departure: it may undo its arrival.
    // acquire, for the failure: pairs with the release in end_phase
    while (!atomic_compare_exchange_weak_explicit(arrivals, &seen, seen - READER, memory_order_acquire,
                                                  memory_order_acquire))
        if ((seen & PHASE) != phase)
            return 0;
    return error;
}

// A writer that met readers: until the last of the `before` that came has left. The counters are set back so
// that the departure that makes zero is the last one: it alone wakes the writer, and touches the lock no
// more.
static int await_departures(qsc_rwlock *lock, uint32_t before, const struct timespec *deadline)
{
    _Atomic uint32_t *departures = departures_of(lock);
    for (unsigned n = 0; n < QSC_PORT_SPINS; n++) {
        // acquire: pairs with the release in qsc_rwlock_read_unlock
        if (atomic_load_explicit(departures, memory_order_acquire) == before)
            return 0;
        qsc_port_pause();
    }
    (void)atomic_fetch_sub_explicit(arrivals_of(lock), before, memory_order_relaxed);
    (void)atomic_fetch_sub_explicit(departures, before, memory_order_relaxed);
    for (int error = 0;;) {
        // acquire: pairs with the release in qsc_rwlock_read_unlock
        uint32_t left = atomic_load_explicit(departures, memory_order_acquire);
        if (left == 0)
            return 0;
        if (waits_no_longer(error))
            return error;
        error = qsc_port_futex_wait(&lock->departures, left, deadline);
    }
}

// Clears WRITER and changes PHASE: all readers that wait are admitted at once.
static void end_phase(qsc_rwlock *lock)
{
    _Atomic uint32_t *arrivals = arrivals_of(lock);
    // Before the phase ends: from then on, those it admits depart.
    uint32_t departed = atomic_load_explicit(departures_of(lock), memory_order_relaxed);
    bool odd = atomic_load_explicit(arrivals, memory_order_relaxed) & PHASE;
    uint32_t next_phase = odd ? 0U - PHASE - WRITER : PHASE - WRITER;
    // release: pairs with the acquires in await_phase_end and of the readers that come later
    uint32_t arrived = atomic_fetch_add_explicit(arrivals, next_phase, memory_order_release);
    if ((arrived & READERS) != departed)
        qsc_port_futex_wake(&lock->arrivals, INT_MAX);
}

static int read_lock(qsc_rwlock *lock, const struct timespec *deadline)
{
    // acquire: pairs with the release in end_phase
    uint32_t arrived = atomic_fetch_add_explicit(arrivals_of(lock), READER, memory_order_acquire);
    return arrived & WRITER ? await_phase_end(lock, arrived & PHASE, deadline) : 0;
}

static int write_lock(qsc_rwlock *lock, const struct timespec *deadline)
{
    int error = qsc_mutex_lock_until(&lock->writers, deadline);
    if (error)
        return error;
    uint32_t before = atomic_fetch_add_explicit(arrivals_of(lock), WRITER, memory_order_relaxed) & READERS;
    // acquire: pairs with the release in qsc_rwlock_read_unlock
    if (atomic_load_explicit(departures_of(lock), memory_order_acquire) == before)
        return 0;
    error = await_departures(lock, before, deadline);
    if (error) {
        end_phase(lock);
        qsc_mutex_unlock(&lock->writers);
    }
    return error;
}

void qsc_rwlock_read_lock(qsc_rwlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED);
    (void)read_lock(lock, NULL); // without a deadline there is nothing to give up for
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED, 1);
}

bool qsc_rwlock_read_trylock(qsc_rwlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY);
    _Atomic uint32_t *arrivals = arrivals_of(lock);
    uint32_t seen = atomic_load_explicit(arrivals, memory_order_relaxed);
    bool taken = false;
    while (!taken && !(seen & WRITER))
        // acquire: pairs with the release in end_phase
        taken = atomic_compare_exchange_weak_explicit(arrivals, &seen, seen + READER, memory_order_acquire,
                                                      memory_order_relaxed);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY, taken);
    return taken;
}

int qsc_rwlock_read_lock_until(qsc_rwlock *lock, const struct timespec *deadline)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY);
    int error = read_lock(lock, deadline);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY, error == 0);
    return error;
}

void qsc_rwlock_read_unlock(qsc_rwlock *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_SHARED);
    // release: pairs with the acquire loads of departures in write_lock, qsc_rwlock_write_trylock,
    // await_departures
    if (atomic_fetch_add_explicit(departures_of(lock), READER, memory_order_release) + READER == 0)
        qsc_port_futex_wake(&lock->departures, 1);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_SHARED);
}

void qsc_rwlock_write_lock(qsc_rwlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    (void)write_lock(lock, NULL); // without a deadline there is nothing to give up for
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE, 1);
}

bool qsc_rwlock_write_trylock(qsc_rwlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY);
    bool taken = qsc_mutex_trylock(&lock->writers);
    if (taken) {
        uint32_t seen = atomic_load_explicit(arrivals_of(lock), memory_order_relaxed);
        // acquire: pairs with the release in qsc_rwlock_read_unlock
        uint32_t departed = atomic_load_explicit(departures_of(lock), memory_order_acquire);
        taken = (seen & READERS) == departed &&
                atomic_compare_exchange_strong_explicit(arrivals_of(lock), &seen, seen + WRITER,
                                                        memory_order_relaxed, memory_order_relaxed);
        if (!taken)
            qsc_mutex_unlock(&lock->writers);
    }
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY, taken);
    return taken;
}

int qsc_rwlock_write_lock_until(qsc_rwlock *lock, const struct timespec *deadline)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY);
    int error = write_lock(lock, deadline);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY, error == 0);
    return error;
}

void qsc_rwlock_write_unlock(qsc_rwlock *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    end_phase(lock);
    qsc_mutex_unlock(&lock->writers);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
}
