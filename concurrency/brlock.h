/* brlock.h: many readers or one writer, for what is read all the time and seldom written (a big-reader lock).
 *
 * Each thread that reads has a cache line of its own, and to read it writes to that line alone: readers on
 * any number of processors do not slow each other down, and where the kernel has membarrier(2) they do
 * without locked instructions. A writer pays for that: it interrupts all processors that run threads of the
 * process and looks at the lines of all threads that ever read at one time.
 * Where readers shall not wait for writers at all see snapshot.h; where writers are frequent, rwlock.h.
 *
 * Whoever finds the lock closed stands in line, readers and writers alike, and nobody who comes later enters
 * before the head of the line did: neither side can starve the other. The line is a mutex (see mutex.h for
 * its order); a waiter spins for a few microseconds, then sleeps.
 *
 * A thread gets its line when it first reads (per_thread.h), and the next new thread goes on with it when the
 * thread exits. Without memory for one it shares a word with others like it: slower, but no call fails.
 *
 * Not recursive: a thread that holds the lock may not lock it again in either mode (a reader would wait for a
 * writer that waits for that reader). Not shared between processes, not inherited across fork while another
 * thread holds it. */
#ifndef QUIESCE_CONCURRENCY_BRLOCK_H
#define QUIESCE_CONCURRENCY_BRLOCK_H

#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/per_thread.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {            /* all private; the protocol stands in brlock.c */
    qsc_per_thread readers; /* of uint32_t: whether the thread is inside */
    uint32_t state;
    uint32_t others; /* how many are inside that have no word of their own */
    qsc_mutex line;
    bool has_membarrier; /* constant */
} qsc_brlock;

/* Makes an unlocked lock.
 * Returns 0; ENOMEM.
 * Blocks, briefly, on a lock. Progress: blocking (allocates). Memory order: none; the caller hands the lock
 * to other threads by means of its own. One thread. Not inside of a signal handler or an RCU section. */
__attribute__((warn_unused_result)) int qsc_brlock_init(qsc_brlock *lock);

/* Frees the lines of a lock that nobody holds or awaits.
 * Blocks, briefly, on a lock that threads take when they exit. Progress: blocking. Memory order: none. One
 * thread, ordered after all other calls on the lock have returned. Not inside of a signal handler or an RCU
 * section. */
void qsc_brlock_fini(qsc_brlock *lock);

/* Locks for reading: no writer holds the lock until the unlock.
 * Blocks. Progress: wait-free when no writer holds or awaits the lock (but for a thread's first time, when it
 * allocates), else blocking, for those in line before it. Memory order: acquire, sees all that was done
 * before every earlier write unlock. Any thread that does not hold it already in either mode. Not inside of a
 * signal handler or an RCU section. */
void qsc_brlock_read_lock(qsc_brlock *lock);

/* Locks for reading if no writer is inside and nobody waits.
 * Returns whether the calling thread holds it now.
 * Does not block. Progress: wait-free, as qsc_brlock_read_lock. Memory order: acquire when true, none when
 * false. Otherwise as qsc_brlock_read_lock. */
__attribute__((warn_unused_result)) bool qsc_brlock_read_trylock(qsc_brlock *lock);

/* Locks for reading, or gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never).
 * Returns 0; ETIMEDOUT when the deadline passed; EINVAL for a deadline with tv_sec < 0 or tv_nsec outside
 * 0..999999999, if it had to wait. Signals do not end the wait. Otherwise as qsc_brlock_read_lock. */
__attribute__((warn_unused_result)) int qsc_brlock_read_lock_until(qsc_brlock *lock,
                                                                   const struct timespec *deadline);

/* Locks for reading, or gives up at `deadline` or when `cancel` is cancelled (NULL: never).
 * Returns 0, ETIMEDOUT or EINVAL as qsc_brlock_read_lock_until; ECANCELED when it was cancelled. Otherwise as
 * qsc_brlock_read_lock. */
__attribute__((warn_unused_result)) int
qsc_brlock_read_lock_cancellable(qsc_brlock *lock, const struct timespec *deadline, const qsc_cancel *cancel);

/* Ends the read section, and wakes the writer that waits for it.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later write
 * lock. The thread that locked it for reading. Not inside of a signal handler. */
void qsc_brlock_read_unlock(qsc_brlock *lock);

/* Locks for writing: no other thread holds the lock in any mode until the unlock.
 * Blocks. Progress: blocking, for those in line before it and the readers that are inside then; readers that
 * come later wait behind it. Memory order: acquire, sees all that was done
 * before every earlier unlock of either mode. Any thread that does not hold it already in either mode. Not
 * inside of a signal handler or an RCU section. */
void qsc_brlock_write_lock(qsc_brlock *lock);

/* Locks for writing if nobody is inside or waits; a reader that is just finding the lock closed, or leaving,
 * counts as inside. Returns whether the calling thread holds it now. Does not block; a look at the word of
 * each thread. Progress: wait-free. Memory order: acquire when true, none when false. Otherwise as
 * qsc_brlock_write_lock. */
__attribute__((warn_unused_result)) bool qsc_brlock_write_trylock(qsc_brlock *lock);

/* Locks for writing, or gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never). Until then it holds
 * back readers as qsc_brlock_write_lock does; when it gives up they enter. Returns 0; ETIMEDOUT when the
 * deadline passed; EINVAL for a deadline with tv_sec < 0 or tv_nsec outside 0..999999999, if it had to wait.
 * Signals do not end the wait. Otherwise as qsc_brlock_write_lock. */
__attribute__((warn_unused_result)) int qsc_brlock_write_lock_until(qsc_brlock *lock,
                                                                    const struct timespec *deadline);

/* Locks for writing, or gives up at `deadline` or when `cancel` is cancelled (NULL: never).
 * Returns 0, ETIMEDOUT or EINVAL as qsc_brlock_write_lock_until; ECANCELED when it was cancelled. Otherwise
 * as that. */
__attribute__((warn_unused_result)) int qsc_brlock_write_lock_cancellable(qsc_brlock *lock,
                                                                          const struct timespec *deadline,
                                                                          const qsc_cancel *cancel);

/* Ends the write section and wakes the head of the line.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later lock.
 * The thread that locked it for writing. Not inside of a signal handler. */
void qsc_brlock_write_unlock(qsc_brlock *lock);

/* Makes of the write section a read section, without letting another writer in between: what was written is
 * still so until the read unlock. Other readers may enter; the head of the line is woken.
 * Does not block. Progress: wait-free (but for a thread's first time as a reader, when it allocates). Memory
 * order: release, pairs with the acquire of every later lock. The thread that locked it for writing. Not
 * inside of a signal handler. */
void qsc_brlock_downgrade(qsc_brlock *lock);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_brlock_dump(const qsc_brlock *lock, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
