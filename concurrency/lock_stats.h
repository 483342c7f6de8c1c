/* lock_stats.h: how often a lock is taken, how often by another thread than before, how often that meant a
 * wait, and how long the waits were.
 *
 *     static qsc_mutex mutex;
 *     static struct qsc_lock_stats stats;
 *
 *     qsc_lock_stats_attach(&stats, &mutex);      from here on waits are counted, at every call
 *
 *     qsc_mutex_lock(&mutex);
 *     qsc_lock_stats_count(&stats);               in the sections that you want counted, too
 *     ...
 *
 *     struct qsc_lock_counts counts = qsc_lock_stats_read(&stats);   at any time
 *
 * For mutexes, reader-writer locks (in both modes), spin locks and the writers of a seqlock. Waits are
 * counted where a lock call has found the lock taken and has to wait anyway: a lock without statistics costs
 * what it did, and one with them costs the same as long as it is free. What only the section can tell, that
 * it was entered and by whom, it tells by qsc_lock_stats_count: a few instructions without a locked one, on
 * memory that should stand beside the lock's.
 *
 * What the sections count is exact, and so are waits of 10 us and more. Of shorter ones one in 16, drawn at
 * random, counts for 16: their number and time are right on average. All bytes zero are statistics without a
 * lock. To count under the lock itself, without atomic additions, is the idea of jemalloc's mutex_prof. */
#ifndef QUIESCE_CONCURRENCY_LOCK_STATS_H
#define QUIESCE_CONCURRENCY_LOCK_STATS_H

#include <pthread.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_lock_counts {
    uint64_t operations;      /* calls of qsc_lock_stats_count */
    uint64_t owner_switches;  /* those by another thread than the one before */
    uint64_t contended;       /* lock calls that waited, and then had the lock or gave up; a try never does */
    uint64_t wait_ns;         /* their waits, all together */
    uint64_t longest_wait_ns; /* of those recorded */
};

/* Of one lock. The fields are private. */
struct qsc_lock_stats {
    struct qsc_lock_counts counts;
    pthread_t owner;
    const void *lock;
    struct qsc_lock_stats *next;
};

/* From now on counts the waits for `lock`, which has no other statistics; the counts go on from what they
 * are. A wait under way may be left out.
 * Blocks, briefly, on a lock of the library's. Progress: blocking. Memory order: none. One thread. Not inside
 * of a signal handler. */
void qsc_lock_stats_attach(struct qsc_lock_stats *stats, const void *lock);

/* Ends that; the counts remain. Afterwards no lock call touches the statistics, their memory may be freed and
 * the lock's as well. Does nothing when there is no lock.
 * Blocks, briefly, on a lock of the library's. Progress: blocking. Memory order: waits counted by others
 * happen before the return. One thread. Not inside of a signal handler. */
void qsc_lock_stats_detach(struct qsc_lock_stats *stats);

/* Counts one operation.
 * Does not block. Progress: wait-free. Memory order: none. The thread that holds the lock for itself: not a
 * reader. */
static inline void qsc_lock_stats_count(struct qsc_lock_stats *stats)
{
    struct qsc_lock_counts *counts = &stats->counts;
    /* only the holder writes these, but anyone may read them */
    uint64_t operations = __atomic_load_n(&counts->operations, __ATOMIC_RELAXED);
    __atomic_store_n(&counts->operations, operations + 1, __ATOMIC_RELAXED);
    pthread_t self = pthread_self();
    if (stats->owner != self) {
        uint64_t switches = __atomic_load_n(&counts->owner_switches, __ATOMIC_RELAXED);
        __atomic_store_n(&counts->owner_switches, switches + (operations != 0), __ATOMIC_RELAXED);
        stats->owner = self;
    }
}

/* Returns the counts as they are: the three on waits at one moment, the two of the sections each at its own.
 * Blocks, briefly, on a lock of the library's. Progress: blocking. Memory order: none. Any thread, between
 * the attach and the detach or ordered with them. Not inside of a signal handler. */
struct qsc_lock_counts qsc_lock_stats_read(struct qsc_lock_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
