#include "numbers.h"

#include <criterion/criterion.h>
#include <quiesce/kernels/loss.h>

enum { ROWS = 6, C = 9 };
static const int32_t labels[ROWS] = {0, QSC_NO_LABEL, 8, 3, QSC_NO_LABEL, 3};

static double reference(const double *x)
{
    double loss = 0;
    for (int r = 0; r < ROWS; r++) {
        double sum = 0;
        for (int i = 0; i < C; i++)
            sum += exp(x[r * C + i]);
        if (labels[r] >= 0)
            loss += log(sum) - x[r * C + labels[r]];
    }
    return loss;
}

Test(loss, equals_the_definition_and_its_finite_differences)
{
    float *logits = random_floats(ROWS * C, 4, 1), d[ROWS * C];
    double x[ROWS * C], want[ROWS * C], h = 1e-5;
    for (int i = 0; i < ROWS * C; i++)
        x[i] = (double)logits[i];
    for (int i = 0; i < ROWS * C; i++) {
        x[i] += h;
        want[i] = reference(x);
        x[i] -= 2 * h;
        want[i] = 0.5 * (want[i] - reference(x)) / (2 * h);
        x[i] += h;
    }
    cr_assert_float_eq(qsc_cross_entropy(NULL, logits, labels, 0.5f, ROWS, C), reference(x), 1e-9);
    cr_assert_float_eq(qsc_cross_entropy(d, logits, labels, 0.5f, ROWS, C), reference(x), 1e-9);
    cr_assert_lt(difference(d, want, ROWS * C), 1e-7);
    qsc_cross_entropy(logits, logits, labels, 0.5f, ROWS, C);
    cr_assert_lt(difference(logits, want, ROWS * C), 1e-7, "in place");
    free(logits);
}

Test(loss, softmax_sums_to_one_and_survives_large_scores)
{
    float x[] = {1000, 999, -1000, 0, 0, 0}, p[6];
    qsc_softmax(p, x, 2, 3);
    cr_assert_float_eq(p[0], 1 / (1 + exp(-1)), 1e-7);
    cr_assert_float_eq(p[0] + p[1] + p[2], 1, 1e-6);
    cr_assert_float_eq(p[4], 1 / 3.0, 1e-7);
    int32_t label = 2;
    cr_assert_float_eq(qsc_cross_entropy(NULL, x, &label, 1, 1, 3), 2000 + log(1 + exp(-1)), 1e-6);
}
