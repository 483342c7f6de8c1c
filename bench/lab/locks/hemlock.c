/* Hemlock: an MCS lock without nodes. A thread has one word for all locks that it holds or awaits; to hand a
 * lock over it writes the lock's address there and waits until its successor has taken note of it.
 * Source: D. Dice and A. Kogan, "Hemlock: compact and scalable mutual exclusion", SPAA 2021. Waits awake and
 * never yields, as published. */
#include "../lock.h"

#include <quiesce/concurrency/port.h>
#include <stdatomic.h>

struct hemlock_waiter {
    _Atomic(void *) grant; /* the lock that is handed over; NULL: none, or the successor has it */
};

struct hemlock {
    _Atomic(struct hemlock_waiter *) tail; /* last in line, the holder if nobody waits; NULL: free */
};

static void lock_hemlock(void *memory, void *waiter)
{
    struct hemlock *lock = memory;
    /* Both. Acquire pairs with the release of an unlock that left the lock free; release with this acquire of
     * the successor, which must not see an older hand-over in the word. */
    struct hemlock_waiter *before = atomic_exchange_explicit(&lock->tail, waiter, memory_order_acq_rel);
    if (!before)
        return;
    /* Pairs with the release of the hand-over. */
    while (atomic_load_explicit(&before->grant, memory_order_acquire) != memory)
        qsc_port_pause();
    atomic_store_explicit(&before->grant, NULL, memory_order_relaxed);
}

static void unlock_hemlock(void *memory, void *waiter)
{
    struct hemlock *lock = memory;
    struct hemlock_waiter *self = waiter, *last = self;
    /* Pairs with the acquire of the next lock's exchange. */
    if (atomic_compare_exchange_strong_explicit(&lock->tail, &last, NULL, memory_order_release,
                                                memory_order_relaxed))
        return;
    /* Pairs with the acquire of the successor's wait. */
    atomic_store_explicit(&self->grant, memory, memory_order_release);
    /* Only that the successor took note of it: what the section wrote went with the release. */
    while (atomic_load_explicit(&self->grant, memory_order_relaxed))
        qsc_port_pause();
}

static const struct lab_lock hemlock = {
    .name = "hemlock",
    .order = "FIFO",
    .bypass = "never",
    .verified = "TSan, explorer; in the lab only",
    .lock_size = sizeof(struct hemlock),
    .waiter_size = sizeof(struct hemlock_waiter),
    .lock = lock_hemlock,
    .unlock = unlock_hemlock,
};
LAB_LOCK(hemlock);
