#include "bench/lab/fairness.h"

#include <criterion/criterion.h>

Test(fairness, jain_of_known_counts)
{
    cr_assert_float_eq(lab_jain((uint64_t[]){7, 7, 7, 7}, 4), 1, 1e-12);
    cr_assert_float_eq(lab_jain((uint64_t[]){9, 0, 0, 0}, 4), 0.25, 1e-12);
    cr_assert_float_eq(lab_jain((uint64_t[]){1, 2, 3}, 3), 36.0 / 42, 1e-12);
    cr_assert_float_eq(lab_jain((uint64_t[]){0, 0}, 2), 1, 1e-12);
}

Test(fairness, upper_half_of_known_counts)
{
    cr_assert_float_eq(lab_upper_half((uint64_t[]){5, 5, 5, 5}, 4), 0.5, 1e-12);
    cr_assert_float_eq(lab_upper_half((uint64_t[]){0, 3, 0, 3}, 4), 1, 1e-12);
    cr_assert_float_eq(lab_upper_half((uint64_t[]){4, 1, 5}, 3), 0.7, 1e-12);
    cr_assert_float_eq(lab_upper_half((uint64_t[]){5, 5, 5}, 3), 0.5, 1e-12);
    cr_assert_float_eq(lab_upper_half((uint64_t[]){0, 0}, 2), 0.5, 1e-12);
}

// Two threads that take turns by the millisecond: unfair in each, fair in ten.
Test(fairness, windows_are_as_long_as_they_say)
{
    uint32_t one[25] = {0}, other[25] = {0};
    for (int w = 0; w < 20; w++)
        (w % 2 ? one : other)[w] = 10;
    struct lab_thread_result of[] = {{.counts = one}, {.counts = other}};
    const struct lab_result result = {.threads = 2, .windows = 25, .of = of};
    struct lab_jain_windows over = lab_jain_over(&result, 1);
    cr_assert_float_eq(over.mean, 0.5, 1e-12);
    cr_assert_eq(over.windows, 20);
    cr_assert_eq(over.idle, 5);
    over = lab_jain_over(&result, 10);
    cr_assert_float_eq(over.mean, 1, 1e-12);
    cr_assert_float_eq(over.worst, 1, 1e-12);
    cr_assert_eq(over.windows, 2, "the rest is no window");
    cr_assert_eq(lab_jain_over(&result, 100).windows, 0);
}
