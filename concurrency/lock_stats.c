/* lock_stats.c: statistics in a table by the address of their lock, linked through themselves, so that none
 * is allocated. Lock calls look here when they have to wait. Where nothing is attached they find a list empty
 * and go; where something is, they take the list's lock when the wait is over. It is the C library's, for
 * ours come here.
 *
 * The look for an empty list needs no order: whoever does not see what was just attached does not count a
 * wait, and everything else is read under the lock. */
#include <quiesce/concurrency/contended.h>
#include <quiesce/concurrency/lock_stats.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/probes.h>

#include <stdatomic.h>
#include <stddef.h>

#define BUCKETS 64

// Waits shorter than this are sampled: to record one moves three cache lines from processor to processor,
// about as long as the wait itself. A model checker records each.
#define SHORT_NS 10000
#ifndef QSC_LOCK_STATS_SAMPLE
#define QSC_LOCK_STATS_SAMPLE 16
#endif

static struct bucket {
    _Alignas(64) pthread_mutex_t lock;
    _Atomic(struct qsc_lock_stats *) first;
} buckets[BUCKETS] = {[0 ... BUCKETS - 1] = {.lock = PTHREAD_MUTEX_INITIALIZER}};

static struct bucket *bucket_of(const void *lock)
{
    return &buckets[(uint64_t)(uintptr_t)lock * 0x9e3779b97f4a7c15U >> 32 & (BUCKETS - 1)];
}

static struct qsc_lock_stats *first_of(struct bucket *bucket)
{
    return atomic_load_explicit(&bucket->first, memory_order_relaxed);
}

void qsc_lock_stats_attach(struct qsc_lock_stats *stats, const void *lock)
{
    struct bucket *bucket = bucket_of(lock);
    (void)pthread_mutex_lock(&bucket->lock);
    stats->lock = lock;
    stats->next = first_of(bucket);
    atomic_store_explicit(&bucket->first, stats, memory_order_relaxed);
    (void)pthread_mutex_unlock(&bucket->lock);
}

static void unlink_from(struct bucket *bucket, struct qsc_lock_stats *stats)
{
    struct qsc_lock_stats *before = first_of(bucket);
    if (before == stats) {
        atomic_store_explicit(&bucket->first, stats->next, memory_order_relaxed);
        return;
    }
    while (before->next != stats)
        before = before->next;
    before->next = stats->next;
}

void qsc_lock_stats_detach(struct qsc_lock_stats *stats)
{
    if (!stats->lock)
        return;
    struct bucket *bucket = bucket_of(stats->lock);
    (void)pthread_mutex_lock(&bucket->lock);
    unlink_from(bucket, stats);
    (void)pthread_mutex_unlock(&bucket->lock);
    stats->lock = NULL;
}

struct qsc_lock_counts qsc_lock_stats_read(struct qsc_lock_stats *stats)
{
    struct bucket *bucket = bucket_of(stats->lock);
    (void)pthread_mutex_lock(&bucket->lock);
    struct qsc_lock_counts counts = {
        .operations = __atomic_load_n(&stats->counts.operations, __ATOMIC_RELAXED),
        .owner_switches = __atomic_load_n(&stats->counts.owner_switches, __ATOMIC_RELAXED),
        .contended = stats->counts.contended,
        .wait_ns = stats->counts.wait_ns,
        .longest_wait_ns = stats->counts.longest_wait_ns,
    };
    (void)pthread_mutex_unlock(&bucket->lock);
    return counts;
}

// For how many waits this one stands: 1 if it was long, else one in QSC_LOCK_STATS_SAMPLE stands for all of
// them and the others for none. At random, for a thread may come to several locks by turns.
static uint64_t weight_of(uint64_t ns)
{
    static _Thread_local uint32_t random;
    if (ns >= SHORT_NS)
        return 1;
    random = random * 1664525 + 1013904223;
    return (random >> 16) % QSC_LOCK_STATS_SAMPLE == 0 ? QSC_LOCK_STATS_SAMPLE : 0;
}

static void record(struct qsc_lock_counts *counts, uint64_t ns, uint64_t weight)
{
    counts->contended += weight;
    counts->wait_ns += ns * weight;
    if (counts->longest_wait_ns < ns)
        counts->longest_wait_ns = ns;
}

uint64_t qsc_contended_begin(const void *lock)
{
    QSC_PROBE1(contended_begin, lock);
    return first_of(bucket_of(lock)) ? qsc_port_now_ns() : 0;
}

void qsc_contended_end(const void *lock, uint64_t since, int error)
{
    QSC_PROBE2(contended_end, lock, error);
    if (!since)
        return;
    uint64_t ns = qsc_port_now_ns() - since, weight = weight_of(ns);
    if (!weight)
        return;
    struct bucket *bucket = bucket_of(lock);
    (void)pthread_mutex_lock(&bucket->lock);
    struct qsc_lock_stats *stats = first_of(bucket);
    while (stats && stats->lock != lock)
        stats = stats->next;
    if (stats)
        record(&stats->counts, ns, weight);
    (void)pthread_mutex_unlock(&bucket->lock);
}
