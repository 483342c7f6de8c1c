/* per_thread.h: storage with a slot for each thread, which any thread can go through.
 *
 *     static qsc_per_thread hits; // of uint64_t
 *
 *     uint64_t *mine = qsc_per_thread_get(&hits);               // whoever counts; NULL: no memory
 *     __atomic_store_n(mine, *mine + 1, __ATOMIC_RELAXED);      // nobody else writes it
 *
 *     uint64_t sum = 0, *each = NULL;                           // whoever wants the sum
 *     while ((each = qsc_per_thread_next(&hits, each)))
 *         sum += __atomic_load_n(each, __ATOMIC_RELAXED);
 *
 * A thread gets its slot, all bytes zero, when it first asks for it, and writes to a cache line that no other
 * thread writes to. When it exits the slot stays as it is, in its place, and the next thread that asks for
 * the first time goes on with it. So a sum loses nothing, and there are never more slots than threads have
 * used the storage at one time. (TBB calls it enumerable_thread_specific, and keeps the slots of threads that
 * have exited; folly's ThreadLocalPtr frees them.)
 *
 * A thread finds its slot by a table of its own, 16 bytes a storage, which it keeps until it exits. After
 * fork() only the calling thread's slots are used on in the child. */
#ifndef QUIESCE_CONCURRENCY_PER_THREAD_H
#define QUIESCE_CONCURRENCY_PER_THREAD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_per_thread_slot;

typedef struct {     /* all private */
    uint64_t serial; /* of this storage; never given to another one */
    uint32_t index;  /* in each thread's table, while the storage lives */
    size_t bytes;
    struct qsc_per_thread_slot *newest;
} qsc_per_thread;

/* Makes a storage with slots of so many bytes, aligned as malloc aligns, and without any slot yet.
 * Returns: 0; ENOMEM.
 * Blocks: briefly, on a lock. Progress: blocking (allocates).
 * Memory order: none; the caller hands the storage to other threads by means of its own.
 * Threads: one. Not inside: a signal handler or a read section. */
int qsc_per_thread_init(qsc_per_thread *storage, size_t bytes) __attribute__((warn_unused_result));

/* Frees all slots.
 * Returns: nothing. Blocks: briefly, on a lock that threads take when they exit. Progress: blocking.
 * Memory order: none. Threads: one, while no other uses the storage or a slot of it; threads that did so may
 * live on, or be about to exit. Not inside: a signal handler or a read section. */
void qsc_per_thread_fini(qsc_per_thread *storage);

/* The calling thread's slot. The first time it is zero, or as a thread left it that has exited.
 * Returns: the slot, the same until the thread exits; NULL when there is no memory, or no hook for the
 * thread's exit to be had.
 * Blocks: no; the first time briefly, on a lock. Progress: wait-free but for the first time (allocates).
 * Memory order: all that the thread which left the slot did with it happens before the return.
 * Threads: any. Not inside: a signal handler; the first time not inside a read section either. */
static inline void *qsc_per_thread_get(qsc_per_thread *storage);

/* Goes through the slots of all threads, those that have exited included, one by one: NULL gives the first,
 * each slot the next. Every slot that was there when it began comes once; of those that come up meanwhile
 * some may be missing.
 * Returns: a slot; NULL when there is none left.
 * Blocks: no. Progress: wait-free. Memory order: acquire, sees the slot's zero bytes; and in the order of all
 * seq_cst accesses a slot that is missing came up after the first call. What its thread writes there, while
 * it lives, is read atomically.
 * Threads: any. */
void *qsc_per_thread_next(const qsc_per_thread *storage, const void *slot);

/* A thread's table, in which a storage has the place `index`. The entry may be that of an earlier storage. */
struct qsc_per_thread_entry {
    uint64_t serial;
    void *slot;
};
struct qsc_per_thread_table {
    struct qsc_per_thread_entry *entries;
    uint32_t count;
};
/* initial-exec: 16 bytes fit into the static block even when the library comes by dlopen. */
extern __thread struct qsc_per_thread_table qsc_per_thread_table __attribute__((tls_model("initial-exec")));

void *qsc_per_thread_get_slow(qsc_per_thread *storage);

static inline void *qsc_per_thread_get(qsc_per_thread *storage)
{
    const struct qsc_per_thread_table *table = &qsc_per_thread_table;
    uint32_t index = storage->index;
    if (__builtin_expect(index < table->count && table->entries[index].serial == storage->serial, 1))
        return table->entries[index].slot;
    return qsc_per_thread_get_slow(storage);
}

#ifdef __cplusplus
}
#endif
#endif
