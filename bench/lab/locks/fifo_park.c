/* An MCS lock whose waiters fall asleep after some spins: strict order and sleep in one, the known bad
 * example. Each hand-over goes to one certain thread, so that with more threads than processors nearly each
 * waits until the system has woken that one, while others who run may not enter (a lock convoy).
 * Source: LiTL's mcs_stp; H. Guiroux, R. Lachaize and V. Quéma, "Multicore locks: the case is not closed
 * yet", USENIX ATC 2016. */
#include "../lock.h"

#include <quiesce/concurrency/port.h>
#include <stdatomic.h>

enum { WAITING, ASLEEP, GRANTED };

struct fifo_park_waiter {
    _Atomic(struct fifo_park_waiter *) next;
    uint32_t state; /* by __atomic: the kernel reads it too */
};

struct fifo_park {
    _Atomic(struct fifo_park_waiter *) tail;
};

static void wait_asleep(struct fifo_park_waiter *self)
{
    uint32_t state = WAITING;
    /* Where it fails it was GRANTED: pairs with the release of the hand-over. */
    if (!__atomic_compare_exchange_n(&self->state, &state, ASLEEP, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
        return;
    /* Pairs with the release of the hand-over. */
    while (__atomic_load_n(&self->state, __ATOMIC_ACQUIRE) != GRANTED) {
        int woken = qsc_port_futex_wait(&self->state, ASLEEP, NULL);
        (void)woken; /* it looks again, whatever woke it */
    }
}

static void wait_for_grant(struct fifo_park_waiter *self)
{
    for (unsigned i = 0; i < QSC_PORT_SPINS; i++) {
        /* Pairs with the release of the hand-over. */
        if (__atomic_load_n(&self->state, __ATOMIC_ACQUIRE) == GRANTED)
            return;
        qsc_port_pause();
    }
    wait_asleep(self);
}

static void lock_fifo_park(void *memory, void *waiter)
{
    struct fifo_park *lock = memory;
    struct fifo_park_waiter *self = waiter;
    atomic_store_explicit(&self->next, NULL, memory_order_relaxed);
    __atomic_store_n(&self->state, WAITING, __ATOMIC_RELAXED);
    /* Acquire pairs with the release of an unlock that left the lock free, and both with each other: the
     * stores above are seen by who comes next. */
    struct fifo_park_waiter *before = atomic_exchange_explicit(&lock->tail, self, memory_order_acq_rel);
    if (!before)
        return;
    /* Pairs with the acquire in unlock. */
    atomic_store_explicit(&before->next, self, memory_order_release);
    wait_for_grant(self);
}

static void unlock_fifo_park(void *memory, void *waiter)
{
    struct fifo_park *lock = memory;
    struct fifo_park_waiter *self = waiter, *next, *last = self;
    /* Pairs with the acquire of the next lock's exchange. */
    if (atomic_compare_exchange_strong_explicit(&lock->tail, &last, NULL, memory_order_release,
                                                memory_order_relaxed))
        return;
    /* Pairs with the release with which the successor links itself: it may not have done so yet. */
    while (!(next = atomic_load_explicit(&self->next, memory_order_acquire)))
        qsc_port_pause();
    /* Pairs with the acquire of the successor's wait. Its node may be in use anew when it is woken: only the
     * address counts, and who sleeps looks again. */
    if (__atomic_exchange_n(&next->state, GRANTED, __ATOMIC_RELEASE) == ASLEEP)
        qsc_port_futex_wake(&next->state, 1);
}

static const struct lab_lock fifo_park = {
    .name = "fifo_park",
    .order = "FIFO",
    .bypass = "never",
    .parks = true,
    .verified = "TSan, explorer; in the lab only",
    .lock_size = sizeof(struct fifo_park),
    .waiter_size = sizeof(struct fifo_park_waiter),
    .lock = lock_fifo_park,
    .unlock = unlock_fifo_park,
};
LAB_LOCK(fifo_park);
