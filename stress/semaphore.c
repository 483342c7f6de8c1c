/* Threads share two units by all three doors, one unit at a time or both: who has both is alone and writes,
 * who has one reads. One that holds units sometimes sleeps, so that the others use up their spinning and
 * sleep as well, and some of their deadlines pass. Then they part: of object after object one thread waits
 * for a unit from each of the others and frees it, semaphore included, while they may still return from their
 * posts. Oracle: never more than two units out, no update lost, all units back and nobody in line at the end;
 * what a poster wrote is seen; no access after the free. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/semaphore.h>
#include <sched.h>
#include <stdlib.h>

enum {
    UNITS = 2,
    THREADS = STRESS_THREADS(4, 2),
    ROUNDS = STRESS_SIZE(200, 1), // and one more for each thread after the first: other doors meet
    OBJECTS = STRESS_SIZE(200, 1)
};

static qsc_semaphore semaphore;
static long entries;    // plain: who has both units writes
static _Atomic int out; // relaxed: it must not order what the semaphore should

struct object {
    qsc_semaphore arrived;
    int from[THREADS];
};

static struct object *objects[OBJECTS];

struct member {
    int index;
    long met, written;
};

// Takes units by the door of this member's round. Returns whether it has them; `met` counts finding too few.
static bool take(struct member *me, int round, uint32_t units)
{
    switch ((me->index + round) % 4) {
    case 0:
        qsc_semaphore_wait(&semaphore, units);
        return true;
    case 1: {
        struct timespec deadline = stress_soon(round % 3 ? 20000 : 2000000);
        int error = qsc_semaphore_wait_until(&semaphore, units, &deadline);
        assert(error == 0 || error == ETIMEDOUT);
        if (error)
            me->met++;
        return !error;
    }
    case 2:
        if (!qsc_semaphore_trywait(&semaphore, units)) {
            me->met++;
            qsc_semaphore_wait(&semaphore, units);
        }
        return true;
    default:
        if (qsc_semaphore_trywait(&semaphore, units))
            return true;
        me->met++;
        return false;
    }
}

static void hold(struct member *me, int round, int units)
{
    int others = atomic_fetch_add_explicit(&out, units, memory_order_relaxed);
    assert(others + units <= UNITS);
    long seen = entries;
    if (units == UNITS) {
        entries = seen + 1;
        me->written++;
    }
    if (round % 8 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (round % 3 == 0)
        sched_yield();
    assert(entries == seen + (units == UNITS));
    atomic_fetch_sub_explicit(&out, units, memory_order_relaxed);
}

static void part(struct object *object, int index, bool frees)
{
    if (!frees) {
        object->from[index] = index + 1;
        qsc_semaphore_post(&object->arrived, 1);
        return;
    }
    qsc_semaphore_wait(&object->arrived, THREADS - 1);
    for (int i = 0; i < THREADS; i++)
        assert(i == index || object->from[i] == i + 1);
    assert(object->arrived.state == 0 && object->arrived.line.word == 0);
    free(object);
}

static void *run(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < ROUNDS + me->index; round++) {
        int units = (me->index + round / 2) % 2 ? 1 : UNITS;
        if (take(me, round, (uint32_t)units)) {
            hold(me, round, units);
            qsc_semaphore_post(&semaphore, (uint32_t)units);
        }
    }
    for (int i = 0; i < OBJECTS; i++)
        part(objects[i], me->index, i % THREADS == me->index);
    return NULL;
}

static long batch(void)
{
    semaphore = (qsc_semaphore)QSC_SEMAPHORE_INIT(UNITS);
    entries = 0;
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = calloc(1, sizeof *objects[i]);
        assert(objects[i]);
    }
    struct member members[THREADS];
    for (int i = 0; i < THREADS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(THREADS, run, members, sizeof *members);

    long written = 0, met = 0;
    for (int i = 0; i < THREADS; i++) {
        met += members[i].met;
        written += members[i].written;
    }
    assert(entries == written);
    assert(semaphore.state == ((qsc_semaphore)QSC_SEMAPHORE_INIT(UNITS)).state && semaphore.line.word == 0);
    return met;
}

int main(void)
{
    return stress_repeat("waits that found too few units", batch, 500);
}
