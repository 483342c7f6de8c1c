/* A pool of one worker, or of none, and one or two foreign threads with a task or two. Oracle: every task has
 * run when its wait returns, and what it wrote is seen; nobody is left asleep. */
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/pool.h>
#include <sched.h>
#include <stdlib.h>

static qsc_pool *pool;

struct job {
    qsc_task task;
    qsc_group group;
    int runs;        // plain: the wait must order it
    _Atomic int ran; // relaxed: for those who do not wait
};

static void create(int threads)
{
    int error = qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = threads});
    assert(error == 0);
}

static void work(void *arg)
{
    struct job *job = arg;
    job->runs++;
    atomic_store_explicit(&job->ran, 1, memory_order_relaxed);
}

static void wait_for(struct job *job)
{
    qsc_group_wait(pool, &job->group);
    assert(job->runs == 1);
    job->runs = 2; // a task that runs again, or late, is found out
}

static void spawn_and_wait(struct job *job)
{
    qsc_task_spawn(pool, &job->group, &job->task, work, job);
    wait_for(job);
}

static void *spawn_and_wait_too(void *unused)
{
    struct job job = {.group = QSC_GROUP_INIT};
    spawn_and_wait(&job);
    return unused;
}

// The group is freed as soon as the wait has returned.
static void one_task(void)
{
    struct job *job = calloc(1, sizeof *job);
    assert(job);
    create(2);
    spawn_and_wait(job);
    free(job);
    qsc_pool_destroy(pool);
}

static void spin_until_ran(struct job *job)
{
    while (!atomic_load_explicit(&job->ran, memory_order_relaxed))
        sched_yield();
}

// Only the worker can run it, and is woken for it whenever it comes.
static void hand_over(struct job *job)
{
    qsc_task_spawn(pool, &job->group, &job->task, work, job);
    spin_until_ran(job);
    wait_for(job);
}

static void idle_worker(void)
{
    struct job job = {.group = QSC_GROUP_INIT};
    create(2);
    hand_over(&job);
    qsc_pool_destroy(pool);
}

// It is the last that a worker looks for.
static void idle_worker_low(void)
{
    struct job job = {.group = QSC_GROUP_INIT};
    create(2);
    qsc_group_set_priority(&job.group, QSC_PRIORITY_LOW);
    hand_over(&job);
    qsc_pool_destroy(pool);
}

static void hand_over_one(void *job, size_t lo, size_t hi)
{
    assert(lo == 0 && hi == 1);
    hand_over(job);
}

// The same from a slot: the task lies in its deque.
static void idle_thief(void)
{
    struct job job = {.group = QSC_GROUP_INIT};
    create(2);
    qsc_parallel_for(pool, 0, 1, 1, hand_over_one, &job);
    qsc_pool_destroy(pool);
}

static void spawn_and_wait_one(void *job, size_t lo, size_t hi)
{
    assert(lo == 0 && hi == 1);
    spawn_and_wait(job);
}

static void one_task_in_slot(void)
{
    struct job job = {.group = QSC_GROUP_INIT};
    create(2);
    qsc_parallel_for(pool, 0, 1, 1, spawn_and_wait_one, &job);
    qsc_pool_destroy(pool);
}

// One slot and no worker: one of the two waits for the slot, or has its task run by the other.
static void two_guests(void)
{
    struct job job = {.group = QSC_GROUP_INIT};
    create(1);
    pthread_t other = scenario_start(spawn_and_wait_too, NULL);
    spawn_and_wait(&job);
    scenario_join(other);
    qsc_pool_destroy(pool);
}

static void count(void *counts, size_t lo, size_t hi)
{
    for (size_t i = lo; i < hi; i++)
        ((int *)counts)[i]++;
}

static void loop(void)
{
    int counts[2] = {0};
    create(2);
    qsc_parallel_for(pool, 0, 2, 1, count, counts);
    assert(counts[0] == 1 && counts[1] == 1);
    qsc_pool_destroy(pool);
}

static void guided_loop(void)
{
    int counts[2] = {0};
    create(2);
    qsc_parallel_for_guided(pool, 0, 2, 1, count, counts);
    assert(counts[0] == 1 && counts[1] == 1);
    qsc_pool_destroy(pool);
}

static void write_one(void *unused, size_t lo, size_t hi, void *partial)
{
    (void)unused;
    *(size_t *)partial = hi - lo;
}

static void add(void *unused, void *left, const void *right)
{
    (void)unused;
    *(size_t *)left += *(const size_t *)right;
}

static void reduction(void)
{
    size_t sum;
    create(2);
    qsc_parallel_reduce(pool, 0, 2, 1, &sum, sizeof sum, write_one, add, NULL);
    assert(sum == 2);
    qsc_pool_destroy(pool);
}

static void hand_over_blocking(void *arg, size_t lo, size_t hi)
{
    struct job *job = arg;
    assert(lo == 0 && hi == 1);
    qsc_task_spawn(pool, &job->group, &job->task, work, job);
    qsc_pool_blocking_begin(pool);
    spin_until_ran(job);
    qsc_pool_blocking_end(pool);
    wait_for(job);
}

// One thread and one spare thread, which alone can run the task.
static void blocking(void)
{
    struct job job = {.group = QSC_GROUP_INIT};
    int error = qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = 1, .spares = 1});
    assert(error == 0);
    qsc_parallel_for(pool, 0, 1, 1, hand_over_blocking, &job);
    qsc_pool_destroy(pool);
}

static void cancel_and_spawn(void *arg, size_t lo, size_t hi)
{
    struct job *job = arg;
    assert(lo == 0 && hi == 1);
    qsc_group_cancel(pool, &job->group);
    qsc_task_spawn(pool, &job->group, &job->task, work, job);
    qsc_group_wait(pool, &job->group);
}

// Whoever takes the task knows that it is cancelled.
static void dropped_task(void)
{
    struct job job = {.group = QSC_GROUP_INIT};
    create(2);
    qsc_parallel_for(pool, 0, 1, 1, cancel_and_spawn, &job);
    assert(job.runs == 0);
    qsc_pool_destroy(pool);
}

struct pair {
    struct job first;
    _Atomic int began; // the first, and its thread stays in it until the second has run
    qsc_task task;
    struct job second; // in the group of the first
};

static void run_second(void *arg)
{
    work(&((struct pair *)arg)->second);
}

static void spawn_second(struct pair *pair)
{
    qsc_task_spawn(pool, &pair->first.group, &pair->task, run_second, pair);
}

static void await_second(void *arg)
{
    struct pair *pair = arg;
    atomic_store_explicit(&pair->began, 1, memory_order_relaxed);
    spin_until_ran(&pair->second);
    work(&pair->first);
}

static void spawn_and_await_second(void *arg)
{
    struct pair *pair = arg;
    atomic_store_explicit(&pair->began, 1, memory_order_relaxed);
    spawn_second(pair);
    spin_until_ran(&pair->second);
    work(&pair->first);
}

static void spawn_first(struct pair *pair, void (*run)(void *))
{
    qsc_task_spawn(pool, &pair->first.group, &pair->first.task, run, pair);
    while (!atomic_load_explicit(&pair->began, memory_order_relaxed))
        sched_yield();
}

static void wait_for_both(struct pair *pair)
{
    wait_for(&pair->first);
    assert(pair->second.runs == 1);
}

static void help_one(void *pair, size_t lo, size_t hi)
{
    assert(lo == 0 && hi == 1);
    spawn_first(pair, spawn_and_await_second);
    wait_for_both(pair);
}

// The worker waits for a task in its own deque: the thread that sleeps until both have ended must help.
static void helper(void)
{
    struct pair pair = {.first.group = QSC_GROUP_INIT};
    create(2);
    qsc_parallel_for(pool, 0, 1, 1, help_one, &pair);
    qsc_pool_destroy(pool);
}

struct trio {
    struct pair pair;
    qsc_group urgent;
    qsc_task third;
    _Atomic int urgent_waits;
};

static void leave_second(void *arg)
{
    struct trio *trio = arg;
    spawn_second(&trio->pair);
    atomic_store_explicit(&trio->pair.began, 1, memory_order_relaxed);
    while (!atomic_load_explicit(&trio->urgent_waits, memory_order_relaxed))
        sched_yield();
    work(&trio->pair.first);
}

static void stay_until_second_ran(void *arg)
{
    spin_until_ran(&((struct trio *)arg)->pair.second);
}

static void help_before_urgent(void *arg, size_t lo, size_t hi)
{
    struct trio *trio = arg;
    assert(lo == 0 && hi == 1);
    qsc_group_set_priority(&trio->urgent, QSC_PRIORITY_HIGH);
    spawn_first(&trio->pair, leave_second);
    qsc_task_spawn(pool, &trio->urgent, &trio->third, stay_until_second_ran, trio);
    atomic_store_explicit(&trio->urgent_waits, 1, memory_order_relaxed);
    wait_for_both(&trio->pair);
    qsc_group_wait(pool, &trio->urgent);
}

// The worker leaves a task in its deque for an urgent one, which waits for it.
static void urgent(void)
{
    struct trio trio = {.pair.first.group = QSC_GROUP_INIT, .urgent = QSC_GROUP_INIT};
    create(2);
    qsc_parallel_for(pool, 0, 1, 1, help_before_urgent, &trio);
    qsc_pool_destroy(pool);
}

static void *submit_second(void *pair)
{
    spawn_second(pair);
    return NULL;
}

// The same, when the second task comes from a foreign thread.
static void submit_to_waiter(void)
{
    struct pair pair = {.first.group = QSC_GROUP_INIT};
    create(2);
    spawn_first(&pair, await_second);
    pthread_t other = scenario_start(submit_second, &pair);
    wait_for_both(&pair);
    scenario_join(other);
    qsc_pool_destroy(pool);
}

static void join_guest(void *unused, size_t lo, size_t hi)
{
    (void)unused;
    assert(lo == 0 && hi == 1);
    scenario_join(scenario_start(spawn_and_wait_too, NULL));
}

// Slot 0 is taken all the time, the worker runs the task, and wakes who waits without a slot.
static void guest_outside(void)
{
    create(2);
    qsc_parallel_for(pool, 0, 1, 1, join_guest, NULL);
    qsc_pool_destroy(pool);
}

static qsc_cancel token;
static int reason; // plain: who is cancelled comes after it

static void cancel(void)
{
    reason = 1;
    qsc_cancel_request(&token);
}

// Returns whether it had to.
static bool wait_or_give_up(struct job *job)
{
    int error = qsc_group_wait_cancellable(pool, &job->group, NULL, &token);
    assert(error == 0 || (error == ECANCELED && reason == 1));
    return error;
}

static void *spawn_and_give_up(void *unused)
{
    struct job job = {.group = QSC_GROUP_INIT};
    qsc_task_spawn(pool, &job.group, &job.task, work, &job);
    if (wait_or_give_up(&job))
        wait_for(&job);
    assert(job.runs > 0);
    return unused;
}

static void cancel_guest(void *guest, size_t lo, size_t hi)
{
    assert(lo == 0 && hi == 1);
    *(pthread_t *)guest = scenario_start(spawn_and_give_up, NULL);
    cancel();
}

// There is no worker: the task waits for slot 0 as its thread does.
static void guest_cancelled(void)
{
    pthread_t guest;
    create(1);
    qsc_parallel_for(pool, 0, 1, 1, cancel_guest, &guest);
    scenario_join(guest);
    qsc_pool_destroy(pool);
}

static void cancel_and_stay(void *arg)
{
    struct pair *pair = arg;
    cancel();
    atomic_store_explicit(&pair->began, 1, memory_order_relaxed);
    spin_until_ran(&pair->second);
    work(&pair->first);
}

// The worker cancels the wait for what it runs, and ends when the wait has.
static void wait_cancelled(void)
{
    struct pair pair = {.first.group = QSC_GROUP_INIT};
    create(2);
    spawn_first(&pair, cancel_and_stay);
    bool gave_up = wait_or_give_up(&pair.first);
    assert(gave_up);
    run_second(&pair);
    wait_for(&pair.first);
    qsc_pool_destroy(pool);
}

static void nothing(void)
{
    create(2);
    qsc_pool_destroy(pool);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"nothing", nothing},
        {"one-task", one_task},
        {"one-task-in-slot", one_task_in_slot},
        {"idle-worker", idle_worker},
        {"idle-worker-low", idle_worker_low},
        {"idle-thief", idle_thief},
        {"two-guests", two_guests},
        {"loop", loop},
        {"guided-loop", guided_loop},
        {"reduction", reduction},
        {"dropped-task", dropped_task},
        {"blocking", blocking},
        {"helper", helper},
        {"urgent", urgent},
        {"submit-to-waiter", submit_to_waiter},
        {"guest-outside", guest_outside},
        {"guest-cancelled", guest_cancelled},
        {"wait-cancelled", wait_cancelled},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
