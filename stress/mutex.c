/* Four threads enter one section by all three doors, and leave it by one or both. One that is inside
 * sometimes sleeps, so that the others use up their spinning and sleep as well, and some of their deadlines
 * pass. Then they part: object after object, each drops its reference under the object's mutex, and the last
 * one frees the object, mutex included. Oracle: nobody else inside, no update lost, nobody counted as waiting
 * at the end, no access after the free. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/mutex.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS = STRESS_THREADS(4, 2), ROUNDS = STRESS_SIZE(200, 2), OBJECTS = STRESS_SIZE(200, 1) };

static qsc_mutex mutex;
static bool fair;          // in every second batch some unlocks are
static long entries;       // plain: the mutex must order it
static _Atomic int inside; // relaxed: it must not order what the mutex should

struct object {
    qsc_mutex mutex;
    int users;
};

static struct object *objects[OBJECTS];

struct member {
    int index;
    long met, entered;
};

// Enters by the door of this member's round. Returns whether it is inside; `met` counts finding it occupied.
static bool enter(struct member *me, int round)
{
    switch ((me->index + round) % 4) {
    case 0:
        qsc_mutex_lock(&mutex);
        return true;
    case 1:
        if (qsc_mutex_trylock(&mutex))
            return true;
        me->met++;
        return false;
    case 2:
        if (!qsc_mutex_trylock(&mutex)) {
            me->met++;
            qsc_mutex_lock(&mutex);
        }
        return true;
    default: {
        struct timespec deadline = stress_soon(round % 3 ? 20000 : 2000000);
        int error = qsc_mutex_lock_until(&mutex, &deadline);
        assert(error == 0 || error == ETIMEDOUT);
        if (error)
            me->met++;
        return !error;
    }
    }
}

static void section(struct member *me, int round)
{
    int others = atomic_fetch_add_explicit(&inside, 1, memory_order_relaxed);
    assert(others == 0);
    entries++;
    me->entered++;
    if (round % 8 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (round % 3 == 0)
        sched_yield();
    atomic_fetch_sub_explicit(&inside, 1, memory_order_relaxed);
}

static void part(struct object *object)
{
    qsc_mutex_lock(&object->mutex);
    bool last = --object->users == 0;
    qsc_mutex_unlock(&object->mutex);
    if (last) {
        assert(object->mutex.word == 0);
        free(object);
    }
}

static void *run(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < ROUNDS; round++)
        if (enter(me, round)) {
            section(me, round);
            if (fair && round % 5 == 0)
                qsc_mutex_unlock_fair(&mutex);
            else
                qsc_mutex_unlock(&mutex);
        }
    for (int i = 0; i < OBJECTS; i++)
        part(objects[i]);
    return NULL;
}

static long batch(void)
{
    mutex = (qsc_mutex)QSC_MUTEX_INIT;
    entries = 0;
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = malloc(sizeof *objects[i]);
        assert(objects[i]);
        *objects[i] = (struct object){.users = THREADS};
    }
    struct member members[THREADS];
    for (int i = 0; i < THREADS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(THREADS, run, members, sizeof *members);

    long entered = 0, met = 0;
    for (int i = 0; i < THREADS; i++) {
        met += members[i].met;
        entered += members[i].entered;
    }
    assert(entries == entered && mutex.word == 0);
    fair = !fair;
    return met;
}

int main(void)
{
    return stress_repeat("entries that found the mutex taken", batch, 500);
}
