// What is drawn: lengths around their mean, locks by Zipf's law.
#include "bench/lab/lengths.h"
#include "bench/lab/zipf.h"

#include "tests/concurrency/failing.h"

#include <criterion/criterion.h>
#include <math.h>

enum { DRAWS = 200000 };

struct drawn {
    double mean, least, most, deviation;
};

static struct drawn draw(enum lab_shape shape, double mean)
{
    struct lab_lengths lengths;
    lab_lengths_fill(&lengths, shape, mean);
    struct drawn drawn = {.least = 1e9};
    double squares = 0;
    uint64_t random = 1;
    for (int i = 0; i < DRAWS; i++) {
        double length = lab_lengths_draw(&lengths, &random);
        drawn.least = fmin(drawn.least, length);
        drawn.most = fmax(drawn.most, length);
        drawn.mean += length / DRAWS;
        squares += length * length / DRAWS;
    }
    drawn.deviation = sqrt(squares - drawn.mean * drawn.mean);
    return drawn;
}

Test(lengths, every_shape_has_its_mean)
{
    for (enum lab_shape shape = 0; lab_shape_names[shape]; shape++) {
        cr_assert_float_eq(draw(shape, 1000).mean, 1000, 15, "%s: %g", lab_shape_names[shape],
                           draw(shape, 1000).mean);
        cr_assert_eq(draw(shape, 0).most, 0);
    }
}

Test(lengths, each_spreads_as_its_shape_says)
{
    cr_assert_float_eq(draw(LAB_CONSTANT, 1000).deviation, 0, 0.1);
    struct drawn uniform = draw(LAB_UNIFORM, 1000), exponential = draw(LAB_EXPONENTIAL, 1000),
                 bimodal = draw(LAB_BIMODAL, 1000);
    cr_assert(uniform.least < 510 && uniform.least >= 500 && uniform.most > 1490 && uniform.most <= 1500);
    cr_assert_float_eq(uniform.deviation, 1000 / sqrt(12), 10);
    cr_assert_float_eq(exponential.deviation, 1000, 50, "%g", exponential.deviation);
    cr_assert_lt(exponential.least, 10);
    cr_assert_gt(exponential.most, 6000);
    cr_assert_float_eq(bimodal.most / bimodal.least, 10, 0.1);
}

static void draw_locks(double *shares, uint32_t count, double skew)
{
    struct lab_zipf *zipf = lab_zipf_make(count, skew);
    cr_assert_not_null(zipf);
    uint64_t random = 7;
    for (int i = 0; i < DRAWS; i++) {
        uint32_t which = lab_zipf_draw(zipf, &random);
        cr_assert_lt(which, count);
        shares[which] += 1.0 / DRAWS;
    }
    qsc_free(zipf);
}

Test(zipf, locks_are_drawn_by_their_weight)
{
    for (double skew = 0; skew <= 2; skew += 0.5) {
        double shares[100] = {0}, sum = 0;
        draw_locks(shares, 100, skew);
        for (int i = 0; i < 100; i++)
            sum += pow(i + 1, -skew);
        for (int i = 0; i < 100; i++) {
            double share = pow(i + 1, -skew) / sum;
            cr_assert_float_eq(shares[i], share, 6 * sqrt(share / DRAWS), "skew %g, lock %d: %g, not %g",
                               skew, i, shares[i], share);
        }
    }
}

Test(zipf, one_lock_and_no_memory)
{
    double one[1] = {0};
    draw_locks(one, 1, 1);
    cr_assert_float_eq(one[0], 1, 1e-6);
    for (long k = 0; k == 0 || failing_happened(); k++) {
        failing_at(k);
        struct lab_zipf *zipf = lab_zipf_make(8, 1);
        cr_assert_eq(zipf == NULL, failing_happened());
        qsc_free(zipf);
        cr_assert_eq(failing_live(), 0);
    }
    failing_off();
}
