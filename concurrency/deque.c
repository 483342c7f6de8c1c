#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/deque.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* A slot is written only when top has passed its last content. An outgrown ring stays until fini, because a
 * thief may still read it; what it reads there, at an index that it then wins, has not changed. */
struct qsc_deque_ring {
    int64_t mask;
    struct qsc_deque_ring *outgrown;
    _Atomic(void *) slots[];
};

static struct qsc_deque_ring *ring_create(int64_t capacity, struct qsc_deque_ring *outgrown)
{
    struct qsc_deque_ring *ring = qsc_alloc(sizeof *ring + (size_t)capacity * sizeof *ring->slots);
    if (ring) {
        ring->mask = capacity - 1;
        ring->outgrown = outgrown;
        // a thief who will find that top has moved reads first, maybe where nobody has pushed yet
        for (int64_t i = 0; i < capacity; i++)
            atomic_init(&ring->slots[i], NULL);
    }
    return ring;
}

static _Atomic(void *) *slot_of(struct qsc_deque_ring *ring, int64_t index)
{
    return &ring->slots[index & ring->mask];
}

int qsc_deque_init(struct qsc_deque *deque, int64_t capacity)
{
    struct qsc_deque_ring *ring = ring_create(capacity, NULL);
    if (!ring)
        return ENOMEM;
    atomic_init(&deque->top, 0);
    atomic_init(&deque->bottom, 0);
    atomic_init(&deque->ring, ring);
    return 0;
}

void qsc_deque_fini(struct qsc_deque *deque)
{
    struct qsc_deque_ring *ring = atomic_load_explicit(&deque->ring, memory_order_relaxed);
    while (ring) {
        struct qsc_deque_ring *outgrown = ring->outgrown;
        qsc_free(ring);
        ring = outgrown;
    }
}

static struct qsc_deque_ring *grow(struct qsc_deque *deque, struct qsc_deque_ring *ring, int64_t top,
                                   int64_t bottom)
{
    struct qsc_deque_ring *longer = ring_create(2 * (ring->mask + 1), ring);
    if (!longer)
        return NULL;
    for (int64_t i = top; i < bottom; i++)
        atomic_init(slot_of(longer, i), atomic_load_explicit(slot_of(ring, i), memory_order_relaxed));
    // release: pairs with the load in steal, for the ring's content
    atomic_store_explicit(&deque->ring, longer, memory_order_release);
    return longer;
}

int qsc_deque_push(struct qsc_deque *deque, void *item)
{
    int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_relaxed);
    // acquire: pairs with the compare-and-swap in steal: the thief has read the slot that we may now write
    int64_t top = atomic_load_explicit(&deque->top, memory_order_acquire);
    struct qsc_deque_ring *ring = atomic_load_explicit(&deque->ring, memory_order_relaxed);
    if (bottom - top > ring->mask) {
        ring = grow(deque, ring, top, bottom);
        if (!ring)
            return ENOMEM;
    }
    atomic_store_explicit(slot_of(ring, bottom), item, memory_order_relaxed);
    // release for the item and the slot, pairs with the load in steal; seq_cst for the header's promise to
    // sleepers
    atomic_store_explicit(&deque->bottom, bottom + 1, memory_order_seq_cst);
    return 0;
}

void *qsc_deque_take(struct qsc_deque *deque)
{
    int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_relaxed) - 1;
    // top only grows: an old value that says empty is right, and spares the store below
    if (atomic_load_explicit(&deque->top, memory_order_relaxed) > bottom)
        return NULL;
    struct qsc_deque_ring *ring = atomic_load_explicit(&deque->ring, memory_order_relaxed);
    // seq_cst, both: either we see that a thief has taken the item, or the thief sees that we have. Pair with
    // the loads of top and bottom in steal.
    atomic_store_explicit(&deque->bottom, bottom, memory_order_seq_cst);
    int64_t top = atomic_load_explicit(&deque->top, memory_order_seq_cst);
    void *item = NULL;
    if (top <= bottom) {
        item = atomic_load_explicit(slot_of(ring, bottom), memory_order_relaxed);
        if (top < bottom)
            return item;
        // The last item: who moves top has it. release: pairs with the load of top in steal, so that a thief
        // who sees it moved sees how far bottom had come down. No more, for nobody looks anywhere after it.
        if (!atomic_compare_exchange_strong_explicit(&deque->top, &top, top + 1, memory_order_release,
                                                     memory_order_relaxed))
            item = NULL;
    }
    // relaxed: all below is taken, so that a thief who meets this value cannot move top
    atomic_store_explicit(&deque->bottom, bottom + 1, memory_order_relaxed);
    return item;
}

int qsc_deque_steal(struct qsc_deque *deque, void **item)
{
    // seq_cst, both and in this order: pair with the store and the load in take and with the store in push
    int64_t top = atomic_load_explicit(&deque->top, memory_order_seq_cst);
    int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_seq_cst);
    if (top >= bottom)
        return ENOENT;
    // acquire: pairs with the store in grow
    struct qsc_deque_ring *ring = atomic_load_explicit(&deque->ring, memory_order_acquire);
    void *candidate = atomic_load_explicit(slot_of(ring, top), memory_order_relaxed);
    // seq_cst: pairs with the load of top in take and, as a release of the slot, with that in push
    if (!atomic_compare_exchange_strong_explicit(&deque->top, &top, top + 1, memory_order_seq_cst,
                                                 memory_order_relaxed))
        return EAGAIN;
    *item = candidate;
    return 0;
}
