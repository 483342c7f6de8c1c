/* rwlock.h: many readers or one writer, in 8 bytes.
 *
 * Whoever finds the lock closed stands in line, readers and writers alike, and nobody who comes later enters
 * before the head of the line did: neither side can starve the other. The line is a mutex (see mutex.h for
 * its order); a waiter spins for a few microseconds, then sleeps.
 *
 * Every reader writes to the lock twice, so readers on many processors slow each other down: it pays where
 * read sections are long. For short ones that read what seldom changes see snapshot.h.
 *
 * All bytes zero is a valid, unlocked lock; there is nothing to destroy. Its memory may be freed as soon as
 * the last thread to need it has locked it, even while another thread is still returning from an unlock. Not
 * recursive: a thread that holds it may not lock it again in either mode (a reader would wait for a writer
 * that waits for that reader). Not shared between processes, not inherited across fork while another thread
 * holds it. */
#ifndef QUIESCE_CONCURRENCY_RWLOCK_H
#define QUIESCE_CONCURRENCY_RWLOCK_H

#include <quiesce/concurrency/mutex.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t state; /* private; the layout stands in rwlock.c */
    qsc_mutex line;
} qsc_rwlock;

/* clang-format off */
#define QSC_RWLOCK_INIT {0, {0}}
/* clang-format on */

/* Locks for reading: no writer holds the lock until the unlock.
 * Blocks. Progress: wait-free when no writer holds or awaits the lock, else blocking, for those in line
 * before it. Memory order: acquire, sees all that was done before every earlier write unlock. Any thread that
 * does not hold it already in either mode. Not inside of a signal handler or an RCU section. */
void qsc_rwlock_read_lock(qsc_rwlock *lock);

/* Locks for reading if no writer is inside and nobody waits.
 * Returns whether the calling thread holds it now.
 * Does not block. Progress: lock-free. Memory order: acquire when true, none when false. Otherwise as
 * qsc_rwlock_read_lock. */
__attribute__((warn_unused_result)) bool qsc_rwlock_read_trylock(qsc_rwlock *lock);

/* Locks for reading, or gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never).
 * Returns 0; ETIMEDOUT when the deadline passed; EINVAL for a deadline with tv_sec < 0 or tv_nsec outside
 * 0..999999999, if it had to wait. Signals do not end the wait. Otherwise as qsc_rwlock_read_lock. */
__attribute__((warn_unused_result)) int qsc_rwlock_read_lock_until(qsc_rwlock *lock,
                                                                   const struct timespec *deadline);

/* Locks for reading, or gives up at `deadline` or when `cancel` is cancelled (NULL: never).
 * Returns 0, ETIMEDOUT or EINVAL as qsc_rwlock_read_lock_until; ECANCELED when it was cancelled. Otherwise as
 * that. */
__attribute__((warn_unused_result)) int
qsc_rwlock_read_lock_cancellable(qsc_rwlock *lock, const struct timespec *deadline, const qsc_cancel *cancel);

/* Ends the read section; the last reader wakes a writer that waits.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later write
 * lock. The thread that locked it for reading. Not inside of a signal
 * handler. */
void qsc_rwlock_read_unlock(qsc_rwlock *lock);

/* Locks for writing: no other thread holds the lock in any mode until the unlock.
 * Blocks. Progress: blocking, for the writers before it and one batch of readers before each of them and
 * itself; readers that come later wait behind it. Memory order: acquire, sees all that was done before every
 * earlier unlock of either mode. Any thread that does not hold it already in either mode. Not inside of a
 * signal handler or an RCU section. */
void qsc_rwlock_write_lock(qsc_rwlock *lock);

/* Locks for writing if nobody is inside or waits; a reader that is just finding the lock closed counts as
 * inside. Returns whether the calling thread holds it now. Does not block. Progress: wait-free. Memory order:
 * acquire when true, none when false. Otherwise as qsc_rwlock_write_lock. */
__attribute__((warn_unused_result)) bool qsc_rwlock_write_trylock(qsc_rwlock *lock);

/* Locks for writing, or gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never). Until then it holds
 * back readers as qsc_rwlock_write_lock does; when it gives up they enter. Returns 0; ETIMEDOUT when the
 * deadline passed; EINVAL for a deadline with tv_sec < 0 or tv_nsec outside 0..999999999, if it had to wait.
 * Signals do not end the wait. Otherwise as qsc_rwlock_write_lock. */
__attribute__((warn_unused_result)) int qsc_rwlock_write_lock_until(qsc_rwlock *lock,
                                                                    const struct timespec *deadline);

/* Locks for writing, or gives up at `deadline` or when `cancel` is cancelled (NULL: never).
 * Returns 0, ETIMEDOUT or EINVAL as qsc_rwlock_write_lock_until; ECANCELED when it was cancelled. Otherwise
 * as that. */
__attribute__((warn_unused_result)) int qsc_rwlock_write_lock_cancellable(qsc_rwlock *lock,
                                                                          const struct timespec *deadline,
                                                                          const qsc_cancel *cancel);

/* Ends the write section and wakes the head of the line.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later lock.
 * The thread that locked it for writing. Not inside of a signal handler. */
void qsc_rwlock_write_unlock(qsc_rwlock *lock);

/* Makes of the write section a read section, without letting another writer in between: what was written is
 * still so until the read unlock. Other readers may enter; the head of the line is woken.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later lock. The
 * thread that locked it for writing. Not inside of a signal handler. */
void qsc_rwlock_downgrade(qsc_rwlock *lock);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_rwlock_dump(const qsc_rwlock *lock, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
