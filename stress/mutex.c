/* Four threads enter one section by all three doors; the last to leave frees the mutex. A thread that holds
 * it sometimes sleeps, so that the others use up their spinning and sleep as well; some of their deadlines
 * pass. Oracle: nobody else inside, no update lost, nobody counted as waiting at the end, no access after the
 * free. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/mutex.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS = STRESS_THREADS(4, 2), ROUNDS = STRESS_SIZE(300, 2) };

struct shared {
    qsc_mutex mutex;
    int users;
    long entries; // plain: the mutex must order it
    long *result;
    _Atomic int inside; // relaxed: it must not order what the mutex should
};

struct member {
    struct shared *shared;
    int index;
    long met, entered;
};

static struct timespec soon(long nanoseconds)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += nanoseconds;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

// Enters by the door of this member's round. Returns whether it is inside; `met` counts finding it occupied.
static bool enter(struct member *me, int round)
{
    qsc_mutex *mutex = &me->shared->mutex;
    switch ((me->index + round) % 4) {
    case 0:
        qsc_mutex_lock(mutex);
        return true;
    case 1:
        if (qsc_mutex_trylock(mutex))
            return true;
        me->met++;
        return false;
    case 2:
        if (!qsc_mutex_trylock(mutex)) {
            me->met++;
            qsc_mutex_lock(mutex);
        }
        return true;
    default: {
        struct timespec deadline = soon(round % 3 ? 20000 : 2000000);
        int error = qsc_mutex_lock_until(mutex, &deadline);
        assert(error == 0 || error == ETIMEDOUT);
        if (error)
            me->met++;
        return !error;
    }
    }
}

static void section(struct member *me, int round)
{
    struct shared *shared = me->shared;
    int others = atomic_fetch_add_explicit(&shared->inside, 1, memory_order_relaxed);
    assert(others == 0);
    shared->entries++;
    me->entered++;
    if (round % 8 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (round % 3 == 0)
        sched_yield();
    atomic_fetch_sub_explicit(&shared->inside, 1, memory_order_relaxed);
}

static void *run(void *arg)
{
    struct member *me = arg;
    struct shared *shared = me->shared;
    for (int round = 0; round < ROUNDS; round++)
        if (enter(me, round)) {
            section(me, round);
            qsc_mutex_unlock(&shared->mutex);
        }
    qsc_mutex_lock(&shared->mutex);
    me->entered++;
    shared->entries++;
    bool last = --shared->users == 0;
    qsc_mutex_unlock(&shared->mutex);
    if (last) {
        assert(shared->mutex.word == 0);
        *shared->result = shared->entries;
        free(shared);
    }
    return NULL;
}

static long batch(void)
{
    struct shared *shared = calloc(1, sizeof *shared);
    assert(shared);
    long entries = 0, entered = 0, met = 0;
    shared->users = THREADS;
    shared->result = &entries;
    struct member members[THREADS];
    for (int i = 0; i < THREADS; i++)
        members[i] = (struct member){.shared = shared, .index = i};
    stress_threads(THREADS, run, members, sizeof *members);
    for (int i = 0; i < THREADS; i++) {
        met += members[i].met;
        entered += members[i].entered;
    }
    assert(entries == entered);
    return met;
}

int main(void)
{
    return stress_repeat("entries that found the mutex taken", batch, 500);
}
