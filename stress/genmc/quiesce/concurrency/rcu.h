/* rcu.h as GenMC runs it: what the true one promises, for liburcu's code is not in its unit. A section says
 * that it is there, and a grace period waits until nobody says so, each with a full fence in between. */
#ifndef QUIESCE_CONCURRENCY_RCU_H
#define QUIESCE_CONCURRENCY_RCU_H

#include <genmc.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { RCU_THREADS = 8 };

static _Atomic int rcu_threads, rcu_inside[RCU_THREADS];
static _Thread_local int rcu_place, rcu_depth; // the place counts from 1

static inline void qsc_rcu_read_lock(void)
{
    if (!rcu_place)
        rcu_place = 1 + atomic_fetch_add_explicit(&rcu_threads, 1, memory_order_relaxed);
    assert(rcu_place <= RCU_THREADS);
    if (rcu_depth++ == 0) {
        atomic_store_explicit(&rcu_inside[rcu_place - 1], 1, memory_order_relaxed);
        atomic_thread_fence(memory_order_seq_cst);
    }
}

static inline void qsc_rcu_read_unlock(void)
{
    if (--rcu_depth == 0)
        atomic_store_explicit(&rcu_inside[rcu_place - 1], 0, memory_order_release); // pairs with synchronize
}

static inline void qsc_rcu_synchronize(void)
{
    atomic_thread_fence(memory_order_seq_cst);
    int threads = atomic_load_explicit(&rcu_threads, memory_order_relaxed);
    for (int i = 0; i < threads; i++) {
        __VERIFIER_loop_begin();
        for (;;) {
            __VERIFIER_spin_start();
            if (!atomic_load_explicit(&rcu_inside[i], memory_order_acquire)) // pairs with read_unlock
                break;
            __VERIFIER_spin_end(0);
        }
    }
    atomic_thread_fence(memory_order_seq_cst);
}

static inline int qsc_rcu_register_thread(void)
{
    return 0;
}

static inline bool qsc_rcu_in_section(void)
{
    return rcu_depth != 0;
}

#endif
