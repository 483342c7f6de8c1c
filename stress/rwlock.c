/* Two writers and three readers come by all doors; some deadlines pass while a reader or a writer waits.
 * Oracle: a writer is alone, readers see whole updates only, no update is lost, no writer comes between a
 * writer and its own reading on, nobody is counted as inside or waiting at the end: the arrivals and
 * departures of the readers balance and the lock can be taken at once. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/rwlock.h>
#include <sched.h>
#include <time.h>

enum { WRITERS = STRESS_THREADS(2, 1), READERS = STRESS_THREADS(3, 1), ROUNDS = STRESS_SIZE(200, 2) };

static qsc_rwlock lock;
static long left, right;             // plain and equal whenever nobody writes: the lock must order them
static _Atomic int writing, reading; // relaxed: they must not order what the lock should

struct member {
    int index;
    long met, written;
};

// Gives the others time to run into this section: to spin, to sleep, to let their deadlines pass.
static void dwell(int round)
{
    if (round % 8 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (round % 3 == 0)
        sched_yield();
}

// Enters by the door of this round. Returns whether it is inside; `met` counts finding it closed.
static bool enter(struct member *me, int round, bool (*trylock)(qsc_rwlock *), void (*wait)(qsc_rwlock *),
                  int (*wait_until)(qsc_rwlock *, const struct timespec *))
{
    int door = (me->index + round) % 4;
    if (door == 3) {
        struct timespec deadline = stress_soon(round % 3 ? 20000 : 2000000);
        int error = wait_until(&lock, &deadline);
        assert(error == 0 || error == ETIMEDOUT);
        me->met += error != 0;
        return !error;
    }
    if (door != 0) {
        if (trylock(&lock))
            return true;
        me->met++;
        if (door == 1)
            return false;
    }
    wait(&lock);
    return true;
}

static void *write_rounds(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < ROUNDS; round++) {
        if (!enter(me, round, qsc_rwlock_write_trylock, qsc_rwlock_write_lock, qsc_rwlock_write_lock_until))
            continue;
        assert(atomic_fetch_add_explicit(&writing, 1, memory_order_relaxed) == 0);
        assert(atomic_load_explicit(&reading, memory_order_relaxed) == 0);
        left++;
        dwell(round);
        right++;
        me->written++;
        atomic_fetch_sub_explicit(&writing, 1, memory_order_relaxed);
        if (round % 5 != 4) {
            qsc_rwlock_write_unlock(&lock);
            continue;
        }
        long mine = left;
        qsc_rwlock_downgrade(&lock);
        dwell(round);
        assert(left == mine && right == mine);
        qsc_rwlock_read_unlock(&lock);
    }
    return NULL;
}

static void *read_rounds(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < ROUNDS; round++) {
        if (!enter(me, round, qsc_rwlock_read_trylock, qsc_rwlock_read_lock, qsc_rwlock_read_lock_until))
            continue;
        atomic_fetch_add_explicit(&reading, 1, memory_order_relaxed);
        assert(atomic_load_explicit(&writing, memory_order_relaxed) == 0);
        long before = left;
        dwell(round);
        assert(left == before && right == before);
        atomic_fetch_sub_explicit(&reading, 1, memory_order_relaxed);
        qsc_rwlock_read_unlock(&lock);
    }
    return NULL;
}

static void *run(void *arg)
{
    struct member *me = arg;
    return me->index < WRITERS ? write_rounds(me) : read_rounds(me);
}

static void *give_up(void *unused)
{
    struct timespec now = stress_soon(0);
    assert(qsc_rwlock_read_lock_until(&lock, &now) == ETIMEDOUT);
    return unused;
}

static long batch(void)
{
    struct member members[WRITERS + READERS];
    for (int i = 0; i < WRITERS + READERS; i++)
        members[i] = (struct member){.index = i};
    lock = (qsc_rwlock)QSC_RWLOCK_INIT;
    left = right = 0;
    stress_threads(WRITERS + READERS, run, members, sizeof *members);

    long met = 0, written = 0;
    for (int i = 0; i < WRITERS + READERS; i++) {
        met += members[i].met;
        written += members[i].written;
    }
    assert(left == written && right == written);

    qsc_rwlock_write_lock(
        &lock); // the last one in line gives up: nobody after it could clear up what it leaves
    stress_threads(1, give_up, members, 0);
    qsc_rwlock_write_unlock(&lock);
    assert(lock.state == 0 && lock.line.word == 0);
    return met;
}

int main(void)
{
    return stress_repeat("entries that found the lock closed", batch, 500);
}
