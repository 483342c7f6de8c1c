#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/pool.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static qsc_pool *pool;

static void make(int threads)
{
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = threads}), 0);
}

// What is combined with what, as text: "((0 1) 2)".
struct text {
    char s[64];
};

static void write_chunk(void *unused, size_t lo, size_t hi, void *partial)
{
    (void)unused;
    cr_assert_gt(hi, lo);
    snprintf(partial, sizeof(struct text), "%zu", lo);
}

static void bracket(void *unused, void *left, const void *right)
{
    (void)unused;
    struct text *into = left, before = *into;
    const struct text *other = right;
    cr_assert_lt(snprintf(into->s, sizeof into->s, "(%.30s %.30s)", before.s, other->s), (int)sizeof into->s);
}

static void check_text(size_t begin, size_t end, size_t grain, const char *expected)
{
    struct text text = {"nothing"};
    qsc_parallel_reduce(pool, begin, end, grain, &text, sizeof text, write_chunk, bracket, NULL);
    cr_assert_str_eq(text.s, expected);
}

Test(parallel_reduce, combines_neighbours_in_an_order_that_depends_on_the_range_and_the_grain_only)
{
    for (int threads = 1; threads <= 8; threads *= 2) {
        make(threads);
        for (int round = 0; round < 20; round++) {
            check_text(3, 3, 1, "nothing");
            check_text(4, 3, 1, "nothing");
            check_text(3, 4, 1, "3");
            check_text(3, 5, 1, "(3 4)");
            check_text(0, 10, 0, "((((0 1) 2) (3 4)) (((5 6) 7) (8 9)))");
            check_text(0, 10, 4, "((0 4) 8)");
            check_text(0, 9, 3, "((0 3) 6)");
            check_text(7, 9, SIZE_MAX, "7");
            check_text(0, 4, 1, "((0 1) (2 3))");
        }
        qsc_pool_destroy(pool);
    }
}

enum { TERMS = 10000 };

static void add_terms(void *terms, size_t lo, size_t hi, void *partial)
{
    float sum = 0;
    for (size_t i = lo; i < hi; i++)
        sum += ((const float *)terms)[i];
    *(float *)partial = sum;
}

static void add(void *unused, void *left, const void *right)
{
    (void)unused;
    *(float *)left += *(const float *)right;
}

Test(parallel_reduce, sums_have_the_same_bits_on_any_number_of_threads)
{
    static float terms[TERMS];
    for (uint32_t i = 0, random = 1; i < TERMS; i++, random = random * 1664525 + 1013904223)
        terms[i] = (float)random / (float)(1 + i % 977);
    float first = 0;
    for (int threads = 1; threads <= 8; threads++) {
        make(threads);
        for (int round = 0; round < 5; round++) {
            float sum;
            qsc_parallel_reduce(pool, 0, TERMS, 13, &sum, sizeof sum, add_terms, add, terms);
            if (threads == 1)
                first = sum;
            cr_assert_eq(memcmp(&sum, &first, sizeof sum), 0, "%d threads: %a, not %a", threads, (double)sum,
                         (double)first);
        }
        qsc_pool_destroy(pool);
    }
}

static void take_either(void *unused, void *left, const void *right)
{
    (void)unused, (void)left, (void)right;
}

static void meet(void *ctx, size_t lo, size_t hi, void *partial)
{
    atomic_int *arrived = ctx;
    (void)lo, (void)hi;
    atomic_fetch_add(arrived, 1);
    AWAIT(*arrived >= 4);
    *(char *)partial = 0;
}

Test(parallel_reduce, as_many_chunks_at_a_time_as_threads)
{
    make(4);
    for (int round = 0; round < 20; round++) {
        atomic_int arrived = 0;
        char result;
        qsc_parallel_reduce(pool, 0, 4, 1, &result, sizeof result, meet, take_either, &arrived);
        cr_assert_eq(arrived, 4);
    }
    qsc_pool_destroy(pool);
}

static void check_alignment(void *unused, size_t lo, size_t hi, void *partial)
{
    (void)unused, (void)lo, (void)hi;
    cr_assert_eq((uintptr_t)partial % _Alignof(max_align_t), 0);
    memset(partial, 0, 17);
}

Test(parallel_reduce, partial_results_of_an_odd_size_are_aligned)
{
    make(2);
    _Alignas(max_align_t) char result[17];
    qsc_parallel_reduce(pool, 0, 100, 1, result, sizeof result, check_alignment, take_either, NULL);
    qsc_pool_destroy(pool);
}

static void count_inside(void *unused, size_t lo, size_t hi, void *partial)
{
    (void)unused;
    atomic_int terms = 0;
    for (size_t i = lo; i < hi; i++)
        atomic_fetch_add(&terms, 1);
    *(int *)partial = terms;
}

static void add_ints(void *unused, void *left, const void *right)
{
    (void)unused;
    *(int *)left += *(const int *)right;
}

static void reduce_inside(void *unused, size_t lo, size_t hi, void *partial)
{
    (void)unused, (void)lo, (void)hi;
    qsc_parallel_reduce(pool, 0, 10, 1, partial, sizeof(int), count_inside, add_ints, NULL);
}

static void *drive_foreign(void *unused)
{
    for (int round = 0; round < 20; round++) {
        int sum;
        qsc_parallel_reduce(pool, 0, 10, 1, &sum, sizeof sum, reduce_inside, add_ints, NULL);
        cr_assert_eq(sum, 100);
    }
    return unused;
}

Test(parallel_reduce, nests_and_is_called_by_several_foreign_threads_at_once)
{
    for (int threads = 1; threads <= 4; threads *= 2) {
        pthread_t foreign[3];
        make(threads);
        for (int i = 0; i < 3; i++)
            cr_assert_eq(pthread_create(&foreign[i], NULL, drive_foreign, NULL), 0);
        for (int i = 0; i < 3; i++)
            pthread_join(foreign[i], NULL);
        qsc_pool_destroy(pool);
    }
}
