/* Workers that take jobs from a queue, and two ways to send them home.
 *
 * Closing the queue is the orderly way: no job comes in any more, those inside are done, then each worker's
 * pop says that it is over and the worker returns. In a hurry, the queue is emptied after the close as well:
 * each job is then either done by a worker or given back here, never both and never neither. No flag is
 * polled, and no worker has to be woken by hand. */
#include <pthread.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/queue.h>
#include <stdio.h>

enum { WORKERS = 3, JOBS = 1000, CAPACITY = 64 };

struct job {
    long number;
};

static qsc_queue jobs;
static qsc_mutex mutex; /* all bytes zero: unlocked; guards `total` */
static long total;

static void *work(void *unused)
{
    for (void *item; qsc_queue_pop(&jobs, &item) == 0;) { /* sleeps while there is nothing to do */
        struct job *job = item;
        qsc_mutex_lock(&mutex);
        total += job->number;
        qsc_mutex_unlock(&mutex);
    }
    return unused;
}

/* Submits the jobs, ends the workers, and returns the sum of the jobs that were given back undone; -1: no
 * memory. */
static long run(struct job *batch, int hurry)
{
    pthread_t workers[WORKERS];
    long undone = 0;
    if (qsc_queue_init(&jobs, CAPACITY))
        return -1;
    int started = 0;
    while (started < WORKERS && pthread_create(&workers[started], NULL, work, NULL) == 0)
        started++;

    for (int i = 0; started && i < JOBS; i++)
        if (qsc_queue_push(&jobs, &batch[i])) /* waits while CAPACITY jobs are waiting */
            undone += batch[i].number;
    qsc_queue_close(&jobs);
    if (hurry)
        for (void *item; qsc_queue_pop(&jobs, &item) == 0;)
            undone += ((struct job *)item)->number;

    while (started > 0)
        pthread_join(workers[--started], NULL);
    qsc_queue_fini(&jobs);
    return undone;
}

int main(void)
{
    struct job batch[JOBS];
    for (int i = 0; i < JOBS; i++)
        batch[i].number = i + 1;
    const long all = (long)JOBS * (JOBS + 1) / 2;

    long undone = run(batch, 0);
    printf("orderly: done %ld, given back %ld\n", total, undone);
    if (undone != 0 || total != all)
        return 1;

    total = 0;
    undone = run(batch, 1);
    printf("in a hurry: done %ld, given back %ld\n", total, undone);
    return undone < 0 || total + undone != all;
}
