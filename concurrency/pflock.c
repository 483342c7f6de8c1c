/* pflock.c: a phase-fair reader-writer lock, in four words.
 *
 * readers_in:   bit 0 WRITER  a writer is inside, or waits for the readers that came before it
 *               bit 1 PHASE   changes with each writer
 *               the rest      how many readers ever came
 * readers_out:  how many of them went, in the same unit
 * next_writer, serving_writer: the writers' line, a ticket lock
 *
 * A reader counts itself and sees in the same step whether there is a writer. If there is, it waits until the
 * two bits are not those that it saw: that writer has gone then, and the next one, if there is one already,
 * has the other phase. That next writer waits for all readers counted before it set its bits, among them who
 * waited for its predecessor; so a reader waits for one writer. */
#include <quiesce/concurrency/annotate.h>
#include <quiesce/concurrency/contended.h>
#include <quiesce/concurrency/pflock.h>
#include <quiesce/concurrency/port.h>

#include <stdio.h>

#define WRITER 1U
#define PHASE 2U
#define READER 4U
#define READERS (~3U)

static void wait_for_writer(qsc_pflock *lock, uint32_t phase)
{
    uint64_t since = qsc_contended_begin(lock);
    unsigned spent = 0;
    // acquire: pairs with the release in let_go
    while ((__atomic_load_n(&lock->readers_in, __ATOMIC_ACQUIRE) & (WRITER | PHASE)) == phase)
        qsc_port_turn(&spent, 1);
    qsc_contended_end(lock, since, 0);
}

void qsc_pflock_read_lock(qsc_pflock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED);
    // acquire: pairs with the release in let_go
    uint32_t seen = __atomic_fetch_add(&lock->readers_in, READER, __ATOMIC_ACQUIRE);
    if (seen & WRITER)
        wait_for_writer(lock, seen & (WRITER | PHASE));
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED, 1);
}

bool qsc_pflock_read_trylock(qsc_pflock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY);
    uint32_t seen = __atomic_load_n(&lock->readers_in, __ATOMIC_RELAXED);
    bool taken = false;
    while (!taken && !(seen & WRITER))
        // acquire: pairs with the release in let_go
        taken = __atomic_compare_exchange_n(&lock->readers_in, &seen, seen + READER, true, __ATOMIC_ACQUIRE,
                                            __ATOMIC_RELAXED);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY, taken);
    return taken;
}

void qsc_pflock_read_unlock(qsc_pflock *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_SHARED);
    // release: pairs with the acquire in readers_left
    (void)__atomic_fetch_add(&lock->readers_out, READER, __ATOMIC_RELEASE);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_SHARED);
}

// Whether it is the turn of the writer with this ticket.
static bool is_served(qsc_pflock *lock, uint32_t ticket)
{
    // acquire: pairs with the release in serve_next
    return __atomic_load_n(&lock->serving_writer, __ATOMIC_ACQUIRE) == ticket;
}

static void serve_next(qsc_pflock *lock)
{
    uint32_t ticket = __atomic_load_n(&lock->serving_writer, __ATOMIC_RELAXED); // its own
    // release: pairs with the acquire in is_served
    __atomic_store_n(&lock->serving_writer, ticket + 1, __ATOMIC_RELEASE);
}

// Whether so many readers have come and gone.
static bool readers_left(qsc_pflock *lock, uint32_t came)
{
    // acquire: pairs with the release in qsc_pflock_read_unlock
    return __atomic_load_n(&lock->readers_out, __ATOMIC_ACQUIRE) == came;
}

static void wait_as_writer(qsc_pflock *lock)
{
    uint64_t since = qsc_contended_begin(lock);
    unsigned spent = 0;
    uint32_t ticket = __atomic_fetch_add(&lock->next_writer, 1, __ATOMIC_RELAXED);
    while (!is_served(lock, ticket))
        qsc_port_turn(&spent, 1);
    uint32_t came = __atomic_fetch_xor(&lock->readers_in, WRITER | PHASE, __ATOMIC_RELAXED) & READERS;
    while (!readers_left(lock, came))
        qsc_port_turn(&spent, 1);
    qsc_contended_end(lock, since, 0);
}

// Takes the writers' turn, then the lock if no reader is inside or comes in between: none shall have to wait
// for a writer that does not get in.
static bool take_if_free(qsc_pflock *lock)
{
    uint32_t ticket = __atomic_load_n(&lock->next_writer, __ATOMIC_RELAXED);
    if (!is_served(lock, ticket) || !__atomic_compare_exchange_n(&lock->next_writer, &ticket, ticket + 1,
                                                                 false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return false;
    uint32_t seen = __atomic_load_n(&lock->readers_in, __ATOMIC_RELAXED);
    if (readers_left(lock, seen & READERS) &&
        __atomic_compare_exchange_n(&lock->readers_in, &seen, seen ^ (WRITER | PHASE), false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return true;
    serve_next(lock);
    return false;
}

// The readers that wait enter, `more` of them by the way, and then the next writer. Only a writer that comes
// after it may free the memory.
static void let_go(qsc_pflock *lock, uint32_t more)
{
    // release: pairs with the acquires in wait_for_writer, qsc_pflock_read_lock and qsc_pflock_read_trylock
    (void)__atomic_fetch_add(&lock->readers_in, more - WRITER, __ATOMIC_RELEASE);
    serve_next(lock);
}

void qsc_pflock_write_lock(qsc_pflock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    if (!take_if_free(lock))
        wait_as_writer(lock);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE, 1);
}

bool qsc_pflock_write_trylock(qsc_pflock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY);
    bool taken = take_if_free(lock);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY, taken);
    return taken;
}

void qsc_pflock_write_unlock(qsc_pflock *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    let_go(lock, 0);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
}

void qsc_pflock_downgrade(qsc_pflock *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    let_go(lock, READER);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY, 1);
}

int qsc_pflock_dump(const qsc_pflock *lock, char *text, size_t size)
{
    uint32_t out = __atomic_load_n(&lock->readers_out, __ATOMIC_RELAXED);
    uint32_t in = __atomic_load_n(&lock->readers_in, __ATOMIC_RELAXED);
    uint32_t serving = __atomic_load_n(&lock->serving_writer, __ATOMIC_RELAXED);
    uint32_t next = __atomic_load_n(&lock->next_writer, __ATOMIC_RELAXED);
    return snprintf(text, size,
                    "%s writer, %u readers inside or waiting for it, %u writers inside or in line",
                    in & WRITER ? "a" : "no", ((in & READERS) - out) / READER, next - serving);
}
