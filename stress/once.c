/* Threads come to object after object and want it initialised, by all doors. Whoever runs the initialisation
 * is sometimes slow, so that the others sleep and some of their deadlines pass. The last user frees the
 * object, which is never the one that ran: its use ends inside of the initialisation, and it may still return
 * from its call. Oracle: initialised once, by one; whoever passes sees it whole; no access after the free. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/once.h>
#include <sched.h>
#include <stdlib.h>

enum { THREADS = STRESS_THREADS(4, 2), OBJECTS = STRESS_SIZE(200, 1) };

struct object {
    qsc_once once;
    int runs, check; // plain: the once must order them
    bool slow;
    _Atomic int users;
};

static struct object *objects[OBJECTS];

struct member {
    int index;
    long met; // times it found the initialisation under way
};

static void drop(struct object *object)
{
    if (atomic_fetch_sub_explicit(&object->users, 1, memory_order_acq_rel) == 1)
        free(object);
}

static _Thread_local bool ran;

static void initialise(void *arg)
{
    struct object *object = arg;
    object->runs++;
    if (object->slow)
        nanosleep(&(struct timespec){.tv_nsec = 40000}, NULL);
    else
        sched_yield();
    assert(!qsc_once_done(&object->once));
    object->check = object->runs;
    ran = true;
    drop(object);
}

static void pass(struct member *me, struct object *object, int door)
{
    switch (door % 3) {
    case 0:
        qsc_once_call(&object->once, initialise, object);
        return;
    case 1: {
        struct timespec deadline = stress_soon(20000);
        int error = qsc_once_call_until(&object->once, initialise, object, &deadline);
        assert(error == 0 || error == ETIMEDOUT);
        if (!error)
            return;
        break;
    }
    default:
        if (qsc_once_trycall(&object->once, initialise, object))
            return;
    }
    me->met++;
    qsc_once_call(&object->once, initialise, object);
}

static void *run(void *arg)
{
    struct member *me = arg;
    for (int i = 0; i < OBJECTS; i++) {
        ran = false;
        pass(me, objects[i], me->index + i);
        if (ran)
            continue;
        assert(objects[i]->runs == 1 && objects[i]->check == 1);
        assert(qsc_once_done(&objects[i]->once));
        drop(objects[i]);
    }
    return NULL;
}

static long batch(void)
{
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = calloc(1, sizeof *objects[i]);
        assert(objects[i]);
        objects[i]->users = THREADS;
        objects[i]->slow = i % 4 == 0;
    }
    struct member members[THREADS];
    for (int i = 0; i < THREADS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(THREADS, run, members, sizeof *members);

    long met = 0;
    for (int i = 0; i < THREADS; i++)
        met += members[i].met;
    return met;
}

int main(void)
{
    return stress_repeat("calls that found it under way", batch, 200);
}
