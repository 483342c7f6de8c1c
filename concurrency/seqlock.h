/* seqlock.h: a few words that are read all the time, written now and then, and never half.
 *
 *     qsc_seqlock lock = QSC_SEQLOCK_INIT;
 *     uint64_t words[3];                        beside it, the caller's, all of them written under the lock
 *
 *     qsc_seqlock_write(&lock, words, 3, in);   writers take turns
 *     qsc_seqlock_read(&lock, words, 3, out);   readers write nothing: they never disturb each other
 *
 * A reader that meets a writer reads again; a writer never waits for readers. Readers may starve where
 * writers follow each other without a pause, and what they read before they knew better may be a mixture of
 * two versions: with read_begin and read_retry use it only after read_retry said false. For whole objects, or
 * where a reader must not repeat, see snapshot.h.
 *
 * The words are atomic objects of 64 bits, accessed by the functions below and nothing else. So there is no
 * data race, and no fence either, which ThreadSanitizer would not see: the words themselves are stored with
 * release and loaded with acquire, which on x86 costs nothing. Why that is enough: a reader that loaded a
 * word of a later write synchronised with that store, so it sees the odd sequence that came before it, and
 * reads again; and one that began with an even sequence sees all words of the writes up to it.
 *
 * All bytes zero is valid; there is nothing to destroy. A write must not be left half done: its readers would
 * wait for ever. There are no _until or _cancellable forms: a write is some stores long, and who will not
 * wait has tryread and trylock. Source: C. Lameter, "Effective synchronization on Linux/NUMA systems", 2005;
 * H.-J. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012. */
#ifndef QUIESCE_CONCURRENCY_SEQLOCK_H
#define QUIESCE_CONCURRENCY_SEQLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint64_t sequence; /* private. Odd: a writer is inside. 64 bits: it does not come round during a read */
} qsc_seqlock;

/* clang-format off */
#define QSC_SEQLOCK_INIT {0}
/* clang-format on */

/* Private: the waiting part of qsc_seqlock_read_begin. */
uint64_t qsc_seqlock_read_begin_slow(const qsc_seqlock *lock);

/* Loads a word between read_begin and read_retry.
 * Returns its value. Does not block. Progress: wait-free. Memory order: acquire. Any thread; a writer may
 * load what it is about to change. */
static inline uint64_t qsc_seqlock_load(const uint64_t *word)
{
    /* acquire: pairs with the release in qsc_seqlock_store: whoever sees a new word sees the odd sequence */
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Stores a word between write_begin and write_end, or write_lock and write_unlock.
 * Does not block. Progress: wait-free. Memory order: release. The writer. */
static inline void qsc_seqlock_store(uint64_t *word, uint64_t value)
{
    /* release: pairs with the acquire in qsc_seqlock_load */
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Begins a read: waits, awake, while a writer is inside.
 * Returns the sequence, for read_retry.
 * Blocks. Progress: blocking, for as long as writers are inside. Memory order: acquire, sees all that was
 * done before the end of every write up to that sequence. Any thread but one that is writing. In a signal
 * handler only if it cannot interrupt a writer. */
static inline uint64_t qsc_seqlock_read_begin(const qsc_seqlock *lock)
{
    /* acquire: pairs with the release in qsc_seqlock_write_end */
    uint64_t sequence = __atomic_load_n(&lock->sequence, __ATOMIC_ACQUIRE);
    return __builtin_expect(sequence & 1, 0) ? qsc_seqlock_read_begin_slow(lock) : sequence;
}

/* Ends a read that read_begin began with `sequence`.
 * Returns whether a writer came between: then what was loaded is worth nothing and the read begins again.
 * Does not block. Progress: wait-free. Memory order: none of its own, the loads of the words have it. The
 * thread that began. */
__attribute__((warn_unused_result)) static inline bool qsc_seqlock_read_retry(const qsc_seqlock *lock,
                                                                              uint64_t sequence)
{
    return __atomic_load_n(&lock->sequence, __ATOMIC_RELAXED) != sequence;
}

/* Begins a write, where the caller sees to it that there is one writer at a time: one thread, or a lock of
 * its own. Not to be mixed with qsc_seqlock_write_lock on the same object. Does not block. Progress:
 * wait-free. Memory order: none, the stores of the words have it. Any thread that is ordered after the last
 * write. Not inside of a signal handler that can interrupt a reader. */
static inline void qsc_seqlock_write_begin(qsc_seqlock *lock)
{
    uint64_t sequence = __atomic_load_n(&lock->sequence, __ATOMIC_RELAXED); /* only writers write it */
    __atomic_store_n(&lock->sequence, sequence + 1, __ATOMIC_RELAXED);
}

/* Ends a write.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later read and
 * write_lock. The writer. */
static inline void qsc_seqlock_write_end(qsc_seqlock *lock)
{
    uint64_t sequence = __atomic_load_n(&lock->sequence, __ATOMIC_RELAXED);
    /* release: pairs with the acquires in qsc_seqlock_read_begin, its slow part, and
     * qsc_seqlock_write_trylock */
    __atomic_store_n(&lock->sequence, sequence + 1, __ATOMIC_RELEASE);
}

/* Begins a write if no other is under way; qsc_seqlock_write_unlock ends it.
 * Returns whether the calling thread is the writer now.
 * Does not block. Progress: wait-free. Memory order: acquire when true, none when false. Any thread. Not
 * inside of a signal handler. */
__attribute__((warn_unused_result)) bool qsc_seqlock_write_trylock(qsc_seqlock *lock);

/* Begins a write as soon as no other is under way: writers take turns by the sequence itself. For writes of a
 * few words; a waiter spins, and after a few microseconds offers its processor to others.
 * Blocks, awake. Progress: blocking, without a bound: other writers may always be faster. Memory order:
 * acquire, sees all that was done before every earlier end of a write. Any thread but one that is writing.
 * Not inside of a signal handler. */
void qsc_seqlock_write_lock(qsc_seqlock *lock);

/* Ends a write that write_lock or write_trylock began. As qsc_seqlock_write_end. */
void qsc_seqlock_write_unlock(qsc_seqlock *lock);

/* Reads all `n` words into `out`, again and again until they are of one write.
 * Blocks, awake. Progress: blocking, while writers follow each other. Memory order: acquire, sees all that
 * was done before the end of the write that it read. Any thread but one that is writing. Not inside of a
 * signal handler that can interrupt a writer. */
void qsc_seqlock_read(const qsc_seqlock *lock, const uint64_t *words, size_t n, uint64_t *out);

/* Reads all `n` words into `out`, once.
 * Returns whether they are of one write; if not, `out` holds nothing of use.
 * Does not block. Progress: wait-free. Memory order: acquire when true. Any thread. */
__attribute__((warn_unused_result)) bool qsc_seqlock_tryread(const qsc_seqlock *lock, const uint64_t *words,
                                                             size_t n, uint64_t *out);

/* Writes all `n` words from `in`, between write_lock and write_unlock: any number of threads may.
 * Blocks, awake, while another writes. Progress and memory order: as these two. Not inside of a signal
 * handler. */
void qsc_seqlock_write(qsc_seqlock *lock, uint64_t *words, size_t n, const uint64_t *in);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_seqlock_dump(const qsc_seqlock *lock, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
