/* Two producers and two consumers, or one where the core allows no more, go through a queue of one or two
 * items by all its doors, and often find it full or empty. First in rounds of one item each, at the end of
 * which all wait for all, so that an item or a wake-up that is lost hangs the batch: the producers come at
 * every moment of the consumers' falling asleep. Then in streams that another thread closes under way.
 * Oracle: every item that was accepted comes out once, with its content; one consumer sees the items of one
 * producer in order; after the close nothing is accepted and nothing is left. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/mpsc.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/queue.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = STRESS_THREADS(2, 1), ROUNDS = STRESS_SIZE(600, 2), STREAMS = STRESS_SIZE(30, 1) };

enum core { MPMC, MPSC, SPSC, CORES };

struct item {
    qsc_mpsc_node node; // the first member
    int number;         // plain: the queue must order it
    _Atomic int copies;
};

struct shared {
    qsc_queue queue;
    int producers, consumers;
    bool stream;
    pthread_barrier_t round_ends;
    struct item items[PAIRS][ROUNDS];
};

struct member {
    struct shared *shared;
    int index;       // producers first, then consumers, then the thread that closes
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
    struct shared *shared = me->shared;
    for (int round = 0; round < ROUNDS; round++) {
        // Every other round only one pair plays: nobody else can make good what is lost
        bool all = round % 2 == 0, plays = all || me->index == 0 || me->index == shared->producers;
        int items = !plays ? 0 : producer || !all ? 1 : shared->producers / shared->consumers;
        for (; items > 0; items--) {
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
    int producers = me->shared->producers;
    if (me->index == producers + me->shared->consumers) {
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
        qsc_queue_close(&me->shared->queue);
    } else if (me->shared->stream) {
        stream(me, me->index < producers);
    } else {
        go_round_by_round(me, me->index < producers);
    }
    return NULL;
}

static int init(qsc_queue *queue, enum core core, size_t capacity)
{
    if (core == MPSC) {
        qsc_queue_init_mpsc(queue);
        return 0;
    }
    return core == SPSC ? qsc_queue_init_spsc(queue, capacity) : qsc_queue_init(queue, capacity);
}

static long live(struct shared *shared, enum core core, bool streams, size_t capacity)
{
    *shared = (struct shared){
        .producers = core == SPSC ? 1 : PAIRS, .consumers = core == MPMC ? PAIRS : 1, .stream = streams};
    int both = shared->producers + shared->consumers;
    int error = init(&shared->queue, core, capacity) ||
                pthread_barrier_init(&shared->round_ends, NULL, (unsigned)both);
    assert(error == 0);
    struct member members[2 * PAIRS + 1];
    for (int i = 0; i < 2 * PAIRS + 1; i++) {
        members[i] = (struct member){.shared = shared, .index = i};
        for (int k = 0; k < PAIRS; k++)
            members[i].last[k] = -1;
    }
    stress_threads(both + streams, run, members, sizeof *members);

    long pushed = 0, popped = 0, met = 0;
    for (int i = 0; i < both; i++) {
        *(i < shared->producers ? &pushed : &popped) += members[i].moved;
        met += members[i].met;
    }
    assert(pushed == popped);
    void *none;
    error = qsc_queue_trypop(&shared->queue, &none);
    assert(error == (streams ? EPIPE : EAGAIN));
    error = qsc_queue_trypush(&shared->queue, &shared->items[0][0]);
    assert(error == (streams ? EPIPE : 0));
    qsc_queue_fini(&shared->queue);
    pthread_barrier_destroy(&shared->round_ends);
    return met;
}

static long batch(void)
{
    struct shared *shared = aligned_alloc(64, (sizeof *shared + 63) & ~(size_t)63);
    assert(shared);
    long met = live(shared, MPMC, false, 1);
    for (int core = 0; core < CORES; core++) {
        met += live(shared, (enum core)core, false, 2);
        for (int i = 0; i < STREAMS; i++)
            met += live(shared, (enum core)core, true, 2);
    }
    free(shared);
    return met;
}

int main(void)
{
    return stress_repeat("times a thread found the queue full or empty", batch, 5000);
}
