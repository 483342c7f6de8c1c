/* queue.c: how threads wait for a queue that does not, and how it ends, the same for every core.
 *
 * A thread that stalls in the middle of a push or pop makes the queue look empty (or full) to those behind
 * it, although later items are ready. They go to sleep, and their wake-ups are used up. When the stalled
 * thread goes on, it wakes one of them, who then finds several ready. Hence the rule in wait_to: who has
 * slept and leaves passes the wake-up on if another could leave too. The same rule spreads the news of a
 * close or of the last item after one. Where only one thread may wait there is nobody to pass it on to. */
#include <quiesce/concurrency/eventcount.h>
#include <quiesce/concurrency/mpmc.h>
#include <quiesce/concurrency/mpsc.h>
#include <quiesce/concurrency/queue.h>
#include <quiesce/concurrency/queue_core.h>
#include <quiesce/concurrency/spsc.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct queue {
    union {
        qsc_mpmc mpmc;
        qsc_mpsc mpsc;
        qsc_spsc spsc;
    } core;
    const struct qsc_queue_core *calls;
    struct qsc_eventcount filled; // poppers wait for it
    struct qsc_eventcount freed;  // pushers wait for it
};
_Static_assert(sizeof(struct queue) <= sizeof(qsc_queue) && _Alignof(struct queue) <= _Alignof(qsc_queue),
               "the header's storage");

static struct queue *queue_of(qsc_queue *queue_storage)
{
    return (struct queue *)queue_storage;
}

static struct queue *start(qsc_queue *queue_storage, const struct qsc_queue_core *calls)
{
    struct queue *queue = queue_of(queue_storage);
    memset(queue, 0, sizeof *queue);
    queue->calls = calls;
    return queue;
}

int qsc_queue_init(qsc_queue *queue_storage, size_t capacity)
{
    return qsc_mpmc_init(&start(queue_storage, &qsc_mpmc_core)->core.mpmc, capacity);
}

int qsc_queue_init_spsc(qsc_queue *queue_storage, size_t capacity)
{
    return qsc_spsc_init(&start(queue_storage, &qsc_spsc_core)->core.spsc, capacity);
}

void qsc_queue_init_mpsc(qsc_queue *queue_storage)
{
    (void)start(queue_storage, &qsc_mpsc_core); // all bytes zero: empty
}

void qsc_queue_fini(qsc_queue *queue_storage)
{
    struct queue *queue = queue_of(queue_storage);
    queue->calls->fini(&queue->core);
}

int qsc_queue_trypush(qsc_queue *queue_storage, void *item)
{
    struct queue *queue = queue_of(queue_storage);
    int error = queue->calls->trypush(&queue->core, item);
    if (!error)
        qsc_eventcount_notify(&queue->filled, 1);
    return error;
}

int qsc_queue_trypop(qsc_queue *queue_storage, void **item)
{
    struct queue *queue = queue_of(queue_storage);
    int error = queue->calls->trypop(&queue->core, item);
    if (!error)
        qsc_eventcount_notify(&queue->freed, 1);
    return error;
}

static int trypush_from(qsc_queue *queue_storage, void **item)
{
    return qsc_queue_trypush(queue_storage, *item);
}

// Tries again for as long as lately paid off.
static int spin(int (*attempt)(qsc_queue *, void **), qsc_queue *queue_storage, void **item)
{
    static _Thread_local unsigned limit = QSC_PORT_SPINS;
    int error = attempt(queue_storage, item);
    if (error != EAGAIN)
        return error;
    for (unsigned spins = 0; error == EAGAIN && spins < limit; spins++) {
        qsc_port_pause();
        error = attempt(queue_storage, item);
    }
    limit = qsc_port_next_limit(limit, error != EAGAIN);
    return error;
}

// Tries until it may leave: spins briefly, then sleeps. `look` tells whether another waiter of `event` could
// leave too; NULL: there is none.
static int wait_to(int (*attempt)(qsc_queue *, void **), int (*look)(const void *),
                   struct qsc_eventcount *event, qsc_queue *queue_storage, void **item,
                   const struct timespec *deadline, const qsc_cancel *cancel)
{
    int error = spin(attempt, queue_storage, item);
    if (error != EAGAIN)
        return error;
    int given_up = 0;
    do {
        uint32_t key = qsc_eventcount_prepare(event);
        error = attempt(queue_storage, item);
        if (error == EAGAIN)
            given_up = qsc_eventcount_wait_cancellable(event, key, deadline, cancel);
        else
            qsc_eventcount_leave(event);
    } while (error == EAGAIN && !given_up);
    if (look && look(&queue_of(queue_storage)->core) != EAGAIN)
        qsc_eventcount_notify(event, 1);
    return error == EAGAIN ? given_up : error;
}

int qsc_queue_push_cancellable(qsc_queue *queue_storage, void *item, const struct timespec *deadline,
                               const qsc_cancel *cancel)
{
    struct queue *queue = queue_of(queue_storage);
    return wait_to(trypush_from, queue->calls->look_for_room, &queue->freed, queue_storage, &item, deadline,
                   cancel);
}

int qsc_queue_pop_cancellable(qsc_queue *queue_storage, void **item, const struct timespec *deadline,
                              const qsc_cancel *cancel)
{
    struct queue *queue = queue_of(queue_storage);
    return wait_to(qsc_queue_trypop, queue->calls->look_for_item, &queue->filled, queue_storage, item,
                   deadline, cancel);
}

int qsc_queue_push_until(qsc_queue *queue_storage, void *item, const struct timespec *deadline)
{
    return qsc_queue_push_cancellable(queue_storage, item, deadline, NULL);
}

int qsc_queue_pop_until(qsc_queue *queue_storage, void **item, const struct timespec *deadline)
{
    return qsc_queue_pop_cancellable(queue_storage, item, deadline, NULL);
}

int qsc_queue_push(qsc_queue *queue_storage, void *item)
{
    return qsc_queue_push_cancellable(queue_storage, item, NULL, NULL);
}

int qsc_queue_pop(qsc_queue *queue_storage, void **item)
{
    return qsc_queue_pop_cancellable(queue_storage, item, NULL, NULL);
}

void qsc_queue_close(qsc_queue *queue_storage)
{
    struct queue *queue = queue_of(queue_storage);
    queue->calls->close(&queue->core);
    qsc_eventcount_notify(&queue->filled, UINT32_MAX);
    qsc_eventcount_notify(&queue->freed, UINT32_MAX);
}

int qsc_queue_dump(const qsc_queue *queue_storage, char *text, size_t size)
{
    const struct queue *queue = (const struct queue *)queue_storage;
    char items[100], poppers[100], pushers[100];
    (void)queue->calls->dump(&queue->core, items, sizeof items);
    (void)qsc_eventcount_dump(&queue->filled, poppers, sizeof poppers);
    (void)qsc_eventcount_dump(&queue->freed, pushers, sizeof pushers);
    return snprintf(text, size, "%s; to pop: %s; to push: %s", items, poppers, pushers);
}
