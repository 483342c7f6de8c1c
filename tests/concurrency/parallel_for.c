#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/pool.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

static qsc_pool *pool;

static void make(int threads)
{
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = threads}), 0);
}

typedef void parallel_for(qsc_pool *, size_t, size_t, size_t, void (*)(void *, size_t, size_t), void *);

struct chunks {
    size_t begin, grain;
    size_t lo[100], hi[100];
    atomic_int calls;
    size_t first_seen; // of one thread: the chunks must come in ascending order
};

static void note(void *ctx, size_t lo, size_t hi)
{
    struct chunks *chunks = ctx;
    size_t k = (lo - chunks->begin) / chunks->grain;
    cr_assert_lt(k, 100);
    chunks->lo[k] = lo;
    chunks->hi[k] = hi;
    atomic_fetch_add(&chunks->calls, 1);
}

static void check_chunks(parallel_for *loop, size_t begin, size_t end, size_t grain, int expected)
{
    struct chunks chunks = {.begin = begin, .grain = grain ? grain : 1};
    loop(pool, begin, end, grain, note, &chunks);
    cr_assert_eq(chunks.calls, expected, "[%zu, %zu) by %zu: %d", begin, end, grain, chunks.calls);
    for (size_t k = 0; k < (size_t)expected; k++) {
        cr_assert_eq(chunks.lo[k], begin + k * chunks.grain);
        cr_assert_eq(chunks.hi[k], k + 1 == (size_t)expected ? end : chunks.lo[k] + chunks.grain);
    }
}

static void check_all_chunks(parallel_for *loop)
{
    for (int threads = 1; threads <= 8; threads *= 2) {
        make(threads);
        check_chunks(loop, 0, 0, 1, 0);
        check_chunks(loop, 5, 3, 1, 0);
        check_chunks(loop, 0, 1, 1, 1);
        check_chunks(loop, 3, 103, 1, 100);
        check_chunks(loop, 0, 100, 7, 15);
        check_chunks(loop, 0, 98, 7, 14);
        check_chunks(loop, 0, 10, 0, 10);
        check_chunks(loop, 0, 10, SIZE_MAX, 1);
        check_chunks(loop, SIZE_MAX - 10, SIZE_MAX, 4, 3);
        check_chunks(loop, 0, SIZE_MAX, SIZE_MAX / 2, 3);
        qsc_pool_destroy(pool);
    }
}

Test(parallel_for, chunks_depend_on_the_range_and_the_grain_only)
{
    check_all_chunks(qsc_parallel_for);
    check_all_chunks(qsc_parallel_for_static);
}

struct expected {
    size_t lo[64], hi[64];
    size_t count;
    atomic_size_t seen;
};

static void find_expected(void *ctx, size_t lo, size_t hi)
{
    struct expected *expected = ctx;
    size_t i = 0;
    while (i < expected->count && expected->lo[i] != lo)
        i++;
    cr_assert_lt(i, expected->count, "%zu", lo);
    cr_assert_eq(hi, expected->hi[i]);
    atomic_fetch_add(&expected->seen, 1);
}

static void check_guided(size_t begin, size_t end, size_t grain)
{
    struct expected expected = {0};
    size_t chunks = begin < end ? (end - begin - 1) / grain + 1 : 0, share;
    for (size_t k = 0; k < chunks; k += share) {
        size_t i = expected.count++;
        cr_assert_lt(i, 64);
        share = (chunks - k) / (2 * (size_t)qsc_pool_threads(pool));
        share = share ? share : 1;
        expected.lo[i] = begin + k * grain;
        expected.hi[i] = k + share == chunks ? end : begin + (k + share) * grain;
    }
    for (int round = 0; round < 5; round++) {
        atomic_store(&expected.seen, 0);
        qsc_parallel_for_guided(pool, begin, end, grain, find_expected, &expected);
        cr_assert_eq(expected.seen, expected.count);
    }
}

Test(parallel_for, guided_takes_shares_of_what_is_left_that_depend_on_the_threads_number_only)
{
    for (int threads = 1; threads <= 8; threads *= 2) {
        make(threads);
        check_guided(5, 3, 1);
        check_guided(0, 1, 1);
        check_guided(3, 103, 1);
        check_guided(0, 1000, 7);
        check_guided(0, 10, SIZE_MAX);
        check_guided(SIZE_MAX - 100, SIZE_MAX, 3);
        check_guided(0, SIZE_MAX, SIZE_MAX / 20);
        qsc_pool_destroy(pool);
    }
}

struct first_chunks {
    atomic_int arrived;
    int slots[8]; // which took the chunk
};

static void note_slot(void *ctx, size_t lo, size_t hi)
{
    struct first_chunks *first = ctx;
    int threads = qsc_pool_threads(pool);
    (void)hi;
    if (lo >= (size_t)threads)
        return;
    first->slots[lo] = qsc_pool_worker_index(pool);
    atomic_fetch_add(&first->arrived, 1);
    AWAIT(first->arrived == threads); // nobody is done with his own
}

Test(parallel_for, static_gives_each_slot_its_own_chunks_first)
{
    for (int threads = 1; threads <= 8; threads *= 2) {
        make(threads);
        for (int round = 0; round < 10; round++) {
            struct first_chunks first = {0};
            qsc_parallel_for_static(pool, 0, 50, 1, note_slot, &first);
            for (int k = 0; k < threads; k++)
                cr_assert_eq(first.slots[k], k);
        }
        qsc_pool_destroy(pool);
    }
}

static void ascend(void *ctx, size_t lo, size_t hi)
{
    size_t *next = ctx;
    cr_assert_eq(lo, *next);
    *next = hi;
}

Test(parallel_for, one_thread_takes_the_chunks_in_order)
{
    make(1);
    size_t next = 10;
    qsc_parallel_for(pool, 10, 1000, 7, ascend, &next);
    cr_assert_eq(next, 1000);
    next = 10;
    qsc_parallel_for_guided(pool, 10, 1000, 7, ascend, &next);
    cr_assert_eq(next, 1000);
    qsc_pool_destroy(pool);
}

static void hold_up_the_lowest(void *ctx, size_t lo, size_t hi)
{
    atomic_uint *begun = ctx;
    (void)hi;
    unsigned before = atomic_fetch_add(begun, 1);
    if (lo == 0)
        AWAIT(*begun == 40); // the others can go on only if the counter does not wait for this chunk
    cr_assert_lt(lo, before + 4, "only chunks that other threads are just beginning may be missing below");
}

Test(parallel_for, threads_take_the_next_chunk_each)
{
    make(4);
    for (int round = 0; round < 20; round++) {
        atomic_uint begun = 0;
        qsc_parallel_for(pool, 0, 40, 1, hold_up_the_lowest, &begun);
        cr_assert_eq(begun, 40);
    }
    qsc_pool_destroy(pool);
}

enum { N = 6 };
struct cube {
    atomic_int hits[N][N][N];
    size_t i, k; // the row in which an inner loop runs
    struct cube *whole;
};

static void innermost(void *ctx, size_t lo, size_t hi)
{
    struct cube *row = ctx;
    for (size_t l = lo; l < hi; l++)
        atomic_fetch_add_explicit(&row->whole->hits[row->i][row->k][l], 1, memory_order_relaxed);
}

static void middle(void *ctx, size_t lo, size_t hi)
{
    const struct cube *plane = ctx;
    for (size_t k = lo; k < hi; k++) {
        struct cube row = {.i = plane->i, .k = k, .whole = plane->whole};
        qsc_parallel_for(pool, 0, N, 1, innermost, &row);
    }
}

static void outermost(void *ctx, size_t lo, size_t hi)
{
    for (size_t i = lo; i < hi; i++) {
        struct cube plane = {.i = i, .whole = ctx};
        qsc_parallel_for(pool, 0, N, 2, middle, &plane);
    }
}

Test(parallel_for, nests_three_deep_on_any_number_of_threads)
{
    for (int threads = 1; threads <= 8; threads *= 2) {
        make(threads);
        for (int round = 0; round < 10; round++) {
            static struct cube cube;
            memset(&cube, 0, sizeof cube);
            qsc_parallel_for(pool, 0, N, 1, outermost, &cube);
            for (int i = 0; i < N * N * N; i++)
                cr_assert_eq(cube.hits[i / N / N][i / N % N][i % N], 1);
        }
        qsc_pool_destroy(pool);
    }
}

static void both_needed(void *ctx, size_t lo, size_t hi)
{
    atomic_int *arrived = ctx;
    (void)lo, (void)hi;
    atomic_fetch_add(arrived, 1);
    AWAIT(*arrived >= 2);
}

// The loop needs two threads: the one that runs this, and the one that sleeps in the wait above.
static void cut_up(void *arrived)
{
    sleep_ms(30);
    qsc_parallel_for(pool, 0, 2, 1, both_needed, arrived);
}

Test(parallel_for, a_sleeping_waiter_is_woken_to_help_with_a_loop_below)
{
    make(2);
    for (int round = 0; round < 3; round++) {
        atomic_int arrived = 0;
        qsc_group group = QSC_GROUP_INIT;
        qsc_task task;
        qsc_task_spawn(pool, &group, &task, cut_up, &arrived);
        sleep_ms(10); // the worker has it
        qsc_group_wait(pool, &group);
        cr_assert_eq(arrived, 2);
    }
    qsc_pool_destroy(pool);
}
