/* mpmc.c
 *
 * A position p is counted as the ticket 2p; the two counters hold the next ticket to push and to pop. A
 * cell's turn is
 *
 *     2p      free for the push at position p
 *     2p + 1  holds the item of position p
 *
 * so that a counter and a turn can be compared, also in a ring of one cell. Bit 0 of the push counter is
 * CLOSED: a push claims its cell by a compare-and-swap on that counter and so cannot slip past the close. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/mpmc.h>
#include <quiesce/concurrency/queue_core.h>

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define CLOSED 1U

struct cell {
    _Atomic uint64_t turn;
    void *item;
};

struct mpmc { // NOLINT(clang-analyzer-optin.performance.Padding): producers and consumers share no line
    struct cell *cells;
    uint64_t mask;
    _Alignas(64) _Atomic uint64_t pushes;
    _Alignas(64) _Atomic uint64_t pops;
};
_Static_assert(sizeof(struct mpmc) <= sizeof(qsc_mpmc) && _Alignof(struct mpmc) <= _Alignof(qsc_mpmc),
               "the header's storage");

static struct cell *cell_of(const struct mpmc *queue, uint64_t ticket)
{
    return &queue->cells[ticket / 2 & queue->mask];
}

int qsc_mpmc_init(qsc_mpmc *storage, size_t capacity)
{
    struct mpmc *queue = (struct mpmc *)storage;
    uint64_t size = qsc_ring_size(capacity);
    if (size == 0)
        return EINVAL;
    memset(queue, 0, sizeof *queue);
    queue->cells = qsc_alloc_aligned(size * sizeof *queue->cells, 64);
    if (!queue->cells)
        return ENOMEM;
    queue->mask = size - 1;
    for (uint64_t i = 0; i < size; i++)
        atomic_init(&queue->cells[i].turn, 2 * i);
    return 0;
}

static void fini(void *core)
{
    qsc_free(((struct mpmc *)core)->cells);
}

void qsc_mpmc_fini(qsc_mpmc *storage)
{
    fini(storage);
}

// Whether there is room: 0, EAGAIN or EPIPE. *ticket is the position meant.
static int find_room(const struct mpmc *queue, uint64_t *ticket)
{
    for (;;) {
        // seq_cst: pairs with close_it, against a sleeper's prepare, see eventcount.h
        *ticket = atomic_load_explicit(&queue->pushes, memory_order_seq_cst);
        if (*ticket & CLOSED)
            return EPIPE;
        // seq_cst: pairs with the stores of a pop, against a sleeper's prepare
        uint64_t turn = atomic_load_explicit(&cell_of(queue, *ticket)->turn, memory_order_seq_cst);
        if (turn == *ticket)
            return 0;
        if (turn < *ticket)
            return EAGAIN;
    }
}

// Whether there is an item: 0, EAGAIN or EPIPE. *ticket is the position meant.
static int find_item(const struct mpmc *queue, uint64_t *ticket)
{
    for (;;) {
        *ticket = atomic_load_explicit(&queue->pops, memory_order_relaxed);
        // seq_cst: pairs with the stores of a push, against a sleeper's prepare
        uint64_t turn = atomic_load_explicit(&cell_of(queue, *ticket)->turn, memory_order_seq_cst);
        if (turn == *ticket + 1)
            return 0;
        if (turn < *ticket + 1)
            // seq_cst: pairs with close_it, against a sleeper's prepare. Every push before the close has
            // moved the counter: where it stands at our ticket, none is under way.
            return atomic_load_explicit(&queue->pushes, memory_order_seq_cst) == (*ticket | CLOSED) ? EPIPE
                                                                                                    : EAGAIN;
    }
}

// Claims the next cell and fills it. What remains is to say so by its turn.
static int put(struct mpmc *queue, void *item, uint64_t *ticket)
{
    do {
        int error = find_room(queue, ticket);
        if (error)
            return error;
    } while (!atomic_compare_exchange_weak_explicit(&queue->pushes, ticket, *ticket + 2, memory_order_relaxed,
                                                    memory_order_relaxed));
    cell_of(queue, *ticket)->item = item;
    return 0;
}

// Claims the oldest item and reads it. What remains is to free its cell for the next lap.
static int take(struct mpmc *queue, void **item, uint64_t *ticket)
{
    do {
        int error = find_item(queue, ticket);
        if (error)
            return error;
    } while (!atomic_compare_exchange_weak_explicit(&queue->pops, ticket, *ticket + 2, memory_order_relaxed,
                                                    memory_order_relaxed));
    *item = cell_of(queue, *ticket)->item;
    return 0;
}

static uint64_t next_lap(const struct mpmc *queue, uint64_t ticket)
{
    return ticket + 2 * (queue->mask + 1);
}

int qsc_mpmc_trypush(qsc_mpmc *storage, void *item)
{
    struct mpmc *queue = (struct mpmc *)storage;
    uint64_t ticket;
    int error = put(queue, item, &ticket);
    if (!error)
        // release: pairs with the load in find_item
        atomic_store_explicit(&cell_of(queue, ticket)->turn, ticket + 1, memory_order_release);
    return error;
}

int qsc_mpmc_trypop(qsc_mpmc *storage, void **item)
{
    struct mpmc *queue = (struct mpmc *)storage;
    uint64_t ticket;
    int error = take(queue, item, &ticket);
    if (!error)
        // release: pairs with the load in find_room
        atomic_store_explicit(&cell_of(queue, ticket)->turn, next_lap(queue, ticket), memory_order_release);
    return error;
}

static int trypush(void *core, void *item)
{
    struct mpmc *queue = core;
    uint64_t ticket;
    int error = put(queue, item, &ticket);
    if (!error)
        // seq_cst: pairs with the load in find_item, before the look for sleepers in notify
        atomic_store_explicit(&cell_of(queue, ticket)->turn, ticket + 1, memory_order_seq_cst);
    return error;
}

static int trypop(void *core, void **item)
{
    struct mpmc *queue = core;
    uint64_t ticket;
    int error = take(queue, item, &ticket);
    if (!error)
        // seq_cst: pairs with the load in find_room, before the look for sleepers in notify
        atomic_store_explicit(&cell_of(queue, ticket)->turn, next_lap(queue, ticket), memory_order_seq_cst);
    return error;
}

static void close_it(void *core)
{
    // seq_cst: pairs with the loads of the counter in find_room and find_item
    atomic_fetch_or_explicit(&((struct mpmc *)core)->pushes, CLOSED, memory_order_seq_cst);
}

static int look_for_room(const void *core)
{
    uint64_t ticket;
    return find_room(core, &ticket);
}

static int look_for_item(const void *core)
{
    uint64_t ticket;
    return find_item(core, &ticket);
}

static int dump(const void *core, char *text, size_t size)
{
    const struct mpmc *queue = core;
    uint64_t pops = atomic_load_explicit(&queue->pops, memory_order_relaxed);
    uint64_t pushes = atomic_load_explicit(&queue->pushes, memory_order_relaxed);
    return snprintf(text, size, "%s, %" PRId64 " of %" PRIu64 " items", pushes & CLOSED ? "closed" : "open",
                    (int64_t)(pushes - pops) / 2, queue->mask + 1);
}

int qsc_mpmc_dump(const qsc_mpmc *storage, char *text, size_t size)
{
    return dump(storage, text, size);
}

const struct qsc_queue_core qsc_mpmc_core = {
    .trypush = trypush,
    .trypop = trypop,
    .close = close_it,
    .fini = fini,
    .dump = dump,
    .look_for_room = look_for_room,
    .look_for_item = look_for_item,
};
