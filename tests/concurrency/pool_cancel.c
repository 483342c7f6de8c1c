#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/pool_internal.h>
#include <stdatomic.h>

static qsc_pool *pool;

static void make(int threads)
{
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = threads}), 0);
}

static void destroy(void)
{
    cr_assert_eq(pool->cancelled, 0, "no group is, and nobody has to look for one");
    qsc_pool_destroy(pool);
}

static void increment(void *counter)
{
    atomic_fetch_add((atomic_int *)counter, 1);
}

Test(pool_cancel, drops_what_was_not_begun_and_leaves_the_group_as_new)
{
    for (int threads = 1; threads <= 4; threads *= 2) {
        make(threads);
        for (int round = 0; round < 20; round++) {
            qsc_group group = QSC_GROUP_INIT;
            qsc_task tasks[8];
            atomic_int runs = 0;
            if (round % 2)
                qsc_group_cancel(pool, &group); // before its first task
            for (int i = 0; i < 4; i++)
                qsc_task_spawn(pool, &group, &tasks[i], increment, &runs);
            int before = atomic_load(&runs);
            qsc_group_cancel(pool, &group);
            qsc_group_cancel(pool, &group);
            for (int i = 4; i < 8; i++)
                qsc_task_spawn(pool, &group, &tasks[i], increment, &runs);
            qsc_group_wait(pool, &group);
            cr_assert_leq(runs, round % 2 ? 0 : 4);
            cr_assert_leq(before, runs);
            qsc_task_spawn(pool, &group, &tasks[0], increment, &runs);
            before = atomic_load(&runs);
            while (!qsc_group_trywait(pool, &group))
                ;
            cr_assert_geq(runs, 1);
        }
        destroy();
    }
}

Test(pool_cancel, of_another_group_drops_nothing)
{
    make(2);
    qsc_group cancelled = QSC_GROUP_INIT, group = QSC_GROUP_INIT;
    qsc_task tasks[10];
    atomic_int runs = 0;
    qsc_group_cancel(pool, &cancelled);
    cr_assert_not(qsc_task_cancelled(pool), "no task runs here");
    for (int i = 0; i < 10; i++)
        qsc_task_spawn(pool, &group, &tasks[i], increment, &runs);
    qsc_group_wait(pool, &group);
    cr_assert_eq(runs, 10);
    qsc_group_wait(pool, &cancelled);
    destroy();
}

struct outer {
    qsc_group group;
    qsc_task task;
    atomic_bool begun, may_go_on;
    atomic_int ran_below, chunks;
    bool asked_before, asked_after;
};

static void count_chunk(void *ctx, size_t lo, size_t hi)
{
    struct outer *outer = ctx;
    (void)lo, (void)hi;
    atomic_fetch_add(&outer->chunks, 1);
}

static void count_partial(void *ctx, size_t lo, size_t hi, void *partial)
{
    count_chunk(ctx, lo, hi);
    *(char *)partial = 0;
}

static void must_not_combine(void *unused, void *left, const void *right)
{
    (void)unused, (void)left, (void)right;
    cr_assert_fail("there is nothing to combine");
}

static void go_on_cancelled(void *arg)
{
    struct outer *outer = arg;
    outer->asked_before = qsc_task_cancelled(pool);
    atomic_store(&outer->begun, true);
    AWAIT(outer->may_go_on);
    outer->asked_after = qsc_task_cancelled(pool);
    qsc_group below = QSC_GROUP_INIT;
    qsc_task task;
    qsc_task_spawn(pool, &below, &task, increment, &outer->ran_below);
    qsc_group_wait(pool, &below);
    qsc_parallel_for(pool, 0, SIZE_MAX, 1, count_chunk, outer);
    qsc_parallel_for_static(pool, 0, SIZE_MAX, 1, count_chunk, outer);
    qsc_parallel_for_guided(pool, 0, SIZE_MAX, 1, count_chunk, outer);
    char result;
    qsc_parallel_reduce(pool, 0, SIZE_MAX, 1, &result, sizeof result, count_partial, must_not_combine, outer);
}

Test(pool_cancel, reaches_groups_loops_and_reductions_below)
{
    make(2);
    for (int round = 0; round < 20; round++) {
        struct outer outer = {.group = QSC_GROUP_INIT};
        qsc_task_spawn(pool, &outer.group, &outer.task, go_on_cancelled, &outer);
        AWAIT(outer.begun);
        qsc_group_cancel(pool, &outer.group);
        atomic_store(&outer.may_go_on, true);
        qsc_group_wait(pool, &outer.group);
        cr_assert_not(outer.asked_before);
        cr_assert(outer.asked_after);
        cr_assert_eq(outer.ran_below, 0);
        cr_assert_eq(outer.chunks, 0);
    }
    destroy();
}

struct search {
    qsc_group group;
    atomic_size_t begun;
};

// The hundredth ends the search.
static void look(void *ctx, size_t lo, size_t hi)
{
    struct search *search = ctx;
    (void)lo, (void)hi;
    if (atomic_fetch_add(&search->begun, 1) == 100)
        qsc_group_cancel(pool, &search->group);
}

static void search_all(void *arg)
{
    qsc_parallel_for(pool, 0, (size_t)1 << 50, 1, look, arg);
    cr_assert(qsc_task_cancelled(pool));
}

Test(pool_cancel, from_within_ends_a_loop)
{
    for (int threads = 1; threads <= 4; threads *= 2) {
        make(threads);
        struct search search = {.group = QSC_GROUP_INIT};
        qsc_task task;
        qsc_task_spawn(pool, &search.group, &task, search_all, &search);
        qsc_group_wait(pool, &search.group);
        cr_assert_geq(search.begun, 101);
        destroy();
    }
}
