#include "bench/lab/histogram.h"

#include "bench/lab/random.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(histogram, buckets_follow_each_other)
{
    unsigned last = 0;
    for (uint64_t value = 0; value < 1 << 20; value++) {
        unsigned bucket = lab_histogram_bucket(value);
        cr_assert(bucket == last || bucket == last + 1, "%llu", (unsigned long long)value);
        last = bucket;
    }
    cr_assert_eq(lab_histogram_bucket(UINT64_MAX), LAB_HISTOGRAM_BUCKETS - 1);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

Test(histogram, quantiles_are_right_to_one_in_32)
{
    enum { N = 20000 };
    static struct lab_histogram histogram;
    static uint64_t values[N];
    uint64_t random = 1;
    for (int i = 0; i < N; i++) {
        values[i] = (uint64_t)lab_random(&random) << 20 >> lab_random_below(&random, 52);
        lab_histogram_add(&histogram, values[i]);
    }
    qsort(values, N, sizeof *values, compare);
    const double quantiles[] = {0, 0.01, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    for (int q = 0; q < 8; q++) {
        int rank = (int)(quantiles[q] * N + 0.9999) - 1;
        double exact = (double)values[rank < 0 ? 0 : rank];
        double found = (double)lab_histogram_at(&histogram, quantiles[q]);
        cr_assert(found >= exact && found <= exact * (1 + 1.0 / 32), "%g: %g, not %g", quantiles[q], found,
                  exact);
    }
    cr_assert_eq(histogram.most, values[N - 1]);
}

Test(histogram, merged_ones_have_the_values_of_both)
{
    static struct lab_histogram one, other, none;
    cr_assert_eq(lab_histogram_at(&none, 0.5), 0);
    for (uint64_t i = 1; i <= 30; i++)
        lab_histogram_add(i % 3 ? &one : &other, i);
    lab_histogram_merge(&one, &other);
    cr_assert_eq(one.count, 30);
    cr_assert_eq(one.most, 30);
    for (unsigned i = 1; i <= 30; i++)
        cr_assert_eq(lab_histogram_at(&one, i / 30.0), i);
    lab_histogram_merge(&one, &none);
    cr_assert_eq(one.count, 30);
}
