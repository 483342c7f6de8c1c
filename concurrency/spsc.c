#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/spsc.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

/* What one end uses, on a line of its own. */
struct end {
    _Alignas(64) _Atomic uint64_t next; // the position it comes to next; written by this end alone
    uint64_t other;                     // where the other end was when we last looked
    uint64_t mask;
    void **slots;
};

struct spsc {
    struct end push, pop;
};
_Static_assert(sizeof(struct spsc) <= sizeof(qsc_spsc) && _Alignof(struct spsc) <= _Alignof(qsc_spsc),
               "the header's storage");

static struct spsc *spsc_of(qsc_spsc *storage)
{
    return (struct spsc *)storage;
}

static void **slot_of(const struct end *end, uint64_t position)
{
    return &end->slots[position & end->mask];
}

int qsc_spsc_init(qsc_spsc *storage, size_t capacity)
{
    if (capacity == 0 || capacity > (size_t)1 << 30)
        return EINVAL;
    uint64_t size = 1;
    while (size < capacity)
        size *= 2;
    void **slots = qsc_alloc_aligned(size * sizeof *slots, 64);
    if (!slots)
        return ENOMEM;
    struct end end = {.mask = size - 1, .slots = slots};
    *spsc_of(storage) = (struct spsc){end, end};
    return 0;
}

void qsc_spsc_fini(qsc_spsc *storage)
{
    qsc_free(spsc_of(storage)->push.slots);
}

int qsc_spsc_trypush(qsc_spsc *storage, void *item)
{
    struct end *end = &spsc_of(storage)->push;
    uint64_t position = atomic_load_explicit(&end->next, memory_order_relaxed);
    if (position - end->other > end->mask) {
        // acquire: pairs with the store in trypop: the item in our slot has been read
        uint64_t other = atomic_load_explicit(&spsc_of(storage)->pop.next, memory_order_acquire);
        if (position - other > end->mask)
            return EAGAIN;
        end->other = other;
    }
    *slot_of(end, position) = item;
    // release: pairs with the load in trypop
    atomic_store_explicit(&end->next, position + 1, memory_order_release);
    return 0;
}

int qsc_spsc_trypop(qsc_spsc *storage, void **item)
{
    struct end *end = &spsc_of(storage)->pop;
    uint64_t position = atomic_load_explicit(&end->next, memory_order_relaxed);
    if (position == end->other) {
        // acquire: pairs with the store in trypush: the item is in its slot
        uint64_t other = atomic_load_explicit(&spsc_of(storage)->push.next, memory_order_acquire);
        if (position == other)
            return EAGAIN;
        end->other = other;
    }
    *item = *slot_of(end, position);
    // release: pairs with the load in trypush
    atomic_store_explicit(&end->next, position + 1, memory_order_release);
    return 0;
}
