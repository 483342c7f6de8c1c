/* Two producers and two consumers go through a queue of one or two items by all its doors, and often find it
 * full or empty. First in rounds of one item each, at the end of which all wait for all, so that an item or a
 * wake-up that is lost hangs the batch: the producers come at every moment of the consumers' falling asleep.
 * Then in streams that a fifth thread closes under way. Oracle: every item that was accepted comes out once,
 * with its content; one consumer sees the items of one producer in order; after the close nothing is accepted
 * and nothing is left. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/queue.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = STRESS_THREADS(2, 1), ROUNDS = STRESS_SIZE(600, 2), STREAMS = STRESS_SIZE(30, 1) };

struct item {
    int number; // plain: the queue must order it
    _Atomic int copies;
};

struct shared {
    qsc_queue queue;
    bool stream;
    pthread_barrier_t round_ends;
    struct item items[PAIRS][ROUNDS];
};

struct member {
    struct shared *shared;
    int index;       // producers 0 .. PAIRS-1, then consumers, then the thread that closes
    int last[PAIRS]; // the consumer's latest item of each producer
    long met;        // times it found the queue full or empty
    long moved;
};

// By the door of this round. Returns when the item is in or the queue is closed.
static int push(struct member *me, int round)
{
    qsc_queue *queue = &me->shared->queue;
    struct item *item = &me->shared->items[me->index][round];
    item->number = me->index * ROUNDS + round;
    for (;;) {
        int error = qsc_queue_trypush(queue, item);
        if (error == EAGAIN) {
            me->met++;
            struct timespec deadline = stress_soon(20000);
            error = round % 3 ? qsc_queue_push(queue, item) : qsc_queue_push_until(queue, item, &deadline);
        }
        me->moved += error == 0;
        if (error != ETIMEDOUT)
            return error;
    }
}

static void consume(struct member *me, struct item *item)
{
    int producer = item->number / ROUNDS;
    assert(item == &me->shared->items[producer][item->number % ROUNDS]);
    assert(item->number > me->last[producer]);
    me->last[producer] = item->number;
    int earlier = atomic_fetch_add_explicit(&item->copies, 1, memory_order_relaxed);
    assert(earlier == 0);
    me->moved++;
}

static int pop(struct member *me, int round)
{
    qsc_queue *queue = &me->shared->queue;
    for (;;) {
        void *item;
        int error = qsc_queue_trypop(queue, &item);
        if (error == EAGAIN) {
            me->met++;
            struct timespec deadline = stress_soon(20000);
            error = round % 3 ? qsc_queue_pop(queue, &item) : qsc_queue_pop_until(queue, &item, &deadline);
        }
        if (error == 0)
            consume(me, item);
        if (error != ETIMEDOUT)
            return error;
    }
}

static void go_round_by_round(struct member *me, bool producer)
{
    for (int round = 0; round < ROUNDS; round++) {
        // Every other round only one pair plays: nobody else can make good what is lost
        if (round % 2 == 0 || me->index % PAIRS == 0) {
            for (int i = 0; producer && i < STRESS_SIZE(round * 7 % 400, 0); i++)
                qsc_port_pause();
            int error = producer ? push(me, round) : pop(me, round);
            assert(error == 0);
        }
        pthread_barrier_wait(&me->shared->round_ends);
    }
}

static void stream(struct member *me, bool producer)
{
    int error = 0;
    for (int round = 0; !error && (round < ROUNDS || !producer); round++) {
        error = producer ? push(me, round) : pop(me, round);
        assert(error == 0 || error == EPIPE);
        if (round % 64 == 0)
            nanosleep(&(struct timespec){.tv_nsec = 30000}, NULL);
        else if (round % 5 == producer)
            sched_yield();
    }
}

static void *run(void *arg)
{
    struct member *me = arg;
    if (me->index == 2 * PAIRS) {
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
        qsc_queue_close(&me->shared->queue);
    } else if (me->shared->stream) {
        stream(me, me->index < PAIRS);
    } else {
        go_round_by_round(me, me->index < PAIRS);
    }
    return NULL;
}

static long live(struct shared *shared, bool streams, size_t capacity)
{
    *shared = (struct shared){.stream = streams};
    int error = qsc_queue_init(&shared->queue, capacity) ||
                pthread_barrier_init(&shared->round_ends, NULL, 2 * PAIRS);
    assert(error == 0);
    struct member members[2 * PAIRS + 1];
    for (int i = 0; i < 2 * PAIRS + 1; i++) {
        members[i] = (struct member){.shared = shared, .index = i};
        for (int k = 0; k < PAIRS; k++)
            members[i].last[k] = -1;
    }
    stress_threads(2 * PAIRS + streams, run, members, sizeof *members);

    long pushed = 0, popped = 0, met = 0;
    for (int i = 0; i < 2 * PAIRS; i++) {
        *(i < PAIRS ? &pushed : &popped) += members[i].moved;
        met += members[i].met;
    }
    assert(pushed == popped);
    void *none;
    error = qsc_queue_trypop(&shared->queue, &none);
    assert(error == (streams ? EPIPE : EAGAIN));
    error = qsc_queue_trypush(&shared->queue, &none);
    assert(error == (streams ? EPIPE : 0));
    qsc_queue_fini(&shared->queue);
    pthread_barrier_destroy(&shared->round_ends);
    return met;
}

static long batch(void)
{
    struct shared *shared = aligned_alloc(64, (sizeof *shared + 63) & ~(size_t)63);
    assert(shared);
    long met = live(shared, false, 1) + live(shared, false, 2);
    for (int i = 0; i < STREAMS; i++)
        met += live(shared, true, 2);
    free(shared);
    return met;
}

int main(void)
{
    return stress_repeat("times a thread found the queue full or empty", batch, 5000);
}
