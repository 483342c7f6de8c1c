#define _GNU_SOURCE // gettid
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pin_slots.h>
#include <quiesce/concurrency/thread_exit.h>

#include <errno.h>
#include <unistd.h>

#define CACHE_LINE 64
#define FIRST_BLOCK (CACHE_LINE / sizeof(qsc_pin_slot))

struct block {
    struct block *older;    // in the registry; constant once the block is in it
    struct block *neighbor; // the next in the ring of its thread's blocks
    uint32_t count;
    atomic_bool taken;      // by a living thread
    _Atomic int32_t thread; // the last that took it
    _Alignas(CACHE_LINE) qsc_pin_slot slots[];
};

static _Atomic(struct block *) registry; // only ever pushed to

__thread qsc_pin_slot *qsc_pin_slots_cursor;
static __thread struct block *cursor_block; // in the ring of this thread's blocks
static __thread uint32_t capacity;          // slots in the ring

static void release_blocks(void)
{
    struct block *block = cursor_block;
    do {
        struct block *neighbor = block->neighbor;
        // pairs with the exchange in adopt: whoever is next may write the ring's link and the slots
        atomic_store_explicit(&block->taken, false, memory_order_release);
        block = neighbor;
    } while (block != cursor_block);
    qsc_pin_slots_cursor = NULL;
    cursor_block = NULL;
    capacity = 0;
}

static bool is_empty(struct block *block)
{
    for (uint32_t i = 0; i < block->count; i++)
        if (atomic_load_explicit(&block->slots[i], memory_order_relaxed))
            return false;
    return true;
}

// A block that its thread left empty. One with a pin in it keeps that thread's name until it is released.
static struct block *adopt(void)
{
    // acquire: pairs with the push in allocate
    struct block *block = atomic_load_explicit(&registry, memory_order_acquire);
    for (; block; block = block->older) {
        if (atomic_load_explicit(&block->taken, memory_order_relaxed) ||
            // acquire: pairs with the release in release_blocks and below
            atomic_exchange_explicit(&block->taken, true, memory_order_acquire))
            continue;
        if (is_empty(block))
            return block;
        atomic_store_explicit(&block->taken, false, memory_order_release); // pairs with the exchange above
    }
    return NULL;
}

static struct block *allocate(uint32_t count)
{
    size_t bytes = sizeof(struct block) + count * sizeof(qsc_pin_slot);
    struct block *block = qsc_alloc_aligned(bytes, CACHE_LINE);
    if (!block)
        return NULL;
    block->count = count;
    atomic_init(&block->taken, true);
    atomic_init(&block->thread, 0);
    for (uint32_t i = 0; i < count; i++)
        atomic_init(&block->slots[i], NULL);
    block->older = atomic_load_explicit(&registry, memory_order_relaxed);
    // release: pairs with the walks of the registry
    while (!atomic_compare_exchange_weak_explicit(&registry, &block->older, block, memory_order_release,
                                                  memory_order_relaxed))
        continue;
    return block;
}

// Brings one more block into the ring: the thread's first, or one that doubles what it has.
static struct block *grow(int *error)
{
    static __thread struct qsc_thread_exit at_exit = {.run = release_blocks};
    struct block *block = adopt();
    if (!block)
        block = allocate(capacity ? capacity : FIRST_BLOCK);
    *error = block ? 0 : ENOMEM;
    if (block && !cursor_block)
        *error = qsc_thread_exit_add(&at_exit);
    if (*error) {
        if (block)
            atomic_store_explicit(&block->taken, false, memory_order_release); // pairs with adopt
        return NULL;
    }
    // relaxed: read only after the acquire of a slot that is filled later
    atomic_store_explicit(&block->thread, (int32_t)gettid(), memory_order_relaxed);
    block->neighbor = cursor_block ? cursor_block->neighbor : block;
    if (cursor_block)
        cursor_block->neighbor = block;
    capacity += block->count;
    return block;
}

// Goes round the ring from the slot used last: pins are mostly released in the order, or the reverse order,
// in which they were taken, and either way the next slot is nearly always empty.
static qsc_pin_slot *next_empty(struct block **block)
{
    qsc_pin_slot *slot = qsc_pin_slots_cursor;
    for (uint32_t n = 0; n < capacity; n++) {
        if (++slot == (*block)->slots + (*block)->count) {
            *block = (*block)->neighbor;
            slot = (*block)->slots;
        }
        if (!atomic_load_explicit(slot, memory_order_relaxed))
            return slot;
    }
    return NULL;
}

qsc_pin_slot *qsc_pin_slots_find_slow(int *error)
{
    struct block *block = cursor_block;
    qsc_pin_slot *slot = next_empty(&block);
    if (!slot) {
        block = grow(error);
        if (!block)
            return NULL;
        slot = block->slots;
    }
    cursor_block = block;
    qsc_pin_slots_cursor = slot;
    return qsc_pin_slots_find(error); // it is still empty, and now acquired
}

bool qsc_pin_slots_hold(const struct qsc_version *version, int32_t *owner)
{
    // acquire: pairs with the push in allocate
    struct block *block = atomic_load_explicit(&registry, memory_order_acquire);
    for (; block; block = block->older)
        for (uint32_t i = 0; i < block->count; i++) // acquire: as in qsc_pin_slots_find
            if (atomic_load_explicit(&block->slots[i], memory_order_acquire) == version) {
                *owner = atomic_load_explicit(&block->thread, memory_order_relaxed);
                return true;
            }
    return false;
}
