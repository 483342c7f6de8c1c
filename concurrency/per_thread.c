/* per_thread.c: a storage has a list of slots, which only grows until the end, and a place in every thread's
 * table. The registry says which storage has which place now: a thread that exits asks it whether the slots
 * that it remembers are still there. Serial numbers are never used twice, so an entry of a storage that is
 * gone is found out wherever its memory and its place have come to be used again. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/per_thread.h>
#include <quiesce/concurrency/thread_exit.h>

#include <errno.h>
#include <string.h>

#define CACHE_LINE 64

struct qsc_per_thread_slot {
    struct qsc_per_thread_slot *older; // constant once the slot is in the list
    bool taken;                        // by a living thread; under the lock
    _Alignas(max_align_t) unsigned char content[];
};

static qsc_mutex lock; // guards what follows, and each storage's list against others that append

static struct {
    uint64_t *serials; // of the storage that has the place; 0: nobody
    uint32_t count, used;
    uint64_t last_serial;
} registry;

__thread struct qsc_per_thread_table qsc_per_thread_table;
static __thread bool is_hooked;

static struct qsc_per_thread_slot *slot_of(const void *content)
{
    return (struct qsc_per_thread_slot *)((char *)content - offsetof(struct qsc_per_thread_slot, content));
}

// A free place, the lowest, so that the tables stay short. Under the lock.
static int find_place(uint32_t *index)
{
    for (*index = 0; *index < registry.count; ++*index)
        if (!registry.serials[*index])
            return 0;
    uint32_t count = registry.count ? 2 * registry.count : 4;
    uint64_t *serials = qsc_realloc(registry.serials, count * sizeof *serials);
    if (!serials)
        return ENOMEM;
    memset(serials + registry.count, 0, (count - registry.count) * sizeof *serials);
    registry.serials = serials;
    registry.count = count;
    return 0;
}

int qsc_per_thread_init(qsc_per_thread *storage, size_t bytes)
{
    uint32_t index;
    qsc_mutex_lock(&lock);
    int error = find_place(&index);
    if (!error) {
        registry.used++;
        registry.serials[index] = ++registry.last_serial;
        *storage = (qsc_per_thread){.serial = registry.last_serial, .index = index, .bytes = bytes};
    }
    qsc_mutex_unlock(&lock);
    return error;
}

static void free_table(void)
{
    qsc_free(qsc_per_thread_table.entries);
    qsc_per_thread_table = (struct qsc_per_thread_table){NULL, 0};
}

void qsc_per_thread_fini(qsc_per_thread *storage)
{
    qsc_mutex_lock(&lock);
    registry.serials[storage->index] = 0;
    bool was_last = --registry.used == 0;
    if (was_last) {
        qsc_free(registry.serials);
        registry.serials = NULL;
        registry.count = 0;
    }
    qsc_mutex_unlock(&lock);
    if (was_last) // else a program's first thread would keep its table until the end
        free_table();
    while (storage->newest) {
        struct qsc_per_thread_slot *slot = storage->newest;
        storage->newest = slot->older;
        qsc_free(slot);
    }
}

// The thread exits: its slots are the next one's, where their storage is still there.
static void leave_slots(void)
{
    const struct qsc_per_thread_table *table = &qsc_per_thread_table;
    qsc_mutex_lock(&lock);
    for (uint32_t i = 0; i < table->count && i < registry.count; i++)
        if (table->entries[i].serial && table->entries[i].serial == registry.serials[i])
            slot_of(table->entries[i].slot)->taken = false;
    qsc_mutex_unlock(&lock);
    free_table();
    is_hooked = false;
}

// The storage's entry in the calling thread's table, or NULL.
static struct qsc_per_thread_entry *find_entry(const qsc_per_thread *storage)
{
    static __thread struct qsc_thread_exit at_exit = {.run = leave_slots};
    struct qsc_per_thread_table *table = &qsc_per_thread_table;
    if (!is_hooked && qsc_thread_exit_add(&at_exit) != 0)
        return NULL;
    is_hooked = true;
    if (storage->index >= table->count) {
        uint32_t count = 4;
        while (count <= storage->index)
            count *= 2;
        struct qsc_per_thread_entry *entries = qsc_realloc(table->entries, count * sizeof *entries);
        if (!entries)
            return NULL;
        memset(entries + table->count, 0, (count - table->count) * sizeof *entries);
        *table = (struct qsc_per_thread_table){entries, count};
    }
    return &table->entries[storage->index];
}

// A slot of a thread that has exited. What that thread did in it happens before, by the lock.
static struct qsc_per_thread_slot *take_left(qsc_per_thread *storage)
{
    qsc_mutex_lock(&lock);
    struct qsc_per_thread_slot *slot = storage->newest;
    while (slot && slot->taken)
        slot = slot->older;
    if (slot)
        slot->taken = true;
    qsc_mutex_unlock(&lock);
    return slot;
}

static struct qsc_per_thread_slot *append(qsc_per_thread *storage)
{
    size_t header = offsetof(struct qsc_per_thread_slot, content), bytes;
    if (__builtin_add_overflow(header + CACHE_LINE - 1, storage->bytes, &bytes))
        return NULL;
    bytes &= ~(size_t)(CACHE_LINE - 1);
    struct qsc_per_thread_slot *slot = qsc_alloc_aligned(bytes, CACHE_LINE);
    if (!slot)
        return NULL;
    memset(slot, 0, bytes);
    slot->taken = true;
    qsc_mutex_lock(&lock);
    slot->older = storage->newest;
    // seq_cst: pairs with the load in qsc_per_thread_next: as a release, and see the header
    __atomic_store_n(&storage->newest, slot, __ATOMIC_SEQ_CST);
    qsc_mutex_unlock(&lock);
    return slot;
}

void *qsc_per_thread_get_slow(qsc_per_thread *storage)
{
    struct qsc_per_thread_entry *entry = find_entry(storage);
    if (!entry)
        return NULL;
    struct qsc_per_thread_slot *slot = take_left(storage);
    if (!slot)
        slot = append(storage);
    if (!slot)
        return NULL;
    *entry = (struct qsc_per_thread_entry){storage->serial, slot->content};
    return slot->content;
}

void *qsc_per_thread_next(const qsc_per_thread *storage, const void *slot)
{
    // seq_cst: pairs with the store in append: as an acquire, and see the header
    struct qsc_per_thread_slot *next =
        slot ? slot_of(slot)->older : __atomic_load_n(&storage->newest, __ATOMIC_SEQ_CST);
    return next ? next->content : NULL;
}
