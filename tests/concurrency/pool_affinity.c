#define _GNU_SOURCE // sched_setaffinity
#include "failing.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <quiesce/concurrency/pool.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { THREADS = 4, CHUNKS = 2000 };

static qsc_pool *pool;
static cpu_set_t allowed; // before a test

static atomic_long pin_countdown; // the k-th thread cannot be pinned; negative: each can
int __real_qsc_port_thread_pin(pthread_t, int);
int __wrap_qsc_port_thread_pin(pthread_t, int);
int __wrap_qsc_port_thread_pin(pthread_t thread, int cpu)
{
    if (atomic_load(&pin_countdown) >= 0 && atomic_fetch_sub(&pin_countdown, 1) == 0)
        return EINVAL;
    return __real_qsc_port_thread_pin(thread, cpu);
}

static void reset(void)
{
    atomic_store(&pin_countdown, -1);
    cr_assert_eq(sched_getaffinity(0, sizeof allowed, &allowed), 0);
}

TestSuite(pool_affinity, .init = reset, .timeout = 60);

// The n-th processor that we may use, from the first again when there are fewer.
static int nth_allowed(int n)
{
    n %= CPU_COUNT(&allowed);
    for (int cpu = 0;; cpu++)
        if (CPU_ISSET((size_t)cpu, &allowed) && n-- == 0)
            return cpu;
}

static int create(const int *cpus, int cpu_count)
{
    struct qsc_pool_config config = {
        .threads = THREADS - 1, .spares = 1, .cpus = cpus, .cpu_count = cpu_count};
    return qsc_pool_create(&pool, &config);
}

struct meeting {
    const int *cpus; // of the slots; NULL: any that were allowed
    int cpu_count;
    atomic_int arrived;
};

static void meet(void *ctx, size_t lo, size_t hi)
{
    struct meeting *meeting = ctx;
    (void)lo, (void)hi;
    int slot = qsc_pool_worker_index(pool);
    cpu_set_t mine, expected = allowed;
    cr_assert_eq(sched_getaffinity(0, sizeof mine, &mine), 0);
    if (meeting->cpus && slot > 0) {
        CPU_ZERO(&expected);
        CPU_SET((size_t)meeting->cpus[slot % meeting->cpu_count], &expected);
    }
    cr_assert(CPU_EQUAL(&mine, &expected), "slot %d", slot);
    atomic_fetch_add(&meeting->arrived, 1);
    AWAIT(meeting->arrived == THREADS - 1);
}

Test(pool_affinity, each_worker_keeps_to_its_processor)
{
    int cpus[2] = {nth_allowed(0), nth_allowed(1)};
    for (int count = 0; count <= 2; count++) {
        cr_assert_eq(create(cpus, count), 0);
        struct meeting meeting = {.cpus = count ? cpus : NULL, .cpu_count = count};
        qsc_parallel_for(pool, 0, THREADS - 1, 1, meet, &meeting);
        qsc_pool_destroy(pool);
    }
}

Test(pool_affinity, processors_that_there_are_not)
{
    failing_at(-1);
    int cpus[2] = {nth_allowed(0), -1};
    cr_assert_eq(create(cpus, -1), EINVAL);
    cr_assert_eq(create(cpus, 2), EINVAL);
    cpus[1] = CPU_SETSIZE;
    cr_assert_eq(create(cpus, 2), EINVAL);
    for (long k = 0; k < THREADS - 1; k++) {
        atomic_store(&pin_countdown, k);
        cr_assert_eq(create(cpus, 1), EINVAL);
    }
    cr_assert_eq(failing_live(), 0);
    failing_off();
}

// Of all threads of this process.
static void set_affinity(const cpu_set_t *set)
{
    DIR *threads = opendir("/proc/self/task");
    cr_assert(threads);
    for (struct dirent *entry; (entry = readdir(threads));)
        if (entry->d_name[0] != '.')
            (void)sched_setaffinity(atoi(entry->d_name), sizeof *set, set); // one may just have ended
    closedir(threads);
}

struct loss {
    atomic_int runs;
};

// In the middle of it all threads are put on one processor, then on the next one, then let free.
static void lose_processors(void *ctx, size_t lo, size_t hi)
{
    struct loss *loss = ctx;
    (void)hi;
    atomic_fetch_add(&loss->runs, 1);
    if (lo == CHUNKS / 3 || lo == CHUNKS / 2) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET((size_t)nth_allowed(lo == CHUNKS / 2), &one);
        set_affinity(&one);
    }
    if (lo == CHUNKS / 4 * 3)
        set_affinity(&allowed);
    if (lo % 100 == 0)
        sleep_ms(1); // others may fall asleep
}

Test(pool_affinity, goes_on_when_processors_are_taken_away)
{
    int cpus[2] = {nth_allowed(0), nth_allowed(1)};
    for (int count = 0; count <= 2; count += 2)
        for (int round = 0; round < 5; round++) {
            struct loss loss = {0};
            cr_assert_eq(create(cpus, count), 0);
            qsc_parallel_for(pool, 0, CHUNKS, 1, lose_processors, &loss);
            set_affinity(&allowed);
            cr_assert_eq(loss.runs, CHUNKS);
            qsc_pool_destroy(pool);
        }
}
