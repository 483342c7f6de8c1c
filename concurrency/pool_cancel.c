/* pool_cancel.c
 *
 * All accesses are relaxed. A task that the cancelling happens before is dropped, for coherence alone lets it
 * see both the flag and the count, and so is seen by the wait that a task below was dropped. Any other task
 * may be run. */
#include <quiesce/concurrency/pool_internal.h>

void qsc_group_cancel(qsc_pool *pool, qsc_group *group_storage)
{
    struct group *group = (struct group *)group_storage;
    uint64_t before = atomic_fetch_or_explicit(&group->state, GROUP_CANCELLED, memory_order_relaxed);
    if (!(before & GROUP_CANCELLED))
        atomic_fetch_add_explicit(&pool->cancelled, 1, memory_order_relaxed);
}

bool qsc_pool_is_below_cancelled(const struct group *group)
{
    while (group && !(atomic_load_explicit(&group->state, memory_order_relaxed) & GROUP_CANCELLED))
        group = group->parent;
    return group;
}

bool qsc_task_cancelled(const qsc_pool *pool)
{
    const struct slot *slot = qsc_pool_slot(pool);
    return slot && qsc_pool_is_cancelled(pool, slot->running);
}
