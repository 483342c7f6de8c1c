/* ck_ring of capacity 1 or 3 (CAPACITY + 1 slots), -DSPSC, MPMC, SPMC or MPSC: nothing is lost, doubled or
 * out of order. */
#include <assert.h>
#include <pthread.h>
#include <sched.h>

#include <ck_ring.h>

#if defined(SPSC)
#define PUT ck_ring_enqueue_spsc
#define GET ck_ring_dequeue_spsc
#elif defined(SPMC)
#define PUT ck_ring_enqueue_spmc
#define GET ck_ring_dequeue_spmc
#elif defined(MPSC)
#define PUT ck_ring_enqueue_mpsc
#define GET ck_ring_dequeue_mpsc
#else
#define PUT ck_ring_enqueue_mpmc
#define GET ck_ring_dequeue_mpmc
#endif
#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef ITEMS
#define ITEMS 2
#endif
#ifndef SLOTS
#define SLOTS 4
#endif

static ck_ring_t ring;
static ck_ring_buffer_t buffer[SLOTS];
static int item[PRODUCERS * ITEMS];
static int taken[PRODUCERS * ITEMS]; // by consumer + 1

static void *produce(void *number)
{
    int first = *(int *)number * ITEMS;
    for (int i = first; i < first + ITEMS; i++) {
        item[i] = i + 1;
        while (!PUT(&ring, buffer, &item[i]))
            sched_yield();
    }
    return number;
}

static void *consume(void *number)
{
    int latest[PRODUCERS] = {0};
    for (int i = 0; i < PRODUCERS * ITEMS / CONSUMERS; i++) {
        int *got;
        while (!GET(&ring, buffer, &got))
            sched_yield();
        int which = (int)(got - item);
        assert(*got == which + 1);
        assert(taken[which] == 0);
        taken[which] = 1;
        assert(latest[which / ITEMS] < *got);
        latest[which / ITEMS] = *got;
    }
    return number;
}

int main(void)
{
    pthread_t thread[PRODUCERS + CONSUMERS];
    int number[PRODUCERS + CONSUMERS];
    ck_ring_init(&ring, SLOTS);
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++) {
        number[i] = i;
        pthread_create(&thread[i], NULL, i < PRODUCERS ? produce : consume, &number[i]);
    }
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
        pthread_join(thread[i], NULL);
}
