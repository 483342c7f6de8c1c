#include <criterion/criterion.h>
#include <quiesce/concurrency/pool.h>
#include <stdatomic.h>

static qsc_pool *pool;

static void make(int threads)
{
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = threads}), 0);
}

static void increment(void *counter)
{
    atomic_fetch_add((atomic_int *)counter, 1);
}

Test(pool_priority, every_task_runs_whatever_its_priority)
{
    for (int threads = 1; threads <= 4; threads *= 2) {
        make(threads);
        atomic_int runs = 0;
        for (int round = 0; round < 30; round++) {
            qsc_group groups[QSC_PRIORITIES] = {QSC_GROUP_INIT};
            qsc_task tasks[QSC_PRIORITIES][10];
            for (int p = 0; p < QSC_PRIORITIES; p++)
                qsc_group_set_priority(&groups[p], (enum qsc_priority)p);
            for (int i = 0; i < 10; i++)
                for (int p = 0; p < QSC_PRIORITIES; p++)
                    qsc_task_spawn(pool, &groups[p], &tasks[p][i], increment, &runs);
            for (int p = 0; p < QSC_PRIORITIES; p++)
                qsc_group_wait(pool, &groups[p]);
        }
        cr_assert_eq(runs, 900);
        qsc_pool_destroy(pool);
    }
}

Test(pool_priority, stays_with_the_group_after_a_wait_and_counts_for_nothing_within_one)
{
    make(1);
    atomic_int runs = 0;
    qsc_group low = QSC_GROUP_INIT, high = QSC_GROUP_INIT;
    qsc_task tasks[2];
    qsc_group_set_priority(&low, QSC_PRIORITY_LOW);
    qsc_group_set_priority(&high, QSC_PRIORITY_HIGH);
    for (int round = 1; round <= 3; round++) {
        qsc_task_spawn(pool, &low, &tasks[0], increment, &runs);
        qsc_task_spawn(pool, &high, &tasks[1], increment, &runs);
        qsc_group_wait(pool, &low);
        cr_assert_eq(runs, 2 * round - 1, "a wait runs its own, however urgent another is");
        while (!qsc_group_trywait(pool, &high))
            ;
        cr_assert_eq(runs, 2 * round);
    }
    qsc_group_cancel(pool, &low);
    qsc_task_spawn(pool, &low, &tasks[0], increment, &runs);
    qsc_group_wait(pool, &low);
    cr_assert_eq(runs, 6, "dropped");
    qsc_pool_destroy(pool);
}
