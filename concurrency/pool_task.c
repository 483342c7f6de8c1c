/* pool_task.c: spawning, stealing and waiting.
 *
 * Why a wait never hangs. A task that has not begun lies in a deque or in its group's list of submitted
 * tasks. A thread that sleeps in a wait, or leaves slot 0, first submits what is left in its deque (see
 * `dig`), and an idle worker runs it; so who leaves tasks in his deque is running. What is submitted is taken
 * by an idle worker or by the thread that waits for the group, and both are woken for it. So every task
 * begins, and the last of a group wakes the waiter. A worker that is to run a task from elsewhere although
 * others lie in its deque submits those, too: that task's lineage would hide them from their waiters until it
 * ends.
 *
 * Why a wait runs only what is below. A task that has been taken or stolen cannot end before it is run, nor
 * can the groups above it, so their chain of parents may be followed and the answer is exact. Before the
 * theft it may not: the frames could be gone. The choice of a victim therefore goes by `lineage`, which is
 * compared and not followed; if it was out of date and the loot is a stranger, it is submitted for whom it
 * concerns. */
#include <quiesce/concurrency/pool_internal.h>

#include <errno.h>

// Every so many looks for a task a worker takes those first that may have waited for long.
#define PATIENCE 32

static struct task *task_of(qsc_task *storage)
{
    return (struct task *)storage;
}

static struct group *group_of(qsc_group *storage)
{
    return (struct group *)storage;
}

static bool is_complete(const struct group *group)
{
    // acquire: pairs with the subtraction in run_task
    return (atomic_load_explicit(&group->state, memory_order_acquire) & GROUP_TASKS) == 0;
}

static bool is_below(const struct group *group, const struct group *above)
{
    while (group && group->depth > above->depth)
        group = group->parent;
    return group == above;
}

// The slot whose thread sleeps until this group is complete, or NULL.
static struct slot *waiter_of(struct qsc_pool *pool, const struct group *group)
{
    // seq_cst: pairs with the announcement in sleep_until_complete
    uint64_t state = atomic_load_explicit(&group->state, memory_order_seq_cst);
    uint64_t waiter = state >> GROUP_SLOT_SHIFT & GROUP_SLOT_MASK;
    return waiter ? &pool->slots[waiter - 1] : NULL;
}

static void run_task(struct slot *slot, struct task *task)
{
    struct qsc_pool *pool = slot->pool;
    struct group *group = task->group, *outer = slot->running;
    slot->running = group;
    if (!qsc_pool_is_cancelled(pool, group))
        task->run(task->arg);
    slot->running = outer;
    // release: the task happens before the return of the wait; acquire: the announcement of whom this wakes.
    // Pairs with is_complete and sleep_until_complete. From here on neither task nor group may be touched.
    uint64_t before = atomic_fetch_sub_explicit(&group->state, 1, memory_order_acq_rel);
    if ((before & GROUP_TASKS) != 1 || before == 1)
        return;
    uint64_t waiter = before >> GROUP_SLOT_SHIFT & GROUP_SLOT_MASK;
    if (waiter)
        (void)qsc_pool_wake(&pool->slots[waiter - 1], SLOT_JOINING);
    if (before & GROUP_GUEST)
        qsc_eventcount_notify(&pool->guests, UINT32_MAX);
}

static void show_lineage(struct slot *slot, struct group *group)
{
    slot->stranger = group;
    uint64_t depth = group ? group->depth : 0;
    for (uint64_t i = 0; i < LINEAGE; i++) {
        // relaxed: ordered by the pushes that follow, see leapfrog
        atomic_store_explicit(&slot->lineage[(depth - i) % LINEAGE], group, memory_order_relaxed);
        group = group ? group->parent : NULL;
    }
}

void qsc_pool_run_stranger(struct slot *slot, struct task *task)
{
    struct group *outer = slot->stranger;
    show_lineage(slot, task->group);
    run_task(slot, task);
    show_lineage(slot, outer);
}

void qsc_pool_submit(struct qsc_pool *pool, struct task *task)
{
    struct group *group = task->group;
    task->next = NULL;
    qsc_mutex_lock(&pool->lock);
    if (atomic_load_explicit(&group->submitted, memory_order_relaxed)) {
        group->last_submitted->next = task;
    } else {
        // seq_cst: pairs with the load in find_below, before the look at the waiter
        atomic_store_explicit(&group->submitted, task, memory_order_seq_cst);
        struct groups *groups = &pool->groups[group->priority];
        group->next = NULL;
        group->previous = groups->last;
        *(groups->last ? &groups->last->next : &groups->first) = group;
        groups->last = group;
    }
    group->last_submitted = task;
    // seq_cst: pairs with the load in qsc_pool_find, before the look for idle workers
    atomic_fetch_add_explicit(&pool->submitted[group->priority], 1, memory_order_seq_cst);
    // The group is certain to exist only as long as the lock keeps the task from being run
    struct slot *waiter = waiter_of(pool, group);
    if (waiter)
        (void)qsc_pool_wake(waiter, SLOT_JOINING);
    qsc_mutex_unlock(&pool->lock);
    qsc_pool_wake_idle(pool);
}

// Under the lock; NULL when the group has none.
static struct task *take_first(struct qsc_pool *pool, struct group *group)
{
    struct task *task = atomic_load_explicit(&group->submitted, memory_order_relaxed);
    if (task) {
        atomic_store_explicit(&group->submitted, task->next, memory_order_relaxed);
        atomic_fetch_sub_explicit(&pool->submitted[group->priority], 1, memory_order_relaxed);
        if (!task->next) {
            struct groups *groups = &pool->groups[group->priority];
            *(group->previous ? &group->previous->next : &groups->first) = group->next;
            *(group->next ? &group->next->previous : &groups->last) = group->previous;
        }
    }
    return task;
}

static struct task *take_submitted(struct qsc_pool *pool, struct group *group)
{
    qsc_mutex_lock(&pool->lock);
    struct task *task = take_first(pool, group);
    qsc_mutex_unlock(&pool->lock);
    return task;
}

static struct task *take_of_priority(struct qsc_pool *pool, enum qsc_priority priority)
{
    // seq_cst: pairs with the increment in submit
    if (!atomic_load_explicit(&pool->submitted[priority], memory_order_seq_cst))
        return NULL;
    qsc_mutex_lock(&pool->lock);
    struct group *group = pool->groups[priority].first;
    struct task *task = group ? take_first(pool, group) : NULL;
    qsc_mutex_unlock(&pool->lock);
    return task;
}

// Steals from a thread that runs tasks below the group.
static struct task *leapfrog(struct slot *slot, struct group *group)
{
    struct qsc_pool *pool = slot->pool;
    for (int i = 0; i < pool->slot_count; i++) {
        struct slot *victim = &pool->slots[i];
        // In this order: who sees the victim's push sees the lineage that it set before
        while (victim != slot && !qsc_deque_is_empty(&victim->deque) &&
               atomic_load_explicit(&victim->lineage[group->depth % LINEAGE], memory_order_relaxed) ==
                   group) {
            void *loot;
            if (qsc_deque_steal(&victim->deque, &loot) != 0)
                continue;
            struct task *task = loot;
            if (is_below(task->group, group))
                return task;
            qsc_pool_submit(pool, task);
        }
    }
    return NULL;
}

static struct task *find_below(struct slot *slot, struct group *group)
{
    struct task *task = qsc_deque_take(&slot->deque);
    if (task && !is_below(task->group, group)) {
        (void)!qsc_deque_push(&slot->deque, task); // cannot fail: its place is free
        qsc_pool_wake_idle(slot->pool);            // one may have looked meanwhile
        task = NULL;
    }
    // seq_cst: pairs with the store in submit
    if (!task && atomic_load_explicit(&group->submitted, memory_order_seq_cst))
        task = take_submitted(slot->pool, group);
    return task ? task : leapfrog(slot, group);
}

// Looks also beneath the strangers that lie on top in the slot's own deque: others may run those.
static struct task *dig(struct slot *slot, struct group *group)
{
    struct task *task;
    while ((task = qsc_deque_take(&slot->deque)) && !is_below(task->group, group))
        qsc_pool_submit(slot->pool, task);
    return task;
}

static void run_below(struct slot *slot, struct task *task, struct group *group)
{
    if (task->group == group)
        run_task(slot, task);
    else
        qsc_pool_run_stranger(slot, task);
}

static int sleep_until_complete(struct slot *slot, struct group *group, const struct timespec *deadline,
                                const qsc_cancel *cancel)
{
    uint64_t who = (uint64_t)(slot - slot->pool->slots + 1) << GROUP_SLOT_SHIFT;
    qsc_pool_announce(slot, SLOT_JOINING);
    // seq_cst: pairs with the subtraction in run_task and the loads in waiter_of
    uint64_t state = atomic_fetch_or_explicit(&group->state, who, memory_order_seq_cst);
    struct task *task = NULL;
    if (state & GROUP_TASKS) {
        task = dig(slot, group);
        if (!task)
            task = find_below(slot, group);
        if (!task)
            return qsc_pool_sleep(slot, SLOT_JOINING, deadline, cancel);
    }
    (void)qsc_pool_retract(slot, SLOT_JOINING); // whatever it was that woke us, we look again before we sleep
    if (task)
        run_below(slot, task, group);
    return 0;
}

static int wait_in_slot(struct slot *slot, struct group *group, const struct timespec *deadline,
                        const qsc_cancel *cancel)
{
    int error = 0;
    for (int vain = 0; !is_complete(group); vain++) {
        if (error)
            return error;
        struct task *task = find_below(slot, group);
        if (task) {
            run_below(slot, task, group);
            vain = 0;
        } else if (vain < QSC_PORT_SPINS) {
            qsc_port_pause();
        } else {
            error = sleep_until_complete(slot, group, deadline, cancel);
            vain = 0;
        }
    }
    return 0;
}

// A foreign thread waits for slot 0 and returns it, or NULL with the group complete or *error set.
static struct slot *wait_for_slot(struct qsc_pool *pool, struct group *group, const struct timespec *deadline,
                                  const qsc_cancel *cancel, int *error)
{
    struct slot *slot = NULL;
    while (!is_complete(group) && !*error && !(slot = qsc_pool_enter(pool))) {
        uint32_t key = qsc_eventcount_prepare(&pool->guests);
        // release: pairs with the subtraction in run_task, which then finds us prepared; is_complete acquires
        uint64_t state = atomic_fetch_or_explicit(&group->state, GROUP_GUEST, memory_order_release);
        // seq_cst: pairs with the store in qsc_pool_leave
        if ((state & GROUP_TASKS) && atomic_load_explicit(&pool->guest_inside, memory_order_seq_cst))
            *error = qsc_eventcount_wait_cancellable(&pool->guests, key, deadline, cancel);
        else
            qsc_eventcount_leave(&pool->guests);
    }
    return slot;
}

static struct task *steal(struct slot *slot)
{
    struct qsc_pool *pool = slot->pool;
    slot->random = slot->random * 1664525U + 1013904223U; // any spread will do
    uint32_t count = (uint32_t)pool->slot_count, first = (slot->random >> 16) % count;
    for (uint32_t i = 0; i < count; i++) {
        struct slot *victim = &pool->slots[(first + i) % count];
        void *loot;
        int error;
        while ((error = qsc_deque_steal(&victim->deque, &loot)) == EAGAIN)
            ;
        if (!error)
            return loot;
    }
    return NULL;
}

// What goes before the slot's own deque: a task of a high group, or now and then one that may have waited.
static struct task *take_urgent(struct slot *slot)
{
    struct qsc_pool *pool = slot->pool;
    struct task *task = NULL;
    if (++slot->looks % PATIENCE == 0) {
        task = take_of_priority(pool, QSC_PRIORITY_LOW);
        if (!task)
            task = take_of_priority(pool, QSC_PRIORITY_NORMAL);
    }
    return task ? task : take_of_priority(pool, QSC_PRIORITY_HIGH);
}

struct task *qsc_pool_find(struct slot *slot)
{
    struct qsc_pool *pool = slot->pool;
    struct task *task = take_urgent(slot);
    if (task)
        qsc_pool_lay_down(slot);
    else
        task = qsc_deque_take(&slot->deque);
    if (!task)
        task = take_of_priority(pool, QSC_PRIORITY_NORMAL);
    if (!task)
        task = steal(slot);
    return task ? task : take_of_priority(pool, QSC_PRIORITY_LOW);
}

// Wakes a thread that sleeps in a wait above what runs here: it can help.
static void wake_helper(struct slot *slot)
{
    struct group *group = slot->stranger;
    for (int i = 0; group && i < LINEAGE; i++, group = group->parent) {
        struct slot *waiter = waiter_of(slot->pool, group);
        if (waiter && qsc_pool_wake(waiter, SLOT_JOINING))
            return;
    }
}

void qsc_task_spawn(qsc_pool *pool, qsc_group *group_storage, qsc_task *task_storage, void (*run)(void *),
                    void *arg)
{
    struct group *group = group_of(group_storage);
    struct task *task = task_of(task_storage);
    struct slot *slot = qsc_pool_slot(pool);
    if (group->depth == 0) {
        group->parent = slot ? slot->running : NULL;
        group->depth = group->parent ? group->parent->depth + 1 : 1;
    }
    task->run = run;
    task->arg = arg;
    task->group = group;
    // relaxed: whoever sees the task sees the count, and the waiter counts its own spawns
    atomic_fetch_add_explicit(&group->state, 1, memory_order_relaxed);
    if (!slot || __builtin_expect(group->priority != QSC_PRIORITY_NORMAL, 0)) {
        qsc_pool_submit(pool, task);
    } else if (qsc_deque_push(&slot->deque, task)) {
        run_task(slot, task);
    } else {
        qsc_pool_wake_idle(pool);
        // seq_cst: pairs with the increment in announce
        if (__builtin_expect(atomic_load_explicit(&pool->asleep[SLOT_JOINING], memory_order_seq_cst) != 0, 0))
            wake_helper(slot);
    }
}

void qsc_group_set_priority(qsc_group *group, enum qsc_priority priority)
{
    group_of(group)->priority = priority;
}

// The group may be used anew, also at another depth.
static void empty(struct qsc_pool *pool, struct group *group)
{
    if (atomic_load_explicit(&group->state, memory_order_relaxed) & GROUP_CANCELLED)
        atomic_fetch_sub_explicit(&pool->cancelled, 1, memory_order_relaxed);
    atomic_store_explicit(&group->state, 0, memory_order_relaxed);
    group->parent = NULL;
    group->depth = 0;
}

int qsc_group_wait_cancellable(qsc_pool *pool, qsc_group *group_storage, const struct timespec *deadline,
                               const qsc_cancel *cancel)
{
    struct group *group = group_of(group_storage);
    struct slot *slot = qsc_pool_slot(pool), *entered = NULL;
    int error = 0;
    if (!slot)
        slot = entered = wait_for_slot(pool, group, deadline, cancel, &error);
    if (slot)
        error = wait_in_slot(slot, group, deadline, cancel);
    if (entered)
        qsc_pool_leave(entered);
    if (!error)
        empty(pool, group);
    return error;
}

int qsc_group_wait_until(qsc_pool *pool, qsc_group *group_storage, const struct timespec *deadline)
{
    return qsc_group_wait_cancellable(pool, group_storage, deadline, NULL);
}

void qsc_group_wait(qsc_pool *pool, qsc_group *group_storage)
{
    (void)!qsc_group_wait_cancellable(pool, group_storage, NULL, NULL); // there is nothing to give up for
}

bool qsc_group_trywait(qsc_pool *pool, qsc_group *group_storage)
{
    struct group *group = group_of(group_storage);
    struct slot *slot = qsc_pool_slot(pool), *entered = NULL;
    if (!slot)
        slot = entered = qsc_pool_enter(pool);
    if (slot && !is_complete(group)) {
        struct task *task = find_below(slot, group);
        if (task)
            run_below(slot, task, group);
    }
    if (entered)
        qsc_pool_leave(entered);
    if (!is_complete(group))
        return false;
    empty(pool, group);
    return true;
}

void qsc_pool_run_in_slot(qsc_pool *pool, void (*run)(void *), void *arg)
{
    struct slot *entered = NULL;
    if (qsc_pool_slot(pool) || (entered = qsc_pool_enter(pool))) {
        run(arg);
        if (entered)
            qsc_pool_leave(entered);
    } else { // another foreign thread has slot 0: whoever of the pool comes first runs it
        qsc_group group = QSC_GROUP_INIT;
        qsc_task task;
        qsc_task_spawn(pool, &group, &task, run, arg);
        qsc_group_wait(pool, &group);
    }
}
