#include "failing.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/pool.h>
#include <string.h>

static atomic_long create_countdown = -1, created; // the k-th thread fails to start; how many did not
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    if (atomic_load(&create_countdown) >= 0 && atomic_fetch_sub(&create_countdown, 1) == 0)
        return EAGAIN;
    int error = __real_pthread_create(thread, attr, run, arg);
    atomic_fetch_add(&created, error == 0);
    return error;
}

static qsc_pool *pool;

static void make(int threads)
{
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = threads}), 0);
    cr_assert_eq(qsc_pool_threads(pool), threads);
}

static void destroy(void)
{
    qsc_pool_destroy(pool);
    pool = NULL;
}

static void increment(void *counter)
{
    atomic_fetch_add((atomic_int *)counter, 1);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

Test(pool, number_of_threads)
{
    atomic_store(&created, 0);
    make(3);
    cr_assert_eq(created, 2, "the waiting thread is the third");
    destroy();
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = 0}), 0);
    cr_assert_geq(qsc_pool_threads(pool), 1);
    destroy();
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = -1}), EINVAL);
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = 100000}), EINVAL);
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.spares = -1}), EINVAL);
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = 1, .spares = 1024}), EINVAL);
    qsc_pool_destroy(NULL);
}

Test(pool, survives_each_thread_that_does_not_start)
{
    for (long k = 0; k < 3; k++) {
        failing_at(-1);
        atomic_store(&create_countdown, k);
        cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = 3, .spares = 1}), EAGAIN);
        cr_assert_eq(failing_live(), 0);
    }
    atomic_store(&create_countdown, -1);
    failing_off();
}

Test(pool, survives_each_allocation_that_fails)
{
    for (long k = 0; k == 0 || failing_happened(); k++) {
        failing_at(k);
        int error = qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = 3});
        cr_assert_eq(error, failing_happened() ? ENOMEM : 0);
        if (!error)
            destroy();
        cr_assert_eq(failing_live(), 0);
    }
    failing_off();
}

static void spawn_many(void *ctx, size_t lo, size_t hi)
{
    (void)lo, (void)hi;
    static qsc_task tasks[2000];
    qsc_group group = QSC_GROUP_INIT;
    failing_at(0);
    for (int i = 0; i < 2000; i++)
        qsc_task_spawn(pool, &group, &tasks[i], increment, ctx);
    cr_assert(failing_happened());
    qsc_group_wait(pool, &group);
}

Test(pool, a_spawn_without_memory_runs_the_task_at_once)
{
    atomic_int runs = 0;
    make(1);
    qsc_parallel_for(pool, 0, 1, 1, spawn_many, &runs);
    failing_off();
    cr_assert_eq(runs, 2000);
    destroy();
}

static void note_thread(void *thread)
{
    *(pthread_t *)thread = pthread_self();
    cr_assert_eq(qsc_pool_worker_index(pool), 0);
}

Test(pool, of_one_thread_runs_all_in_the_caller)
{
    make(1);
    pthread_t ran[3];
    qsc_group group = QSC_GROUP_INIT;
    qsc_task tasks[3];
    cr_assert_eq(qsc_pool_worker_index(pool), -1);
    for (int i = 0; i < 3; i++)
        qsc_task_spawn(pool, &group, &tasks[i], note_thread, &ran[i]);
    qsc_group_wait(pool, &group);
    for (int i = 0; i < 3; i++)
        cr_assert(pthread_equal(ran[i], pthread_self()));
    cr_assert_eq(qsc_pool_worker_index(pool), -1);
    qsc_group_wait(pool, &group); // empty
    cr_assert(qsc_group_trywait(pool, &group));
    destroy();
}

Test(pool, trywait_runs_what_is_there)
{
    make(1);
    atomic_int runs = 0;
    qsc_group group = QSC_GROUP_INIT;
    qsc_task tasks[3];
    for (int i = 0; i < 3; i++)
        qsc_task_spawn(pool, &group, &tasks[i], increment, &runs);
    cr_assert_not(qsc_group_trywait(pool, &group));
    cr_assert_eq(runs, 1);
    cr_assert_not(qsc_group_trywait(pool, &group));
    cr_assert(qsc_group_trywait(pool, &group));
    cr_assert_eq(runs, 3);
    destroy();
}

struct meeting {
    atomic_int arrived, most, inside;
    int expected;
    atomic_int slots[64];
};

static void meet(void *ctx, size_t lo, size_t hi)
{
    struct meeting *meeting = ctx;
    (void)lo, (void)hi;
    atomic_fetch_add(&meeting->slots[qsc_pool_worker_index(pool)], 1);
    atomic_fetch_add(&meeting->arrived, 1);
    AWAIT(meeting->arrived == meeting->expected);
}

Test(pool, as_many_tasks_at_a_time_as_threads_each_in_a_slot_of_its_own)
{
    for (int threads = 1; threads <= 8; threads *= 2) {
        make(threads);
        for (int round = 0; round < 20; round++) {
            struct meeting meeting = {.expected = threads};
            qsc_parallel_for(pool, 0, (size_t)threads, 1, meet, &meeting);
            for (int i = 0; i < threads; i++)
                cr_assert_eq(meeting.slots[i], 1);
            if (round % 5 == 0)
                sleep_ms(2); // the next time they have to be woken
        }
        destroy();
    }
}

static void count_inside(void *arg)
{
    struct meeting *meeting = arg;
    int inside = atomic_fetch_add(&meeting->inside, 1) + 1, most = atomic_load(&meeting->most);
    while (most < inside && !atomic_compare_exchange_weak(&meeting->most, &most, inside))
        ;
    sched_yield();
    atomic_fetch_sub(&meeting->inside, 1);
    atomic_fetch_add(&meeting->arrived, 1);
}

static void count_inside_chunk(void *ctx, size_t lo, size_t hi)
{
    (void)lo, (void)hi;
    count_inside(ctx);
}

static void *drive_foreign(void *arg)
{
    for (int round = 0; round < 20; round++) {
        qsc_group group = QSC_GROUP_INIT;
        qsc_task tasks[10];
        for (int i = 0; i < 10; i++)
            qsc_task_spawn(pool, &group, &tasks[i], count_inside, arg);
        qsc_group_wait(pool, &group);
        qsc_parallel_for(pool, 0, 10, 1, count_inside_chunk, arg);
        cr_assert_eq(qsc_pool_worker_index(pool), -1);
    }
    return NULL;
}

Test(pool, foreign_threads_submit_and_help_but_no_more_tasks_run_than_threads)
{
    for (int threads = 1; threads <= 4; threads *= 2) {
        struct meeting meeting = {0};
        pthread_t foreign[4];
        make(threads);
        for (int i = 0; i < 4; i++)
            cr_assert_eq(pthread_create(&foreign[i], NULL, drive_foreign, &meeting), 0);
        for (int i = 0; i < 4; i++)
            pthread_join(foreign[i], NULL);
        cr_assert_eq(meeting.arrived, 4 * 20 * 20);
        cr_assert_leq(meeting.most, threads);
        destroy();
    }
}

static qsc_mutex held;

static void hold_while_waiting(void *counter, size_t lo, size_t hi)
{
    (void)lo, (void)hi;
    qsc_mutex_lock(&held);
    qsc_group group = QSC_GROUP_INIT;
    qsc_task tasks[8];
    for (int i = 0; i < 8; i++)
        qsc_task_spawn(pool, &group, &tasks[i], increment, counter);
    qsc_group_wait(pool, &group); // were another chunk begun here, it would wait for this thread's own lock
    qsc_mutex_unlock(&held);
}

Test(pool, a_wait_begins_no_task_that_needs_a_lock_of_the_waiter, .timeout = 60)
{
    atomic_int runs = 0;
    make(4);
    qsc_parallel_for(pool, 0, 500, 1, hold_while_waiting, &runs);
    cr_assert_eq(runs, 4000);
    destroy();
}

static void doze(void *ms)
{
    sleep_ms(*(long *)ms);
}

struct stay {
    atomic_bool begun, may_end;
};

static void stay(void *arg)
{
    struct stay *stay = arg;
    atomic_store(&stay->begun, true);
    AWAIT(stay->may_end);
}

Test(pool, wait_until_gives_up_and_can_be_repeated)
{
    make(2);
    struct stay long_task = {0};
    qsc_group group = QSC_GROUP_INIT;
    qsc_task task;
    qsc_task_spawn(pool, &group, &task, stay, &long_task);
    AWAIT(long_task.begun);
    struct timespec soon = in_ms(10), malformed = {1, -1};
    cr_assert_eq(qsc_group_wait_until(pool, &group, &soon), ETIMEDOUT);
    cr_assert_eq(qsc_group_wait_until(pool, &group, &malformed), EINVAL);
    cr_assert_not(qsc_group_trywait(pool, &group));
    atomic_store(&long_task.may_end, true);
    cr_assert_eq(qsc_group_wait_until(pool, &group, NULL), 0);
    destroy();
}

struct giving_up {
    qsc_group group;
    int error;
};

static qsc_cancel cancel;

static void *wait_cancellable(void *arg)
{
    struct giving_up *waiter = arg;
    waiter->error = qsc_group_wait_cancellable(pool, &waiter->group, NULL, &cancel);
    return NULL;
}

static bool joins(const char *how)
{
    char text[200];
    qsc_pool_dump(pool, text, sizeof text);
    return strstr(text, how);
}

static void cancel_when(const char *asleep, struct giving_up *waiter)
{
    cancel = (qsc_cancel)QSC_CANCEL_INIT;
    pthread_t thread = start(wait_cancellable, waiter);
    AWAIT(joins(asleep));
    qsc_cancel_request(&cancel);
    pthread_join(thread, NULL);
    cr_assert_eq(waiter->error, ECANCELED);
    wait_cancellable(waiter);
    cr_assert_eq(waiter->error, ECANCELED);
    cr_assert_not(joins(asleep));
}

static void cancel_guest(void *waiter, size_t lo, size_t hi)
{
    (void)lo, (void)hi;
    cancel_when("guests: 1 waiting", waiter);
}

Test(pool, a_token_ends_the_wait_and_not_the_tasks)
{
    make(2);
    struct stay long_task = {0};
    struct giving_up waiter = {.group = QSC_GROUP_INIT};
    qsc_task task;
    qsc_task_spawn(pool, &waiter.group, &task, stay, &long_task);
    AWAIT(long_task.begun);
    cancel_when("joining", &waiter);
    cr_assert_not(qsc_group_trywait(pool, &waiter.group));
    qsc_parallel_for(pool, 0, 1, 1, cancel_guest, &waiter);
    atomic_store(&long_task.may_end, true);
    qsc_group_wait(pool, &waiter.group);
    wait_cancellable(&waiter);
    cr_assert_eq(waiter.error, 0, "there is nothing to wait for");
    destroy();
}

Test(pool, idle_and_waiting_threads_use_no_processor_time)
{
    make(4);
    long ms = 300;
    qsc_group group = QSC_GROUP_INIT;
    qsc_task task;
    qsc_task_spawn(pool, &group, &task, doze, &ms);
    sleep_ms(50);
    double before = cpu_seconds();
    qsc_group_wait(pool, &group); // asleep, as are two idle workers
    sleep_ms(100);
    double used = cpu_seconds() - before;
    cr_assert_lt(used, 0.02, "%g s", used);
    destroy();
}

static void grow(void *arg);
struct growth {
    qsc_group *group;
    qsc_task task[2];
    int depth;
    atomic_int *runs;
    struct growth *children;
};

static void grow(void *arg)
{
    struct growth *me = arg;
    increment(me->runs);
    for (int i = 0; me->depth > 0 && i < 2; i++) {
        struct growth *child = &me->children[i];
        *child = (struct growth){.group = me->group,
                                 .depth = me->depth - 1,
                                 .runs = me->runs,
                                 .children = me->children + 2 + i * ((2 << (me->depth - 1)) - 2)};
        qsc_task_spawn(pool, me->group, &me->task[i], grow, child);
    }
}

Test(pool, tasks_may_spawn_into_their_own_group)
{
    static struct growth nodes[1 << 11];
    for (int threads = 1; threads <= 4; threads *= 2) {
        make(threads);
        atomic_int runs = 0;
        qsc_group group = QSC_GROUP_INIT;
        qsc_task task;
        nodes[0] = (struct growth){.group = &group, .depth = 9, .runs = &runs, .children = nodes + 1};
        qsc_task_spawn(pool, &group, &task, grow, nodes);
        qsc_group_wait(pool, &group);
        cr_assert_eq(runs, (2 << 9) - 1);
        destroy();
    }
}

Test(pool, comes_and_goes_at_once)
{
    for (int i = 0; i < 100; i++) {
        make(1 + i % 4);
        destroy();
    }
}

struct two_pools {
    qsc_pool *inner;
    atomic_int runs;
};

static void use_inner(void *ctx, size_t lo, size_t hi)
{
    (void)lo, (void)hi;
    struct two_pools *pools = ctx;
    int outside = qsc_pool_worker_index(pool);
    qsc_group group = QSC_GROUP_INIT;
    qsc_task tasks[4];
    for (int i = 0; i < 4; i++)
        qsc_task_spawn(pools->inner, &group, &tasks[i], increment, &pools->runs);
    qsc_group_wait(pools->inner, &group);
    cr_assert_eq(qsc_pool_worker_index(pool), outside);
}

Test(pool, workers_of_one_pool_may_use_another)
{
    struct two_pools pools = {0};
    make(4);
    cr_assert_eq(qsc_pool_create(&pools.inner, &(struct qsc_pool_config){.threads = 2}), 0);
    qsc_parallel_for(pool, 0, 200, 1, use_inner, &pools);
    cr_assert_eq(pools.runs, 800);
    qsc_pool_destroy(pools.inner);
    destroy();
}
