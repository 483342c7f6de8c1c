#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/pool.h>
#include <stdatomic.h>
#include <string.h>

enum { BLOCKERS = 3, TASKS = 20 };

static qsc_pool *pool;

static void make(int threads, int spares)
{
    struct qsc_pool_config config = {.threads = threads, .spares = spares};
    cr_assert_eq(qsc_pool_create(&pool, &config), 0);
    cr_assert_eq(qsc_pool_threads(pool), threads);
    cr_assert_eq(qsc_pool_slots(pool), threads + spares);
}

struct job {
    atomic_int blocked, ran, inside, most;
    atomic_int slots[16];
    atomic_bool may_end;
};

static void block(void *arg)
{
    struct job *job = arg;
    int slot = qsc_pool_worker_index(pool);
    qsc_pool_blocking_begin(pool);
    atomic_fetch_add(&job->blocked, 1);
    AWAIT(job->may_end);
    qsc_pool_blocking_end(pool);
    cr_assert_eq(qsc_pool_worker_index(pool), slot);
}

static void go_on(void *arg)
{
    struct job *job = arg;
    int slot = qsc_pool_worker_index(pool);
    cr_assert_geq(slot, 0);
    cr_assert_lt(slot, qsc_pool_slots(pool));
    cr_assert_eq(atomic_fetch_add(&job->slots[slot], 1), 0, "alone in the slot");
    int inside = atomic_fetch_add(&job->inside, 1) + 1, most = atomic_load(&job->most);
    while (most < inside && !atomic_compare_exchange_weak(&job->most, &most, inside))
        ;
    sched_yield();
    atomic_fetch_sub(&job->inside, 1);
    atomic_fetch_sub(&job->slots[slot], 1);
    if (atomic_fetch_add(&job->ran, 1) == TASKS - 1)
        atomic_store(&job->may_end, true);
}

// The blockers come first, in every slot that there is without spare threads.
static void block_all(void *arg)
{
    struct job *job = arg;
    qsc_group group = QSC_GROUP_INIT;
    qsc_task blockers[BLOCKERS], tasks[TASKS];
    for (int i = 0; i < TASKS; i++)
        qsc_task_spawn(pool, &group, &tasks[i], go_on, job);
    for (int i = 0; i < BLOCKERS; i++)
        qsc_task_spawn(pool, &group, &blockers[i], block, job);
    qsc_group_wait(pool, &group);
    cr_assert_eq(job->ran, TASKS);
}

static void block_all_chunk(void *job, size_t lo, size_t hi)
{
    (void)lo, (void)hi;
    block_all(job);
}

Test(pool_blocking, other_tasks_go_on_while_some_sleep)
{
    for (int threads = 1; threads <= 4; threads++) {
        make(threads, BLOCKERS);
        for (int round = 0; round < 10; round++) {
            struct job job = {0};
            qsc_parallel_for(pool, 0, 1, 1, block_all_chunk, &job);
            cr_assert_eq(job.blocked, BLOCKERS);
            cr_assert_leq(job.most, threads + BLOCKERS);
            memset(&job, 0, sizeof job);
            block_all(&job); // by a foreign thread
        }
        qsc_pool_destroy(pool);
    }
}

static void section(void *counter)
{
    qsc_pool_blocking_begin(pool);
    qsc_pool_blocking_end(pool);
    atomic_fetch_add((atomic_int *)counter, 1);
}

Test(pool_blocking, is_nothing_without_spare_threads_or_outside_of_tasks)
{
    for (int spares = 0; spares <= 1; spares++) {
        make(2, spares);
        atomic_int runs = 0;
        qsc_group group = QSC_GROUP_INIT;
        qsc_task tasks[TASKS];
        section(&runs);
        for (int i = 0; i < TASKS; i++)
            qsc_task_spawn(pool, &group, &tasks[i], section, &runs);
        qsc_group_wait(pool, &group);
        cr_assert_eq(runs, TASKS + 1);
        qsc_pool_destroy(pool);
    }
}

struct bounded {
    qsc_group group;
    struct job job;
    atomic_int third_ran;
};

static void note_third(void *arg)
{
    atomic_store((atomic_int *)arg, 1);
}

// One thread, one spare: both sleep, and the task that the spare thread found first was run.
static void block_two(void *ctx, size_t lo, size_t hi)
{
    (void)lo, (void)hi;
    struct bounded *me = ctx;
    qsc_task blocker, third;
    qsc_task_spawn(pool, &me->group, &third, note_third, &me->third_ran);
    qsc_task_spawn(pool, &me->group, &blocker, block, &me->job);
    qsc_group below = QSC_GROUP_INIT;
    qsc_task own;
    qsc_task_spawn(pool, &below, &own, block, &me->job);
    qsc_group_wait(pool, &below);
    qsc_group_wait(pool, &me->group);
}

static void *let_them_end(void *arg)
{
    struct bounded *me = arg;
    AWAIT(me->job.blocked == 2);
    atomic_store(&me->job.may_end, true);
    return NULL;
}

Test(pool_blocking, ends_although_all_spare_threads_sleep_too)
{
    make(1, 1);
    struct bounded bounded = {.group = QSC_GROUP_INIT};
    pthread_t other;
    cr_assert_eq(pthread_create(&other, NULL, let_them_end, &bounded), 0);
    qsc_parallel_for(pool, 0, 1, 1, block_two, &bounded);
    pthread_join(other, NULL);
    cr_assert_eq(bounded.third_ran, 1);
    cr_assert_eq(bounded.job.blocked, 2);
    qsc_pool_destroy(pool);
}

Test(pool_blocking, spare_threads_rest_again_afterwards, .timeout = 30)
{
    char text[200];
    make(1, 2);
    struct job job = {0};
    block_all(&job);
    do { // one that sleeps for want of tasks learns of it when it is woken for one
        atomic_int runs = 0;
        qsc_group group = QSC_GROUP_INIT;
        qsc_task task;
        qsc_task_spawn(pool, &group, &task, section, &runs);
        qsc_group_wait(pool, &group);
        qsc_pool_dump(pool, text, sizeof text);
    } while (!strstr(text, "spare 0 spare 0"));
    qsc_pool_destroy(pool);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

Test(pool_blocking, spare_threads_use_no_processor_time_afterwards)
{
    make(1, 2);
    struct job job = {0};
    block_all(&job); // what is submitted is run in order: first all others, then the blockers
    sleep_ms(50);
    double before = cpu_seconds();
    sleep_ms(100);
    double used = cpu_seconds() - before;
    cr_assert_lt(used, 0.02, "%g s", used);
    qsc_pool_destroy(pool);
}
