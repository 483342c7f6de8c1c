/* Producers and consumers pass items through one slot, under a mutex with two condition variables, and wait
 * by both doors. Every other signal is made with the mutex held, the others after the unlock. The last
 * producer closes the slot by a broadcast, for which some consumers wait. A wake-up that is lost hangs the
 * batch. Oracle: each item comes out once; every wait comes back with the mutex; nobody counted as waiting at
 * the end. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/condvar.h>
#include <sched.h>

enum { PAIRS = STRESS_THREADS(2, 1), ROUNDS = STRESS_SIZE(500, 1) };

static struct {
    qsc_mutex mutex;
    qsc_condvar filled, emptied;
    int inside; // plain, as the rest: the mutex must order it
    int item, producers;
    bool full;
    long met; // waits
    int taken[PAIRS * ROUNDS];
} slot;

static void enter(void)
{
    slot.inside++;
    assert(slot.inside == 1);
}

static void leave(void)
{
    assert(slot.inside == 1);
    slot.inside--;
}

// With a deadline in odd rounds, of which some pass; but not again when one has.
static void wait_for(qsc_condvar *condvar, int *door)
{
    slot.met++;
    leave();
    if (*door % 2) {
        struct timespec deadline = stress_soon(*door % 8 == 1 ? 20000 : 2000000);
        int error = qsc_condvar_wait_until(condvar, &slot.mutex, &deadline);
        assert(error == 0 || error == ETIMEDOUT);
        *door -= error == ETIMEDOUT;
    } else {
        qsc_condvar_wait(condvar, &slot.mutex);
    }
    enter();
}

// Every other time with the mutex held.
static void unlock_and_wake(void (*wake)(qsc_condvar *), qsc_condvar *condvar, int round)
{
    leave();
    if (round % 2)
        wake(condvar);
    qsc_mutex_unlock(&slot.mutex);
    if (round % 2 == 0)
        wake(condvar);
}

// The end of a producer comes with its last item; if it is the last producer, all consumers must hear of it.
static void produce(int index)
{
    for (int round = 0; round < ROUNDS; round++) {
        qsc_mutex_lock(&slot.mutex);
        enter();
        for (int door = round; slot.full;)
            wait_for(&slot.emptied, &door);
        slot.item = index * ROUNDS + round;
        slot.full = true;
        slot.producers -= round == ROUNDS - 1;
        unlock_and_wake(slot.producers ? qsc_condvar_signal : qsc_condvar_broadcast, &slot.filled, round);
        if (round % 16 == 0)
            sched_yield();
    }
}

static void consume(void)
{
    bool end = false;
    for (int round = 1; !end; round++) {
        qsc_mutex_lock(&slot.mutex);
        enter();
        for (int door = round; !slot.full && slot.producers > 0;)
            wait_for(&slot.filled, &door);
        if (slot.full)
            slot.taken[slot.item]++;
        slot.full = false;
        end = slot.producers == 0;
        unlock_and_wake(qsc_condvar_signal, &slot.emptied, round);
    }
}

static void *run(void *arg)
{
    int index = *(int *)arg;
    if (index < PAIRS)
        produce(index);
    else
        consume();
    return NULL;
}

static long batch(void)
{
    slot.producers = PAIRS;
    slot.met = 0;
    for (int i = 0; i < PAIRS * ROUNDS; i++)
        slot.taken[i] = 0;
    int index[2 * PAIRS];
    for (int i = 0; i < 2 * PAIRS; i++)
        index[i] = i;
    stress_threads(2 * PAIRS, run, index, sizeof *index);

    for (int i = 0; i < PAIRS * ROUNDS; i++)
        assert(slot.taken[i] == 1);
    assert(slot.inside == 0 && slot.mutex.word == 0);
    assert(slot.filled.waiting == 0 && slot.emptied.waiting == 0);
    return slot.met;
}

int main(void)
{
    return stress_repeat("waits", batch, 1000);
}
