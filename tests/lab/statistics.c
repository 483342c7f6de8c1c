#include "bench/lab/statistics.h"

#include "tests/concurrency/failing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

static struct lab_location locate(const double *differences, unsigned n, double alpha)
{
    struct lab_location location;
    cr_assert_eq(lab_locate(&location, differences, n, alpha), 0);
    return location;
}

// M. Hollander and D. A. Wolfe, "Nonparametric Statistical Methods", 1973, table 3.1: depression before and
// after a treatment. The text has V = 40, p = 0.039 and the interval of 96 %.
static const double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30},
                    after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};

Test(statistics, as_in_hollander_and_wolfe)
{
    double differences[9];
    for (int i = 0; i < 9; i++)
        differences[i] = before[i] - after[i];
    struct lab_location location = locate(differences, 9, 0.04);
    cr_assert_float_eq(location.p, 0.0390625, 1e-12, "p %.9g", location.p);
    cr_assert_float_eq(location.estimate, 0.46, 1e-9, "estimate %.9g", location.estimate);
    cr_assert_float_eq(location.low, 0.010, 1e-9, "low %.9g", location.low);
    cr_assert_float_eq(location.high, 0.786, 1e-9, "high %.9g", location.high);
}

// All signs of n differences are one of 2^n cases.
Test(statistics, probabilities_of_small_samples)
{
    const double up[] = {1, 2, 3, 4, 5, 6, 7, 8};
    cr_assert_float_eq(locate(up, 8, 0.01).p, 2.0 / 256, 1e-12);
    cr_assert_float_eq(locate(up, 8, 0.01).low, 1, 1e-12, "eight differences are the fewest for 99 %%");
    cr_assert_float_eq(locate(up, 8, 0.01).high, 8, 1e-12);
    cr_assert(isinf(locate(up, 7, 0.01).low) && isinf(locate(up, 7, 0.01).high));
    const double even[] = {1, -1, 2, -2};
    cr_assert_float_eq(locate(even, 4, 0.01).p, 1, 1e-12);
    cr_assert_float_eq(locate(even, 4, 0.01).estimate, 0, 1e-12);
    const double none[] = {0, 0, 0};
    cr_assert_float_eq(locate(none, 3, 0.01).p, 1, 1e-12, "what does not differ has no rank");
    const double zeros_apart[] = {0, 1, 2, 3, 0, 4, 5, 6, 7, 8};
    cr_assert_float_eq(locate(zeros_apart, 10, 0.01).p, 2.0 / 256, 1e-12);
}

// By counting all signs of 10 differences: the exact probability, and the interval that misses no value that
// the test would not reject.
Test(statistics, as_counted_by_hand)
{
    const double differences[] = {0.3, -0.1, 0.7, 1.1, -0.4, 0.9, 0.2, 1.5, 0.6, 0.8};
    int sum = 2 + 3 + 5 + 6 + 7 + 8 + 9 + 10; // ranks 1 and 4 are negative
    int extreme = 0;
    for (int signs = 0; signs < 1024; signs++) {
        int w = 0;
        for (int rank = 1; rank <= 10; rank++)
            w += signs >> (rank - 1) & 1 ? rank : 0;
        extreme += w >= sum || w <= 55 - sum;
    }
    cr_assert_float_eq(locate(differences, 10, 0.05).p, extreme / 1024.0, 1e-12);
    struct lab_location location = locate(differences, 10, 0.05);
    for (int end = 0; end < 2;
         end++) { // just outside of the interval the test rejects, just inside it does not
        for (int inside = 0; inside < 2; inside++) {
            double moved[10], by = end ? location.high : location.low;
            by += inside == end ? -1e-6 : 1e-6;
            for (int i = 0; i < 10; i++)
                moved[i] = differences[i] - by;
            cr_assert_eq(locate(moved, 10, 0.05).p > 0.05, inside);
        }
    }
}

Test(statistics, the_largest_sample)
{
    static double differences[LAB_DIFFERENCES_MAX];
    for (int i = 0; i < LAB_DIFFERENCES_MAX; i++)
        differences[i] = 1 + (i % 2 ? 0.5 : -0.5);
    struct lab_location location = locate(differences, LAB_DIFFERENCES_MAX, 0.01);
    cr_assert_float_eq(location.estimate, 1, 1e-12);
    cr_assert_lt(location.p, 1e-60);
    cr_assert(location.low > 0.9 && location.high < 1.1);
}

Test(statistics, memory_that_cannot_be_had_is_an_error)
{
    for (long k = 0; k == 0 || failing_happened(); k++) {
        struct lab_location location;
        failing_at(k);
        int error = lab_locate(&location, before, 9, 0.01);
        cr_assert_eq(error, failing_happened() ? ENOMEM : 0);
        cr_assert_eq(failing_live(), 0);
    }
    failing_off();
}
