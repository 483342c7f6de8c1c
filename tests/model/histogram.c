#include <quiesce/model/histogram.h>

#include <criterion/criterion.h>
#include <stdlib.h>

static struct qsc_histogram histogram, other;

static void clear(void)
{
    histogram = (struct qsc_histogram){0};
    other = (struct qsc_histogram){0};
}

TestSuite(histogram, .init = clear);

Test(histogram, empty_has_no_quantiles)
{
    cr_assert_eq(qsc_histogram_quantile(&histogram, 0.99), 0);
}

Test(histogram, each_value_falls_into_bounds_that_hold_it_to_the_stated_precision)
{
    for (uint64_t value = 0; value < 1ull << 40; value = value < 300 ? value + 1 : value + value / 97) {
        clear();
        qsc_histogram_add(&histogram, value);
        size_t bucket = 0;
        while (!histogram.buckets[bucket])
            bucket++;
        uint64_t lower, upper;
        qsc_histogram_bounds(bucket, &lower, &upper);
        cr_assert(lower <= value && value < upper, "%lu in [%lu, %lu)", value, lower, upper);
        cr_assert(upper - lower == 1 || (double)(upper - lower) / (double)value <= 1.0 / 128);
    }
}

Test(histogram, buckets_leave_no_gap)
{
    uint64_t end = 0;
    for (size_t bucket = 0; bucket < QSC_HISTOGRAM_BUCKETS; bucket++) {
        uint64_t lower, upper;
        qsc_histogram_bounds(bucket, &lower, &upper);
        cr_assert_eq(lower, end);
        end = upper;
    }
    cr_assert_eq(end, 1ull << 40);
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

Test(histogram, quantiles_are_those_of_the_sorted_values)
{
    enum { COUNT = 10007 };
    static uint64_t values[COUNT];
    uint64_t state = 7;
    for (int i = 0; i < COUNT; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        values[i] = 1000 + (state >> 33) % (1u << (10 + i % 14));
        qsc_histogram_add(i % 3 ? &histogram : &other, values[i]);
    }
    qsc_histogram_merge(&histogram, &other);
    qsort(values, COUNT, sizeof *values, compare);
    static const double shares[] = {0.0001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        uint64_t rank = (uint64_t)(shares[i] * COUNT + 0.999999);
        double exact = (double)values[rank - 1];
        double found = (double)qsc_histogram_quantile(&histogram, shares[i]);
        cr_assert_float_eq(found, exact, exact / 128, "q %g: %g, sorted %g", shares[i], found, exact);
    }
    cr_assert_eq(histogram.count, COUNT);
    cr_assert_eq(histogram.max_ns, values[COUNT - 1]);
    cr_assert_eq(qsc_histogram_quantile(&histogram, 1), values[COUNT - 1]);
}

Test(histogram, values_beyond_the_range_are_kept_in_the_last_bucket)
{
    qsc_histogram_add(&histogram, UINT64_MAX);
    cr_assert_eq(histogram.buckets[QSC_HISTOGRAM_BUCKETS - 1], 1);
    cr_assert_eq(histogram.max_ns, UINT64_MAX);
}
