/* The pool as the explorations of the task graph have it: a thread for each task. It gives the orders that
 * pool.h promises and no other. Those of our own are explored by its own scenarios; explored again under each
 * node of a graph, its accesses would multiply the executions and show nothing new. */
#ifndef QUIESCE_STRESS_SCENARIOS_ASSUMED_POOL_H
#define QUIESCE_STRESS_SCENARIOS_ASSUMED_POOL_H

#include "../scenario.h"

#include <quiesce/concurrency/pool_internal.h>

struct spawned {
    void (*run)(void *);
    void *arg;
    pthread_t thread;
    struct spawned *earlier;
};
_Static_assert(sizeof(struct spawned) <= sizeof(qsc_task), "the header's storage");

static _Thread_local struct spawned *last_spawned; // by this thread

static void join_spawned(void)
{
    for (; last_spawned; last_spawned = last_spawned->earlier)
        scenario_join(last_spawned->thread);
}

static void *run_task(void *arg)
{
    const struct spawned *task = arg;
    task->run(task->arg);
    join_spawned();
    return NULL;
}

void qsc_task_spawn(qsc_pool *pool, qsc_group *group, qsc_task *storage, void (*run)(void *), void *arg)
{
    struct spawned *task = (struct spawned *)storage;
    (void)pool, (void)group;
    task->run = run;
    task->arg = arg;
    task->earlier = last_spawned;
    last_spawned = task;
    task->thread = scenario_start(run_task, task);
}

void qsc_group_wait(qsc_pool *pool, qsc_group *group)
{
    (void)pool, (void)group;
    join_spawned();
}

void qsc_pool_run_in_slot(qsc_pool *pool, void (*run)(void *), void *arg)
{
    (void)pool;
    run(arg);
}

struct slot *qsc_pool_slot(const qsc_pool *pool)
{
    static struct slot any;
    (void)pool;
    return &any;
}

bool qsc_task_cancelled(const qsc_pool *pool)
{
    (void)pool;
    return false;
}

bool qsc_pool_is_below_cancelled(const struct group *group)
{
    (void)group;
    return false;
}

#endif
