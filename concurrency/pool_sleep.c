#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/pool_internal.h>

_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "a slot's state is used as a futex");

void qsc_pool_announce(struct slot *slot, enum slot_state how)
{
    // In this order, so that the count is never less than the slots. seq_cst, both: pair with the loads in
    // wake.
    atomic_fetch_add_explicit(&slot->pool->asleep[how], 1, memory_order_seq_cst);
    atomic_store_explicit(&slot->state, how, memory_order_seq_cst);
}

// Ends an announcement: exactly one of the thread itself and those who would wake it succeeds.
static bool end(struct slot *slot, enum slot_state how)
{
    uint32_t seen = how;
    // acq_rel: pairs with itself, what the waker did happens before the sleeper goes on
    if (!atomic_compare_exchange_strong_explicit(&slot->state, &seen, SLOT_AWAKE, memory_order_acq_rel,
                                                 memory_order_acquire))
        return false;
    atomic_fetch_sub_explicit(&slot->pool->asleep[how], 1, memory_order_relaxed);
    return true;
}

bool qsc_pool_retract(struct slot *slot, enum slot_state how)
{
    return !end(slot, how);
}

int qsc_pool_sleep(struct slot *slot, enum slot_state how, const struct timespec *deadline,
                   const qsc_cancel *cancel)
{
    // relaxed: who wakes up looks for everything again, and announces himself anew before he sleeps again
    while (atomic_load_explicit(&slot->state, memory_order_relaxed) == (uint32_t)how) {
        int error = qsc_cancel_wait((const uint32_t *)&slot->state, how, deadline, cancel);
        if (qsc_port_wait_error(error))
            return end(slot, how) ? error : 0;
    }
    return 0;
}

bool qsc_pool_wake(struct slot *slot, enum slot_state how)
{
    // seq_cst: pairs with the store in announce
    if (atomic_load_explicit(&slot->state, memory_order_seq_cst) != (uint32_t)how || !end(slot, how))
        return false;
    qsc_port_futex_wake((const uint32_t *)&slot->state, 1);
    return true;
}

void qsc_pool_wake_idle(struct qsc_pool *pool)
{
    // seq_cst: pairs with the increment in announce
    if (__builtin_expect(atomic_load_explicit(&pool->asleep[SLOT_IDLE], memory_order_seq_cst) == 0, 1))
        return;
    for (int i = 1; i < pool->slot_count; i++)
        if (qsc_pool_wake(&pool->slots[i], SLOT_IDLE))
            return;
}
