/* A pipeline of three stages: read, square, add up.
 *
 * Bounded queues between the stages are what holds it together. A stage that is too fast finds its queue full
 * and sleeps, so memory stays bounded however much faster it is (back-pressure); and a stage that has no more
 * to give closes its queue, so the next one drains it, ends, and passes the end on. */
#include <pthread.h>
#include <quiesce/concurrency/latch.h>
#include <quiesce/concurrency/queue.h>
#include <stdio.h>
#include <stdlib.h>

enum { ITEMS = 10000, CAPACITY = 8, SQUARERS = 2 };

static qsc_queue numbers, squares;
static qsc_latch squaring = QSC_LATCH_INIT(SQUARERS); /* how many of the middle stage are still at work */

static void *read_numbers(void *unused)
{
    for (long i = 1; i <= ITEMS; i++) {
        long *number = malloc(sizeof *number);
        if (!number)
            break;
        *number = i;
        if (qsc_queue_push(&numbers,
                           number)) { /* waits for room; an error: someone closed the queue under us */
            free(number);
            break;
        }
    }
    qsc_queue_close(&numbers);
    return unused;
}

static void *square(void *unused)
{
    for (void *item;
         qsc_queue_pop(&numbers, &item) == 0;) { /* waits for an item; an error: closed and empty */
        long *number = item;
        *number *= *number;
        if (qsc_queue_push(&squares, number))
            free(number);
    }
    qsc_latch_count_down(&squaring, 1);
    return unused;
}

/* The middle stage is over when all of its threads are. */
static void *close_squares(void *unused)
{
    qsc_latch_wait(&squaring);
    qsc_queue_close(&squares);
    return unused;
}

int main(void)
{
    pthread_t threads[SQUARERS + 2];
    int started = 0, failed = 0;
    if (qsc_queue_init(&numbers, CAPACITY) || qsc_queue_init(&squares, CAPACITY))
        return 1;
    failed |= pthread_create(&threads[started++], NULL, read_numbers, NULL);
    for (int i = 0; i < SQUARERS; i++)
        failed |= pthread_create(&threads[started++], NULL, square, NULL);
    failed |= pthread_create(&threads[started++], NULL, close_squares, NULL);
    if (failed)
        return 1;

    long sum = 0;
    for (void *item; qsc_queue_pop(&squares, &item) == 0; free(item))
        sum += *(long *)item;

    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    qsc_queue_fini(&numbers);
    qsc_queue_fini(&squares);
    printf("the sum of the squares from 1 to %d is %ld\n", ITEMS, sum);
    return sum != (long)ITEMS * (ITEMS + 1) * (2 * ITEMS + 1) / 6;
}
