#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/queue_core.h>
#include <quiesce/concurrency/spsc.h>

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

/* A bit of the producer's position, set by any thread: the queue is closed. */
#define CLOSED ((uint64_t)1 << 63)

/* What one end uses, on a line of its own. */
struct end {
    _Alignas(64) _Atomic uint64_t next; // the position it comes to next; moved by this end alone
    uint64_t other;                     // where the other end was when we last looked
    uint64_t mask;
    void **slots;
};

struct spsc {
    struct end push, pop;
};
_Static_assert(sizeof(struct spsc) <= sizeof(qsc_spsc) && _Alignof(struct spsc) <= _Alignof(qsc_spsc),
               "the header's storage");

static void **slot_of(const struct end *end, uint64_t position)
{
    return &end->slots[position & end->mask];
}

int qsc_spsc_init(qsc_spsc *storage, size_t capacity)
{
    uint64_t size = qsc_ring_size(capacity);
    if (size == 0)
        return EINVAL;
    void **slots = qsc_alloc_aligned(size * sizeof *slots, 64);
    if (!slots)
        return ENOMEM;
    struct end end = {.mask = size - 1, .slots = slots};
    *(struct spsc *)storage = (struct spsc){end, end};
    return 0;
}

static void fini(void *core)
{
    qsc_free(((struct spsc *)core)->push.slots);
}

void qsc_spsc_fini(qsc_spsc *storage)
{
    fini(storage);
}

// Fills the next slot if there is room. What remains is to move the position, *position, on.
static int put(struct spsc *queue, void *item, uint64_t *position)
{
    struct end *end = &queue->push;
    // seq_cst: pairs with close_it, against a sleeper's prepare, see eventcount.h
    *position = atomic_load_explicit(&end->next, memory_order_seq_cst);
    if (*position & CLOSED)
        return EPIPE;
    if (*position - end->other > end->mask) {
        // seq_cst: pairs with the stores of a pop, against a sleeper's prepare; the slot has been read
        uint64_t other = atomic_load_explicit(&queue->pop.next, memory_order_seq_cst);
        if (*position - other > end->mask)
            return EAGAIN;
        end->other = other;
    }
    *slot_of(end, *position) = item;
    return 0;
}

// Reads the oldest item if there is one. What remains is to move the position, *position, on.
static int take(struct spsc *queue, void **item, uint64_t *position)
{
    struct end *end = &queue->pop;
    *position = atomic_load_explicit(&end->next, memory_order_relaxed);
    if (*position == end->other) {
        // seq_cst: pairs with the stores of a push and with close_it, against a sleeper's prepare
        uint64_t other = atomic_load_explicit(&queue->push.next, memory_order_seq_cst);
        if (*position == (other & ~CLOSED))
            return other & CLOSED ? EPIPE : EAGAIN;
        end->other = other & ~CLOSED;
    }
    *item = *slot_of(end, *position);
    return 0;
}

int qsc_spsc_trypush(qsc_spsc *storage, void *item)
{
    struct spsc *queue = (struct spsc *)storage;
    uint64_t position;
    int error = put(queue, item, &position);
    if (!error)
        // release: pairs with the load in take
        atomic_store_explicit(&queue->push.next, position + 1, memory_order_release);
    return error;
}

int qsc_spsc_trypop(qsc_spsc *storage, void **item)
{
    struct spsc *queue = (struct spsc *)storage;
    uint64_t position;
    int error = take(queue, item, &position);
    if (!error)
        // release: pairs with the load in put
        atomic_store_explicit(&queue->pop.next, position + 1, memory_order_release);
    return error;
}

static int trypush(void *core, void *item)
{
    struct spsc *queue = core;
    uint64_t position;
    int error = put(queue, item, &position);
    if (error)
        return error;
    // Nobody else moves the position: it has changed only when the queue was closed. seq_cst: pairs with the
    // load in take, before the look for sleepers in notify
    return atomic_compare_exchange_strong_explicit(&queue->push.next, &position, position + 1,
                                                   memory_order_seq_cst, memory_order_relaxed)
               ? 0
               : EPIPE;
}

static int trypop(void *core, void **item)
{
    struct spsc *queue = core;
    uint64_t position;
    int error = take(queue, item, &position);
    if (!error)
        // seq_cst: pairs with the load in put, before the look for sleepers in notify
        atomic_store_explicit(&queue->pop.next, position + 1, memory_order_seq_cst);
    return error;
}

static void close_it(void *core)
{
    // seq_cst: pairs with the loads of the producer's position in put and take
    atomic_fetch_or_explicit(&((struct spsc *)core)->push.next, CLOSED, memory_order_seq_cst);
}

static int dump(const void *core, char *text, size_t size)
{
    const struct spsc *queue = core;
    uint64_t pops = atomic_load_explicit(&queue->pop.next, memory_order_relaxed);
    uint64_t pushes = atomic_load_explicit(&queue->push.next, memory_order_relaxed);
    return snprintf(text, size, "%s, %" PRId64 " of %" PRIu64 " items", pushes & CLOSED ? "closed" : "open",
                    (int64_t)((pushes & ~CLOSED) - pops), queue->push.mask + 1);
}

int qsc_spsc_dump(const qsc_spsc *storage, char *text, size_t size)
{
    return dump(storage, text, size);
}

const struct qsc_queue_core qsc_spsc_core = {
    .trypush = trypush,
    .trypop = trypop,
    .close = close_it,
    .fini = fini,
    .dump = dump,
};
