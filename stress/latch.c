/* Object after object, the threads meet at one latch, which all count down and all wait for by three doors,
 * then one of them waits at a second latch for the others and frees the object, both latches included, while
 * they may still return from counting down. The thread that counts down last is sometimes late, so that the
 * others use up their spinning and sleep, and some of their deadlines pass. Oracle: who passes a latch sees
 * what each thread wrote before it counted; a thread waits in vain for none; no access after the free. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/latch.h>
#include <sched.h>
#include <stdlib.h>

enum { THREADS = STRESS_THREADS(4, 2), OBJECTS = STRESS_SIZE(200, 1) };

struct object {
    qsc_latch all, others;
    int from[THREADS], again[THREADS]; // plain: the latches must order them
};

static struct object *objects[OBJECTS];

struct member {
    int index;
    long met; // times it found a latch closed
};

static void pass(struct member *me, qsc_latch *latch, int door)
{
    me->met += !qsc_latch_trywait(latch);
    if (door % 3 == 0) {
        qsc_latch_wait(latch);
        return;
    }
    struct timespec deadline = stress_soon(door % 2 ? 20000 : 2000000);
    int error = qsc_latch_wait_until(latch, &deadline);
    assert(error == 0 || error == ETIMEDOUT);
    if (error)
        qsc_latch_wait(latch);
}

static void meet(struct member *me, struct object *object, int round)
{
    bool late = (round + 1) % THREADS == me->index;
    if (late && round % 8 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 40000}, NULL);
    object->from[me->index] = round + me->index;
    qsc_latch_count_down(&object->all, late ? 2 : 1);
    pass(me, &object->all, me->index + round);
    for (int i = 0; i < THREADS; i++)
        assert(object->from[i] == round + i);

    object->again[me->index] = round + me->index;
    if (round % THREADS != me->index) {
        qsc_latch_count_down(&object->others, 1);
        return;
    }
    pass(me, &object->others, round);
    for (int i = 0; i < THREADS; i++)
        assert(object->again[i] == round + i);
    free(object);
}

static void *run(void *arg)
{
    struct member *me = arg;
    for (int i = 0; i < OBJECTS; i++)
        meet(me, objects[i], i);
    return NULL;
}

static long batch(void)
{
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = calloc(1, sizeof *objects[i]);
        assert(objects[i]);
        objects[i]->all = (qsc_latch)QSC_LATCH_INIT(THREADS + 1);
        objects[i]->others = (qsc_latch)QSC_LATCH_INIT(THREADS - 1);
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
    return stress_repeat("waits that found a latch closed", batch, 500);
}
