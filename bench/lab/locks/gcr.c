/* An MCS lock for which only a few threads compete at a time; the others sleep before it. What it wraps
 * collapses with more threads than processors, and is kept from it; the price is fairness in the short term.
 * Now and then a sleeper is let in, so that none starves.
 * Source: D. Dice and A. Kogan, "Avoiding scalability collapse by restricting concurrency", Euro-Par 2019;
 * their passive threads stand in a queue of their own, ours in that of a qsc_mutex, whose holder is the one
 * that watches. */
#include "../lock.h"

#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/spin.h>
#include <stdatomic.h>

#ifndef LAB_GCR_ACTIVE
#define LAB_GCR_ACTIVE 2 /* one has the lock, one waits awake to have it next */
#endif
#ifndef LAB_GCR_PERIOD
#define LAB_GCR_PERIOD 4096 /* passes after which one more is let in */
#endif

struct gcr {
    qsc_mcs inner;
    uint32_t passes; /* the holder's */
    _Atomic uint32_t active;
    _Atomic uint32_t admit; /* a thread may enter though the others are enough */
    qsc_mutex passive;
};

/* The counts decide who may compete, not who enters: they order nothing. */
static bool is_full(struct gcr *lock)
{
    return atomic_load_explicit(&lock->active, memory_order_relaxed) >= LAB_GCR_ACTIVE;
}

static bool is_admitted(struct gcr *lock)
{
    return atomic_load_explicit(&lock->admit, memory_order_relaxed) != 0;
}

static void wait_in_passive_set(struct gcr *lock)
{
    unsigned spent = 0;
    qsc_mutex_lock(&lock->passive);
    while (is_full(lock) && !is_admitted(lock))
        qsc_port_turn(&spent, 1);
    if (is_admitted(lock))
        atomic_store_explicit(&lock->admit, 0, memory_order_relaxed);
}

static void lock_gcr(void *memory, void *waiter)
{
    struct gcr *lock = memory;
    const bool passive = is_full(lock);
    if (passive)
        wait_in_passive_set(lock);
    atomic_fetch_add_explicit(&lock->active, 1, memory_order_relaxed);
    if (passive)
        qsc_mutex_unlock(&lock->passive);
    qsc_mcs_lock(&lock->inner, waiter);
}

static void unlock_gcr(void *memory, void *waiter)
{
    struct gcr *lock = memory;
    if (++lock->passes % LAB_GCR_PERIOD == 0)
        atomic_store_explicit(&lock->admit, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&lock->active, 1, memory_order_relaxed);
    qsc_mcs_unlock(&lock->inner, waiter);
}

static const struct lab_lock gcr = {
    .name = "gcr_mcs",
    .order = "FIFO of the active",
    .bypass = "by the active, who let one in after 4096 passes",
    .parks = true,
    .verified = "TSan, explorer; in the lab only",
    .lock_size = sizeof(struct gcr),
    .waiter_size = sizeof(qsc_mcs_node),
    .lock = lock_gcr,
    .unlock = unlock_gcr,
};
LAB_LOCK(gcr);
