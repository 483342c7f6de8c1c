/* Threads fight for a mutex and, as readers and writers, for a reader-writer lock, both with statistics,
 * while others wait at locks of their own whose statistics come and go. Oracle: operations and changes of the
 * owner as the sections count them, too; no more waits than lock calls, each for as many as it may stand for,
 * and none longer than the callers saw; a wait that is certain is counted, and with the lock it was for
 * alone, whatever else is attached; what was detached and freed is not touched. */
#include "stress.h"

#include <quiesce/concurrency/lock_stats.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/rwlock.h>
#include <sched.h>
#include <stdlib.h>

enum { THREADS = STRESS_THREADS(4, 2), ROUNDS = STRESS_SIZE(300, 2), BRIEF = 64, IDLE = 200, SAMPLE = 16 };

static struct {
    qsc_mutex lock;
    struct qsc_lock_stats stats;
    uint64_t entries, switches; // plain: the mutex orders them
    int last;
} shared;
static qsc_rwlock rwlock;
static struct qsc_lock_stats of_rwlock;
static qsc_mutex brief[BRIEF]; // one of them has its statistics at a time, and these end soon
static qsc_mutex brief_turn;

struct member {
    int index;
    uint64_t calls, wait_ns, longest_ns; // of the mutex
    uint64_t rwlock_calls;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void enter(struct member *me, int round)
{
    uint64_t begin = now_ns();
    qsc_mutex_lock(&shared.lock);
    uint64_t ns = now_ns() - begin;
    me->calls++;
    me->wait_ns += ns;
    me->longest_ns = ns > me->longest_ns ? ns : me->longest_ns;
    qsc_lock_stats_count(&shared.stats);
    shared.switches += shared.entries++ && shared.last != me->index;
    shared.last = me->index;
    if (round % 4 == 0)
        sched_yield();
    qsc_mutex_unlock(&shared.lock);
}

static void read_or_write(struct member *me, int round)
{
    me->rwlock_calls++;
    if ((round + me->index) % 4) {
        qsc_rwlock_read_lock(&rwlock);
        sched_yield();
        qsc_rwlock_read_unlock(&rwlock);
    } else {
        qsc_rwlock_write_lock(&rwlock);
        sched_yield();
        qsc_rwlock_write_unlock(&rwlock);
    }
}

// All threads come to the same lock, one of them with statistics that it frees before others have waited.
static void brief_statistics(int round)
{
    qsc_mutex *lock = &brief[round % BRIEF];
    if (qsc_mutex_trylock(&brief_turn)) {
        struct qsc_lock_stats *stats = calloc(1, sizeof *stats);
        assert(stats);
        qsc_lock_stats_attach(stats, lock);
        qsc_mutex_lock(lock);
        sched_yield();
        qsc_mutex_unlock(lock);
        struct qsc_lock_counts counts = qsc_lock_stats_read(stats);
        assert(counts.longest_wait_ns <= counts.wait_ns);
        qsc_lock_stats_detach(stats);
        memset(stats, -1, sizeof *stats);
        free(stats);
        qsc_mutex_unlock(&brief_turn);
    } else {
        qsc_mutex_lock(lock);
        qsc_mutex_unlock(lock);
    }
}

static void *run(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < ROUNDS; round++) {
        enter(me, round);
        read_or_write(me, round);
        brief_statistics(round);
    }
    return NULL;
}

static void *wait_once(void *unused)
{
    qsc_mutex_lock(&shared.lock);
    qsc_mutex_unlock(&shared.lock);
    return unused;
}

// Another thread waits for sure. Returns how many waits were counted.
static uint64_t waits_of_one(void)
{
    uint64_t before = qsc_lock_stats_read(&shared.stats).contended;
    pthread_t other;
    qsc_mutex_lock(&shared.lock);
    int error = pthread_create(&other, NULL, wait_once, NULL);
    assert(error == 0);
    while (__atomic_load_n(&shared.lock.word, __ATOMIC_RELAXED) == 1) // until it is counted as a sleeper
        sched_yield();
    nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL); // long enough not to be left to chance
    qsc_mutex_unlock(&shared.lock);
    pthread_join(other, NULL);
    return qsc_lock_stats_read(&shared.stats).contended - before;
}

// More statistics than the library has lists, so that some are in that of the mutex: before it and behind.
static void others_in_the_list(void)
{
    static qsc_mutex locks[IDLE];
    static struct qsc_lock_stats idle[IDLE];
    for (int i = 0; i < IDLE; i++)
        qsc_lock_stats_attach(&idle[i], &locks[i]);
    assert(waits_of_one() == 1);
    for (int i = 0; i < IDLE; i += 2)
        qsc_lock_stats_detach(&idle[i]);
    assert(waits_of_one() == 1);
    for (int i = 0; i < IDLE; i++) {
        assert(qsc_lock_stats_read(&idle[i]).contended == 0);
        qsc_lock_stats_detach(&idle[i]);
    }
    assert(waits_of_one() == 1);
}

static long batch(void)
{
    memset(&shared, 0, sizeof shared);
    of_rwlock = (struct qsc_lock_stats){0};
    qsc_lock_stats_attach(&shared.stats, &shared.lock);
    qsc_lock_stats_attach(&of_rwlock, &rwlock);
    struct member members[THREADS];
    for (int i = 0; i < THREADS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(THREADS, run, members, sizeof *members);

    struct member all = {0};
    for (int i = 0; i < THREADS; i++) {
        all.calls += members[i].calls;
        all.wait_ns += members[i].wait_ns;
        all.longest_ns = members[i].longest_ns > all.longest_ns ? members[i].longest_ns : all.longest_ns;
        all.rwlock_calls += members[i].rwlock_calls;
    }
    struct qsc_lock_counts counts = qsc_lock_stats_read(&shared.stats);
    assert(counts.operations == all.calls && counts.operations == shared.entries);
    assert(counts.owner_switches == shared.switches);
    assert(counts.contended <= SAMPLE * all.calls && counts.wait_ns <= SAMPLE * all.wait_ns);
    assert(counts.longest_wait_ns <= all.longest_ns && counts.longest_wait_ns <= counts.wait_ns);
    assert(counts.wait_ns <= counts.contended * counts.longest_wait_ns);
    struct qsc_lock_counts at_rwlock = qsc_lock_stats_read(&of_rwlock);
    assert(at_rwlock.contended <= SAMPLE * all.rwlock_calls && at_rwlock.operations == 0);
    assert(at_rwlock.wait_ns <= at_rwlock.contended * at_rwlock.longest_wait_ns);
    others_in_the_list();
    qsc_lock_stats_detach(&shared.stats);
    qsc_lock_stats_detach(&of_rwlock);
    return (long)(counts.contended < at_rwlock.contended ? counts.contended : at_rwlock.contended);
}

int main(void)
{
    return stress_repeat("waits counted at each of two locks", batch, 100);
}
