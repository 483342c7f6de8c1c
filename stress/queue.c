/* Two producers and two consumers go through a queue of two items by all its doors, and often find it full or
 * empty. The first half of the traffic ends with an exact count and no close, so that an item or a wake-up
 * that is lost hangs the batch; in the second a fifth thread closes the queue under way. Oracle: every item
 * that was accepted comes out once, with its content; one consumer sees the items of one producer in order;
 * after the close nothing is accepted and nothing is left. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/queue.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = STRESS_THREADS(2, 1), ROUNDS = STRESS_SIZE(2000, 2), LIVES = STRESS_SIZE(40, 1) };

struct item {
    int number; // plain: the queue must order it
    _Atomic int copies;
};

struct shared {
    qsc_queue queue;
    bool until_close; // else until all have pushed and popped ROUNDS items
    struct item items[PAIRS][ROUNDS];
};

struct member {
    struct shared *shared;
    int index; // producers 0 .. PAIRS-1, then consumers, then the thread that closes
    long met;  // times it found the queue full or empty
    int moved;
};

static struct timespec soon(long nanoseconds)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += nanoseconds;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static void linger(int round)
{
    if (round % 64 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 30000}, NULL);
    else if (round % 5 == 0)
        sched_yield();
}

// By the door of this round; does not return before the item is in or the queue is closed.
static int push(struct member *me, int round, struct item *item)
{
    qsc_queue *queue = &me->shared->queue;
    for (;;) {
        int error = qsc_queue_trypush(queue, item);
        if (error != EAGAIN)
            return error;
        me->met++;
        if (round % 3 == 0)
            return qsc_queue_push(queue, item);
        struct timespec deadline = soon(20000);
        error = qsc_queue_push_until(queue, item, &deadline);
        if (error != ETIMEDOUT)
            return error;
    }
}

static int pop(struct member *me, int round, void **item)
{
    qsc_queue *queue = &me->shared->queue;
    for (;;) {
        int error = qsc_queue_trypop(queue, item);
        if (error != EAGAIN)
            return error;
        me->met++;
        if (round % 3 != 0)
            return qsc_queue_pop(queue, item);
        struct timespec deadline = soon(20000);
        error = qsc_queue_pop_until(queue, item, &deadline);
        if (error != ETIMEDOUT)
            return error;
    }
}

static void produce(struct member *me)
{
    struct item *items = me->shared->items[me->index];
    for (int round = 0; round < ROUNDS; round++) {
        items[round].number = me->index * ROUNDS + round;
        int error = push(me, round, &items[round]);
        assert(error == 0 || (error == EPIPE && me->shared->until_close));
        if (error)
            break;
        me->moved++;
        linger(round + 1);
    }
}

static void consume(struct member *me)
{
    int last[PAIRS];
    for (int i = 0; i < PAIRS; i++)
        last[i] = -1;
    for (int round = 0; me->shared->until_close || round < ROUNDS; round++) {
        void *popped;
        int error = pop(me, round, &popped);
        assert(error == 0 || (error == EPIPE && me->shared->until_close));
        if (error)
            break;
        struct item *item = popped;
        int producer = item->number / ROUNDS;
        assert(item == &me->shared->items[producer][item->number % ROUNDS]);
        assert(item->number > last[producer]);
        last[producer] = item->number;
        int earlier = atomic_fetch_add_explicit(&item->copies, 1, memory_order_relaxed);
        assert(earlier == 0);
        me->moved++;
        linger(round);
    }
}

static void *run(void *arg)
{
    struct member *me = arg;
    if (me->index < PAIRS) {
        produce(me);
    } else if (me->index < 2 * PAIRS) {
        consume(me);
    } else {
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
        qsc_queue_close(&me->shared->queue);
    }
    return NULL;
}

static long live(struct shared *shared, bool until_close)
{
    *shared = (struct shared){.until_close = until_close};
    int error = qsc_queue_init(&shared->queue, 2);
    assert(error == 0);
    struct member members[2 * PAIRS + 1];
    for (int i = 0; i < 2 * PAIRS + 1; i++)
        members[i] = (struct member){.shared = shared, .index = i};
    stress_threads(2 * PAIRS + until_close, run, members, sizeof *members);

    long pushed = 0, popped = 0, met = 0;
    for (int i = 0; i < 2 * PAIRS; i++) {
        *(i < PAIRS ? &pushed : &popped) += members[i].moved;
        met += members[i].met;
    }
    assert(pushed == popped);
    void *none;
    error = qsc_queue_trypop(&shared->queue, &none);
    assert(error == (until_close ? EPIPE : EAGAIN));
    error = qsc_queue_trypush(&shared->queue, &none);
    assert(error == (until_close ? EPIPE : 0));
    qsc_queue_fini(&shared->queue);
    return met;
}

static long batch(void)
{
    struct shared *shared = aligned_alloc(64, (sizeof *shared + 63) & ~(size_t)63);
    assert(shared);
    long met = live(shared, false);
    for (int i = 0; i < LIVES; i++)
        met += live(shared, true);
    free(shared);
    return met;
}

int main(void)
{
    return stress_repeat("times a thread found the queue full or empty", batch, 5000);
}
