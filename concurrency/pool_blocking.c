/* pool_blocking.c: spare thread i of the pool runs tasks while more than i threads are in blocking sections.
 */
#include <quiesce/concurrency/pool_internal.h>

void qsc_pool_blocking_begin(qsc_pool *pool)
{
    if (!qsc_pool_slot(pool))
        return;
    // seq_cst: pairs with the load in is_surplus, before the look at the sleeper in wake
    int spare = atomic_fetch_add_explicit(&pool->blocked, 1, memory_order_seq_cst);
    if (spare < pool->slot_count - pool->threads)
        (void)qsc_pool_wake(&pool->slots[pool->threads + spare], SLOT_SPARE);
}

void qsc_pool_blocking_end(qsc_pool *pool)
{
    if (qsc_pool_slot(pool))
        // relaxed: the spare thread sees it sooner or later, between two tasks
        atomic_fetch_sub_explicit(&pool->blocked, 1, memory_order_relaxed);
}

static bool is_surplus(const struct slot *slot)
{
    const struct qsc_pool *pool = slot->pool;
    long spare = slot - pool->slots - pool->threads;
    // seq_cst, both, after our announcement: pair with the addition in qsc_pool_blocking_begin and with the
    // store in end_workers
    return spare >= 0 && spare >= atomic_load_explicit(&pool->blocked, memory_order_seq_cst) &&
           !atomic_load_explicit(&pool->stopping, memory_order_seq_cst);
}

void qsc_pool_rest(struct slot *slot)
{
    while (is_surplus(slot)) {
        qsc_pool_lay_down(slot);
        qsc_pool_wake_idle(slot->pool); // what woke us when we were idle may have been a task
        qsc_pool_announce(slot, SLOT_SPARE);
        if (is_surplus(slot))
            (void)!qsc_pool_sleep(slot, SLOT_SPARE, NULL, NULL); // there is nothing to give up for
        else
            (void)qsc_pool_retract(slot, SLOT_SPARE); // the wake-up was for what we have seen
    }
}
