/* Threads take locks of two kinds, four at a time and each kind in ascending order, and new ones come and go
 * in the same memory, while the checker keeps its graph. Then one of them goes against the order. Oracle: no
 * report before, and exactly one for each pair of locks or classes that is turned round, once.
 *
 * The checker has no atomic access of its own, it is all under one lock of the C library's: what counts here
 * is ThreadSanitizer's word, and the graph's bookkeeping. */
#ifndef QSC_LOCK_ORDER
#define QSC_LOCK_ORDER
#endif
#include "stress.h"

#include <quiesce/concurrency/mutex.h>
#include <sched.h>

enum { THREADS = 4, LOCKS = 12, ROUNDS = STRESS_SIZE(1000, 1) };

static const struct qsc_lock_class leaf = {"leaf", 0};
static qsc_mutex locks[LOCKS]; // those with an odd number are leaves: wanted last
static _Atomic int inside;     // relaxed
static _Atomic int reports;

static void count_report(const char *report, void *unused)
{
    (void)unused;
    assert(strstr(report, "circle"));
    atomic_fetch_add_explicit(&reports, 1, memory_order_relaxed);
}

static void take(const int *which, int n)
{
    for (int i = 0; i < n; i++)
        qsc_mutex_lock(&locks[which[i]]);
    for (int i = 0; i < n; i++) // not in reverse, also
        qsc_mutex_unlock(&locks[which[i]]);
}

struct member {
    uint32_t random;
    long met;
};

static int below(struct member *me, int n)
{
    me->random = me->random * 1664525 + 1013904223;
    return (int)(me->random >> 16) % n;
}

// A lock of this thread's own lies where others did before, and is taken now before, now after locks[0].
static void take_new(struct member *me)
{
    qsc_mutex own = QSC_MUTEX_INIT;
    qsc_mutex *first = below(me, 2) ? &own : &locks[0];
    qsc_mutex *second = first == &own ? &locks[0] : &own;
    qsc_mutex_lock(first);
    qsc_mutex_lock(second);
    qsc_mutex_unlock(second);
    qsc_mutex_unlock(first);
    qsc_lock_forget(&own);
}

static void *run(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < ROUNDS; round++) {
        int low = 2 * below(me, LOCKS / 2 - 1);
        int high = low + 2 + 2 * below(me, (LOCKS - low) / 2 - 1);
        int which[] = {low, high, low + 1, high + 1};
        me->met += atomic_fetch_add_explicit(&inside, 1, memory_order_relaxed) > 0;
        take(which, 4);
        if (round % 8 == 0)
            take_new(me);
        if (round % 16 == 0)
            sched_yield();
        atomic_fetch_sub_explicit(&inside, 1, memory_order_relaxed);
    }
    return NULL;
}

// A try against the order, which waits for nothing.
static void try_backwards(void)
{
    qsc_mutex_lock(&locks[10]);
    bool taken = qsc_mutex_trylock(&locks[0]);
    assert(taken);
    qsc_mutex_unlock(&locks[0]);
    qsc_mutex_unlock(&locks[10]);
}

static int reports_of(const int *which, int n)
{
    int before = atomic_load_explicit(&reports, memory_order_relaxed);
    take(which, n);
    return atomic_load_explicit(&reports, memory_order_relaxed) - before;
}

// New locks, each wanted while the one before is held: the last pair closes the ring.
static void ring(void)
{
    enum { RING = 5 };
    static qsc_mutex links[RING];
    int before = atomic_load_explicit(&reports, memory_order_relaxed);
    for (int i = 0; i < RING; i++) {
        assert(atomic_load_explicit(&reports, memory_order_relaxed) == before);
        qsc_mutex_lock(&links[i]);
        qsc_mutex_lock(&links[(i + 1) % RING]);
        qsc_mutex_unlock(&links[(i + 1) % RING]);
        qsc_mutex_unlock(&links[i]);
    }
    assert(atomic_load_explicit(&reports, memory_order_relaxed) == before + 1);
    for (int i = 0; i < RING; i++)
        qsc_lock_forget(&links[i]);
}

static long batch(void)
{
    for (int i = 0; i < LOCKS; i++) {
        locks[i] = (qsc_mutex)QSC_MUTEX_INIT;
        qsc_lock_forget(&locks[i]);
        if (i % 2)
            qsc_lock_set_class(&locks[i], &leaf);
    }
    qsc_lock_order_set_handler(count_report, NULL);
    atomic_store_explicit(&reports, 0, memory_order_relaxed);
    struct member members[THREADS];
    for (int i = 0; i < THREADS; i++)
        members[i] = (struct member){.random = (uint32_t)i};
    stress_threads(THREADS, run, members, sizeof *members);
    try_backwards();
    assert(atomic_load_explicit(&reports, memory_order_relaxed) == 0);

    take((int[]){0, 2, 4, 6, 8, 10, 1}, 7); // all pairs, for certain
    take((int[]){10, 5}, 2);
    assert(reports_of((int[]){4, 2}, 2) == 1);
    assert(reports_of((int[]){4, 2}, 2) == 0);
    assert(reports_of((int[]){10, 8, 0}, 3) == 3);
    assert(reports_of((int[]){3, 6}, 2) == 1);
    assert(reports_of((int[]){7, 6}, 2) == 0);
    assert(reports_of((int[]){2, 4, 5}, 3) == 0);
    take((int[]){1, 3, 5}, 3);
    assert(reports_of((int[]){5, 1}, 2) == 1);

    ring();

    long met = 0;
    for (int i = 0; i < THREADS; i++)
        met += members[i].met;
    return met;
}

int main(void)
{
    return stress_repeat("rounds while others were in theirs", batch, 500);
}
