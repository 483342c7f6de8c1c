/* Two writers and three readers come by all doors. Oracle: a writer is alone, readers see whole updates only,
 * no update is lost, no writer comes between a writer and its own reading on, as many have gone as came. */
#include "stress.h"

#include <quiesce/concurrency/pflock.h>
#include <sched.h>
#include <time.h>

enum { WRITERS = STRESS_THREADS(2, 1), READERS = STRESS_THREADS(3, 1), ROUNDS = STRESS_SIZE(200, 2) };

static qsc_pflock lock;
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
static bool enter(struct member *me, int round, bool (*trylock)(qsc_pflock *), void (*wait)(qsc_pflock *))
{
    int door = (me->index + round) % 3;
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
        if (!enter(me, round, qsc_pflock_write_trylock, qsc_pflock_write_lock))
            continue;
        assert(atomic_fetch_add_explicit(&writing, 1, memory_order_relaxed) == 0);
        assert(atomic_load_explicit(&reading, memory_order_relaxed) == 0);
        left++;
        dwell(round);
        right++;
        me->written++;
        atomic_fetch_sub_explicit(&writing, 1, memory_order_relaxed);
        if (round % 5 != 4) {
            qsc_pflock_write_unlock(&lock);
            continue;
        }
        long mine = left;
        qsc_pflock_downgrade(&lock);
        dwell(round);
        assert(left == mine && right == mine);
        qsc_pflock_read_unlock(&lock);
    }
    return NULL;
}

static void *read_rounds(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < ROUNDS; round++) {
        if (!enter(me, round, qsc_pflock_read_trylock, qsc_pflock_read_lock))
            continue;
        atomic_fetch_add_explicit(&reading, 1, memory_order_relaxed);
        assert(atomic_load_explicit(&writing, memory_order_relaxed) == 0);
        long before = left;
        dwell(round);
        assert(left == before && right == before);
        atomic_fetch_sub_explicit(&reading, 1, memory_order_relaxed);
        qsc_pflock_read_unlock(&lock);
    }
    return NULL;
}

static void *run(void *arg)
{
    struct member *me = arg;
    return me->index < WRITERS ? write_rounds(me) : read_rounds(me);
}

static long batch(void)
{
    struct member members[WRITERS + READERS];
    for (int i = 0; i < WRITERS + READERS; i++)
        members[i] = (struct member){.index = i};
    lock = (qsc_pflock)QSC_PFLOCK_INIT;
    left = right = 0;
    stress_threads(WRITERS + READERS, run, members, sizeof *members);

    long met = 0, written = 0;
    for (int i = 0; i < WRITERS + READERS; i++) {
        met += members[i].met;
        written += members[i].written;
    }
    assert(left == written && right == written);

    assert(lock.readers_in / 4 == lock.readers_out / 4 && lock.readers_in % 2 == 0);
    assert(lock.next_writer == lock.serving_writer);
    return met;
}

int main(void)
{
    return stress_repeat("entries that found the lock closed", batch, 500);
}
