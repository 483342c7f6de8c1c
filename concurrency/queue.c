/* queue.c
 *
 * A position p is counted as the ticket 2p; the two counters hold the next ticket to push and to pop. A
 * cell's turn is 2p      free for the push at position p 2p + 1  holds the item of position p so that a
 * counter and a turn can be compared, also in a ring of one cell. Bit 0 of the push counter is CLOSED: a push
 * claims its cell by a compare-and-swap on that counter and so cannot slip past the close.
 *
 * A thread that stalls between its claim and its turn makes the queue look empty (or full) to those behind
 * it, although later cells are ready. They go to sleep, and their wake-ups are used up. When the stalled
 * thread goes on, it wakes one of them, who then finds several cells ready. Hence the rule in wait_slow: who
 * has slept and leaves passes the wake-up on if another could leave too. The same rule spreads the news of a
 * close or of the last item after one. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/eventcount.h>
#include <quiesce/concurrency/queue.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#define CLOSED 1U

struct cell {
    _Atomic uint64_t turn;
    void *item;
};

struct queue { // NOLINT(clang-analyzer-optin.performance.Padding): producers and consumers share no line
    struct cell *cells;
    uint64_t mask;
    _Alignas(64) _Atomic uint64_t pushes;
    _Alignas(64) _Atomic uint64_t pops;
    _Alignas(64) struct qsc_eventcount filled; // poppers wait for it
    struct qsc_eventcount freed;               // pushers wait for it
};
_Static_assert(sizeof(struct queue) <= sizeof(qsc_queue) && _Alignof(struct queue) <= 64,
               "the header's storage");

static struct queue *queue_of(qsc_queue *queue_storage)
{
    return (struct queue *)queue_storage;
}

static struct cell *cell_of(const struct queue *queue, uint64_t ticket)
{
    return &queue->cells[ticket / 2 & queue->mask];
}

int qsc_queue_init(qsc_queue *queue_storage, size_t capacity)
{
    struct queue *queue = queue_of(queue_storage);
    if (capacity == 0 || capacity > (size_t)1 << 30)
        return EINVAL;
    uint64_t size = 1;
    while (size < capacity)
        size *= 2;
    memset(queue, 0, sizeof *queue);
    queue->cells = qsc_alloc_aligned(size * sizeof *queue->cells, 64);
    if (!queue->cells)
        return ENOMEM;
    queue->mask = size - 1;
    for (uint64_t i = 0; i < size; i++)
        atomic_init(&queue->cells[i].turn, 2 * i);
    return 0;
}

void qsc_queue_fini(qsc_queue *queue_storage)
{
    qsc_free(queue_of(queue_storage)->cells);
}

size_t qsc_queue_capacity(const qsc_queue *queue_storage)
{
    return ((const struct queue *)queue_storage)->mask + 1;
}

// Whether a push need not wait: 0, EAGAIN or EPIPE. *ticket is the position meant.
static int look_for_room(const struct queue *queue, uint64_t *ticket)
{
    for (;;) {
        // seq_cst: pairs with qsc_queue_close, against a sleeper's prepare, see eventcount.h
        *ticket = atomic_load_explicit(&queue->pushes, memory_order_seq_cst);
        if (*ticket & CLOSED)
            return EPIPE;
        // seq_cst: pairs with the store in trypop, against a sleeper's prepare
        uint64_t turn = atomic_load_explicit(&cell_of(queue, *ticket)->turn, memory_order_seq_cst);
        if (turn == *ticket)
            return 0;
        if (turn < *ticket)
            return EAGAIN;
    }
}

// Whether a pop need not wait: 0, EAGAIN or EPIPE. *ticket is the position meant.
static int look_for_item(const struct queue *queue, uint64_t *ticket)
{
    for (;;) {
        *ticket = atomic_load_explicit(&queue->pops, memory_order_relaxed);
        // seq_cst: pairs with the store in trypush, against a sleeper's prepare
        uint64_t turn = atomic_load_explicit(&cell_of(queue, *ticket)->turn, memory_order_seq_cst);
        if (turn == *ticket + 1)
            return 0;
        if (turn < *ticket + 1)
            // seq_cst: pairs with qsc_queue_close, against a sleeper's prepare. Every push before the close
            // has moved the counter: where it stands at our ticket, none is under way.
            return atomic_load_explicit(&queue->pushes, memory_order_seq_cst) == (*ticket | CLOSED) ? EPIPE
                                                                                                    : EAGAIN;
    }
}

int qsc_queue_trypush(qsc_queue *queue_storage, void *item)
{
    struct queue *queue = queue_of(queue_storage);
    uint64_t ticket;
    do {
        int error = look_for_room(queue, &ticket);
        if (error)
            return error;
    } while (!atomic_compare_exchange_weak_explicit(&queue->pushes, &ticket, ticket + 2, memory_order_relaxed,
                                                    memory_order_relaxed));
    struct cell *cell = cell_of(queue, ticket);
    cell->item = item;
    // seq_cst: pairs with the load in look_for_item, before the look for sleepers in notify
    atomic_store_explicit(&cell->turn, ticket + 1, memory_order_seq_cst);
    qsc_eventcount_notify(&queue->filled, 1);
    return 0;
}

int qsc_queue_trypop(qsc_queue *queue_storage, void **item)
{
    struct queue *queue = queue_of(queue_storage);
    uint64_t ticket;
    do {
        int error = look_for_item(queue, &ticket);
        if (error)
            return error;
    } while (!atomic_compare_exchange_weak_explicit(&queue->pops, &ticket, ticket + 2, memory_order_relaxed,
                                                    memory_order_relaxed));
    struct cell *cell = cell_of(queue, ticket);
    *item = cell->item;
    // seq_cst: pairs with the load in look_for_room, before the look for sleepers in notify
    atomic_store_explicit(&cell->turn, ticket + 2 * (queue->mask + 1), memory_order_seq_cst);
    qsc_eventcount_notify(&queue->freed, 1);
    return 0;
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
// leave too.
static int wait_to(int (*attempt)(qsc_queue *, void **), int (*look)(const struct queue *, uint64_t *),
                   struct qsc_eventcount *event, qsc_queue *queue_storage, void **item,
                   const struct timespec *deadline)
{
    int error = spin(attempt, queue_storage, item);
    if (error != EAGAIN)
        return error;
    int given_up = 0;
    do {
        uint32_t key = qsc_eventcount_prepare(event);
        error = attempt(queue_storage, item);
        if (error == EAGAIN)
            given_up = qsc_eventcount_wait(event, key, deadline);
        else
            qsc_eventcount_leave(event);
    } while (error == EAGAIN && !given_up);
    uint64_t next;
    if (look(queue_of(queue_storage), &next) != EAGAIN)
        qsc_eventcount_notify(event, 1);
    return error == EAGAIN ? given_up : error;
}

int qsc_queue_push_until(qsc_queue *queue_storage, void *item, const struct timespec *deadline)
{
    return wait_to(trypush_from, look_for_room, &queue_of(queue_storage)->freed, queue_storage, &item,
                   deadline);
}

int qsc_queue_pop_until(qsc_queue *queue_storage, void **item, const struct timespec *deadline)
{
    return wait_to(qsc_queue_trypop, look_for_item, &queue_of(queue_storage)->filled, queue_storage, item,
                   deadline);
}

int qsc_queue_push(qsc_queue *queue_storage, void *item)
{
    return qsc_queue_push_until(queue_storage, item, NULL);
}

int qsc_queue_pop(qsc_queue *queue_storage, void **item)
{
    return qsc_queue_pop_until(queue_storage, item, NULL);
}

void qsc_queue_close(qsc_queue *queue_storage)
{
    struct queue *queue = queue_of(queue_storage);
    // seq_cst: pairs with the loads of the counter in look_for_room and look_for_item
    atomic_fetch_or_explicit(&queue->pushes, CLOSED, memory_order_seq_cst);
    qsc_eventcount_notify(&queue->filled, UINT32_MAX);
    qsc_eventcount_notify(&queue->freed, UINT32_MAX);
}
