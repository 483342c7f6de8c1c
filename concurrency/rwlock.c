/* rwlock.c: a reader-writer lock that sleeps, in two words.
 *
 * state:  bit 0 WRITER  a writer is inside
 *         bit 1 HEAD    someone waits at the head of the line: newcomers may not enter
 *         the rest      how many readers are inside
 * line:   a mutex. Its holder is the head of the line, who alone waits for `state` to let it in; all others
 * who have to wait, wait for the mutex. Whoever got in leaves the line to the next.
 *
 * A reader adds itself at once and takes itself away again when it finds the lock closed, so the readers
 * inside may seem to be more than they are for a moment; whoever brings their number to zero wakes the head.
 * Every change of `state` is a read-modify-write, so all of them continue the release sequences of the
 * unlocks, and an unlock changes it once and then needs no more than its address. */
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/contended.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/rwlock.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#define WRITER 1U
#define HEAD 2U
#define READER 4U
#define READERS (~3U)

_Static_assert(sizeof(qsc_rwlock) == 8, "promised by the header");
_Static_assert(sizeof(_Atomic uint32_t) == 4 && _Alignof(_Atomic uint32_t) == _Alignof(qsc_rwlock),
               "the state is used as an atomic object");

static _Atomic uint32_t *state_of(qsc_rwlock *lock)
{
    return (_Atomic uint32_t *)&lock->state;
}

// The slow path of both modes: stand in line, then wait until no bit of `closed` is set, and add `self`.
static int wait_in_line(qsc_rwlock *lock, uint32_t closed, uint32_t self, const struct timespec *deadline,
                        const qsc_cancel *cancel)
{
    _Atomic uint32_t *state = state_of(lock);
    int error = qsc_mutex_lock_cancellable(&lock->line, deadline, cancel);
    if (error)
        return error;
    uint32_t seen = atomic_fetch_or_explicit(state, HEAD, memory_order_relaxed) | HEAD;
    for (unsigned n = 0;;) {
        if (!(seen & closed)) {
            // acquire: pairs with the releases in leave, qsc_rwlock_write_unlock and qsc_rwlock_downgrade
            if (atomic_compare_exchange_weak_explicit(state, &seen, (seen & ~HEAD) + self,
                                                      memory_order_acquire, memory_order_relaxed)) {
                error = 0;
                break;
            }
            continue;
        }
        if (qsc_port_wait_error(error)) {
            (void)atomic_fetch_and_explicit(state, ~HEAD, memory_order_relaxed);
            break;
        }
        if (n < QSC_PORT_SPINS) {
            n++;
            qsc_port_pause();
        } else {
            error = qsc_cancel_wait(&lock->state, seen, deadline, cancel);
        }
        seen = atomic_load_explicit(state, memory_order_relaxed);
    }
    qsc_mutex_unlock(&lock->line);
    return error;
}

static int wait_contended(qsc_rwlock *lock, uint32_t closed, uint32_t self, const struct timespec *deadline,
                          const qsc_cancel *cancel)
{
    uint64_t since = qsc_contended_begin(lock);
    int error = wait_in_line(lock, closed, self, deadline, cancel);
    qsc_contended_end(lock, since, error);
    return error;
}

// Takes a reader away, whether it was inside or only came in vain.
static void leave(qsc_rwlock *lock)
{
    // release: pairs with the acquires in wait_in_line and write_lock_fast
    if (atomic_fetch_sub_explicit(state_of(lock), READER, memory_order_release) == READER + HEAD)
        qsc_port_futex_wake(&lock->state, 1);
}

static int read_lock(qsc_rwlock *lock, const struct timespec *deadline, const qsc_cancel *cancel)
{
    // acquire: pairs with the releases in qsc_rwlock_write_unlock and qsc_rwlock_downgrade
    uint32_t seen = atomic_fetch_add_explicit(state_of(lock), READER, memory_order_acquire);
    if (!(seen & (WRITER | HEAD)))
        return 0;
    leave(lock);
    return wait_contended(lock, WRITER, READER, deadline, cancel);
}

static bool write_lock_fast(qsc_rwlock *lock)
{
    uint32_t unlocked = 0;
    // acquire: pairs with the releases in leave and qsc_rwlock_write_unlock
    return atomic_compare_exchange_strong_explicit(state_of(lock), &unlocked, WRITER, memory_order_acquire,
                                                   memory_order_relaxed);
}

static int write_lock(qsc_rwlock *lock, const struct timespec *deadline, const qsc_cancel *cancel)
{
    return write_lock_fast(lock) ? 0 : wait_contended(lock, WRITER | READERS, WRITER, deadline, cancel);
}

void qsc_rwlock_read_lock(qsc_rwlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED);
    (void)read_lock(lock, NULL, NULL); // there is nothing to give up for
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED, 1);
}

bool qsc_rwlock_read_trylock(qsc_rwlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY);
    _Atomic uint32_t *state = state_of(lock);
    uint32_t seen = atomic_load_explicit(state, memory_order_relaxed);
    bool taken = false;
    while (!taken && !(seen & (WRITER | HEAD)))
        // acquire: pairs with the releases in qsc_rwlock_write_unlock and qsc_rwlock_downgrade
        taken = atomic_compare_exchange_weak_explicit(state, &seen, seen + READER, memory_order_acquire,
                                                      memory_order_relaxed);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY, taken);
    return taken;
}

int qsc_rwlock_read_lock_cancellable(qsc_rwlock *lock, const struct timespec *deadline,
                                     const qsc_cancel *cancel)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY);
    int error = read_lock(lock, deadline, cancel);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY, error == 0);
    return error;
}

int qsc_rwlock_read_lock_until(qsc_rwlock *lock, const struct timespec *deadline)
{
    return qsc_rwlock_read_lock_cancellable(lock, deadline, NULL);
}

void qsc_rwlock_read_unlock(qsc_rwlock *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_SHARED);
    leave(lock);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_SHARED);
}

void qsc_rwlock_write_lock(qsc_rwlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    (void)write_lock(lock, NULL, NULL); // there is nothing to give up for
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE, 1);
}

bool qsc_rwlock_write_trylock(qsc_rwlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY);
    bool taken = write_lock_fast(lock);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY, taken);
    return taken;
}

int qsc_rwlock_write_lock_cancellable(qsc_rwlock *lock, const struct timespec *deadline,
                                      const qsc_cancel *cancel)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY);
    int error = write_lock(lock, deadline, cancel);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY, error == 0);
    return error;
}

int qsc_rwlock_write_lock_until(qsc_rwlock *lock, const struct timespec *deadline)
{
    return qsc_rwlock_write_lock_cancellable(lock, deadline, NULL);
}

void qsc_rwlock_write_unlock(qsc_rwlock *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    // release: pairs with the acquires in wait_in_line, read_lock, qsc_rwlock_read_trylock and
    // write_lock_fast
    if (atomic_fetch_sub_explicit(state_of(lock), WRITER, memory_order_release) & HEAD)
        qsc_port_futex_wake(&lock->state, 1);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
}

void qsc_rwlock_downgrade(qsc_rwlock *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    // release: pairs with the acquires in wait_in_line, read_lock and qsc_rwlock_read_trylock
    if (atomic_fetch_add_explicit(state_of(lock), READER - WRITER, memory_order_release) & HEAD)
        qsc_port_futex_wake(&lock->state, 1);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY, 1);
}

int qsc_rwlock_dump(const qsc_rwlock *lock, char *text, size_t size)
{
    char line[100];
    (void)qsc_mutex_dump(&lock->line, line, sizeof line);
    uint32_t seen = __atomic_load_n(&lock->state, __ATOMIC_RELAXED);
    return snprintf(text, size, "%s writer and %u readers inside%s, line: %s", seen & WRITER ? "a" : "no",
                    seen / READER, seen & HEAD ? ", one waits at the head of the line" : "", line);
}
