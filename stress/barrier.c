/* Threads go through barrier after barrier, each round after round and by all three doors. One of them is
 * sometimes late, so that the others use up their spinning and sleep, and some of their deadlines pass: they
 * go back and come again. The last to leave a barrier's last round frees it. Oracle: who passes sees what
 * each thread wrote before it came, and nothing of what it writes a round later; one thread a round is told
 * that it is the last, and may write without a lock; nobody is at the barrier at the end; no access after the
 * free. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/barrier.h>
#include <stdlib.h>

enum { THREADS = STRESS_THREADS(4, 2), ROUNDS = STRESS_SIZE(20, 2), OBJECTS = STRESS_SIZE(20, 1) };

struct object {
    qsc_barrier barrier;
    int wrote[2][THREADS]; // plain: the barrier must order them
    int lasts;             // plain: written by the last only
};

static struct object *objects[OBJECTS];

struct member {
    int index;
    long met; // times it came and others had not
};

// Comes by this door, and again if that was in vain. Returns whether it is the last to leave.
static bool pass(struct member *me, qsc_barrier *barrier, int door)
{
    bool last = false;
    if (door == 1) {
        if (qsc_barrier_trywait(barrier, &last))
            return last;
        me->met++;
    }
    if (door == 2) {
        struct timespec deadline = stress_soon(20000);
        int error = qsc_barrier_wait_until(barrier, &deadline, &last);
        assert(error == 0 || error == ETIMEDOUT);
        if (!error)
            return last;
        me->met++;
    }
    return qsc_barrier_wait(barrier);
}

static void meet(struct member *me, struct object *object)
{
    for (int round = 0; round < ROUNDS; round++) {
        if (round % 8 == 0 && round / 8 % THREADS == me->index)
            nanosleep(&(struct timespec){.tv_nsec = 40000}, NULL);
        object->wrote[round % 2][me->index] = round;
        bool end = round == ROUNDS - 1;
        bool last = pass(me, &object->barrier, end ? 0 : (me->index + round + 2) % 3);
        if (last)
            object->lasts++;
        if (!end || last)
            for (int i = 0; i < THREADS; i++)
                assert(object->wrote[round % 2][i] == round);
        if (end && last) {
            assert(object->lasts == ROUNDS);
            assert(object->barrier.state << 2 == 0); // nobody is there
            free(object);
        }
    }
}

static void *run(void *arg)
{
    for (int i = 0; i < OBJECTS; i++)
        meet(arg, objects[i]);
    return NULL;
}

static long batch(void)
{
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = calloc(1, sizeof *objects[i]);
        assert(objects[i]);
        objects[i]->barrier = (qsc_barrier)QSC_BARRIER_INIT(THREADS);
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
    return stress_repeat("threads that came in vain and came again", batch, 500);
}
