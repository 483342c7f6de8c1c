/* Threads go through one barrier round after round, by both doors; one of them is sometimes late. Oracle: who
 * passes sees what each thread wrote before it came, and nothing of what it writes a round later; one thread
 * a round is told that it was the last to come, and may write without a lock; nobody is at the barrier at the
 * end. */
#include "stress.h"

#include <quiesce/concurrency/spinbarrier.h>
#include <sched.h>

enum { THREADS = STRESS_THREADS(4, 2), ROUNDS = STRESS_SIZE(1000, 3) };

static struct {
    qsc_spinbarrier barrier;
    int wrote[2][THREADS]; // plain: the barrier must order them
    int lasts;             // plain: written by the last only
} shared;

struct member {
    int index;
    long met; // times it came and others had not
};

static bool pass(struct member *me, bool try)
{
    if (try && qsc_spinbarrier_trywait(&shared.barrier))
        return true;
    me->met += try;
    return qsc_spinbarrier_wait(&shared.barrier);
}

static void *run(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < ROUNDS; round++) {
        if (round % 8 == 7 && round / 8 % THREADS == me->index)
            sched_yield();
        shared.wrote[round % 2][me->index] = round;
        if (pass(me, (me->index + round) % 2))
            shared.lasts++;
        for (int i = 0; i < THREADS; i++)
            assert(shared.wrote[round % 2][i] == round);
    }
    return NULL;
}

static long batch(void)
{
    shared.barrier = (qsc_spinbarrier)QSC_SPINBARRIER_INIT(THREADS);
    shared.lasts = 0;
    struct member members[THREADS];
    for (int i = 0; i < THREADS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(THREADS, run, members, sizeof *members);

    assert(shared.lasts == ROUNDS);
    assert(shared.barrier.come == (uint64_t)ROUNDS * THREADS && shared.barrier.passed == ROUNDS);
    long met = 0;
    for (int i = 0; i < THREADS; i++)
        met += members[i].met;
    return met;
}

int main(void)
{
    return stress_repeat("threads that came in vain and came again", batch, 500);
}
