/* Threads push nodes that one thread takes, checks and frees. A producer that has pushed a few waits until
 * they are gone, so that the queue is empty again and again and its last node leaves while others come.
 * Oracle: every node comes out once, with its content, those of a producer in order; no access after the
 * free; what a pop calls empty is empty: nothing is left. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/mpsc.h>
#include <sched.h>
#include <stdlib.h>

enum { PRODUCERS = 2, ITEMS = STRESS_SIZE(2000, 1), AHEAD = STRESS_SIZE(3, 1) };

struct item {
    qsc_mpsc_node node;   // the first member
    int producer, number; // plain: the queue must order them
};

static qsc_mpsc queue;
static _Atomic int taken[PRODUCERS]; // relaxed: it must not order what the queue should
static long met;                     // the consumer's: nodes for which it found the queue empty or cut

static void produce(int producer)
{
    for (int i = 0; i < ITEMS; i++) {
        struct item *item = malloc(sizeof *item);
        assert(item);
        item->producer = producer;
        item->number = i;
        qsc_mpsc_push(&queue, &item->node);
        while (i + 1 - atomic_load_explicit(&taken[producer], memory_order_relaxed) > AHEAD)
            sched_yield();
    }
}

static void consume(void)
{
    int next[PRODUCERS] = {0};
    for (int i = 0; i < PRODUCERS * ITEMS; i++) {
        qsc_mpsc_node *node;
        int error;
        bool waits = false;
        while ((error = qsc_mpsc_trypop(&queue, &node)) != 0) {
            assert(error == EAGAIN || error == EBUSY);
            waits = true;
            sched_yield();
        }
        met += waits;
        struct item *item = (struct item *)node;
        int producer = item->producer;
        assert(item->number == next[producer]);
        next[producer]++;
        free(item);
        atomic_store_explicit(&taken[producer], next[producer], memory_order_relaxed);
    }
}

static void *run(void *arg)
{
    int index = *(int *)arg;
    if (index < PRODUCERS)
        produce(index);
    else
        consume();
    return NULL;
}

static long batch(void)
{
    queue = (qsc_mpsc){0};
    met = 0;
    int index[PRODUCERS + 1];
    for (int i = 0; i < PRODUCERS; i++)
        atomic_store_explicit(&taken[i], 0, memory_order_relaxed);
    for (int i = 0; i < PRODUCERS + 1; i++)
        index[i] = i;
    stress_threads(PRODUCERS + 1, run, index, sizeof *index);
    qsc_mpsc_node *none;
    int error = qsc_mpsc_trypop(&queue, &none);
    assert(error == EAGAIN && queue.back == 0 && !queue.first);
    return met;
}

int main(void)
{
    return stress_repeat("nodes for which the consumer found the queue empty or cut", batch, 5000);
}
