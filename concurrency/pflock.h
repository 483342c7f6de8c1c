/* pflock.h: many readers or one writer, phase-fair, by waiting awake.
 *
 * Read phases and write phases alternate while both kinds wait: a reader waits for one write section at most,
 * however many writers there are, and a writer for those before it and one read phase before each. Writers
 * are served in the order in which they came. That bounds the wait of both kinds; rwlock.h, whose waiters
 * stand in one line, bounds a reader's by the writers in line before it.
 *
 * A waiter does not sleep; after a few microseconds it offers its processor to others in every turn
 * (sched_yield), so that more threads than processors make progress, slowly. Where threads may be preempted
 * or sections be long, rwlock.h is the better lock. Every reader writes to the lock twice.
 *
 * All bytes zero is a valid, unlocked lock; there is nothing to destroy. Its memory may be freed as soon as
 * the last thread to need it has locked it for writing, even while a reader is still returning from unlock.
 * Not recursive, not shared between processes, not in signal handlers. At most 2^30 - 1 threads. No call has
 * an _until or _cancellable form: who has come counts for the phase in which it came and cannot be taken out
 * of it; use rwlock.h where a wait must end. */
#ifndef QUIESCE_CONCURRENCY_PFLOCK_H
#define QUIESCE_CONCURRENCY_PFLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct { /* all private; the layout stands in pflock.c */
    uint32_t readers_in, readers_out;
    uint32_t next_writer, serving_writer;
} qsc_pflock;

/* clang-format off */
#define QSC_PFLOCK_INIT {0, 0, 0, 0}
/* clang-format on */

/* Locks for reading: no writer holds the lock until the unlock.
 * Blocks, awake. Progress: wait-free when no writer holds or awaits the lock, else blocking, for at most one
 * write section and the readers inside before it. Memory order: acquire, sees all that was done before every
 * earlier write unlock. Any thread that does not hold it already in either mode. Not inside of a signal
 * handler. Source: B. B. Brandenburg and J. H. Anderson, "Spin-based reader-writer synchronization for
 * multiprocessor real-time systems", Real-Time Systems 46(1), 2010 (PF-T). */
void qsc_pflock_read_lock(qsc_pflock *lock);

/* Locks for reading if no writer is inside or waits for readers.
 * Returns whether the calling thread holds it now.
 * Does not block. Progress: lock-free. Memory order: acquire when true, none when false. Otherwise as
 * qsc_pflock_read_lock. */
__attribute__((warn_unused_result)) bool qsc_pflock_read_trylock(qsc_pflock *lock);

/* Ends the read section.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later write
 * lock. The thread that locked it for reading. Not inside of a signal handler. */
void qsc_pflock_read_unlock(qsc_pflock *lock);

/* Locks for writing: no other thread holds the lock in any mode until the unlock.
 * Blocks, awake. Progress: blocking, for the writers that came before it and one read phase before each of
 * them and itself. Memory order: acquire, sees all that was done before every earlier unlock of either mode.
 * Any thread that does not hold it already in either mode. Not inside of a signal handler. Source: as
 * qsc_pflock_read_lock, but for the phase, which is not the ticket's: a try that fails must not change it. */
void qsc_pflock_write_lock(qsc_pflock *lock);

/* Locks for writing if nobody is inside or waits.
 * Returns whether the calling thread holds it now.
 * Does not block. Progress: wait-free. Memory order: acquire when true, none when false. Any thread, but it
 * may not stand still in this call while others lock 2^30 times. Otherwise as qsc_pflock_write_lock. */
__attribute__((warn_unused_result)) bool qsc_pflock_write_trylock(qsc_pflock *lock);

/* Ends the write section: the readers that wait enter, then the next writer.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later lock. The
 * thread that locked it for writing. Not inside of a signal handler. */
void qsc_pflock_write_unlock(qsc_pflock *lock);

/* Makes of the write section a read section, without letting another writer in between: what was written is
 * still so until the read unlock. The readers that wait enter.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later lock. The
 * thread that locked it for writing. Not inside of a signal handler. */
void qsc_pflock_downgrade(qsc_pflock *lock);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_pflock_dump(const qsc_pflock *lock, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
