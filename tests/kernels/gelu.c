#include <criterion/criterion.h>
#include <quiesce/kernels/gelu.h>

#include <math.h>
#include <stdlib.h>

static double exact(double x)
{
    return 0.5 * x * erfc(-x / sqrt(2));
}

static double slope(double x)
{
    return 0.5 * erfc(-x / sqrt(2)) + x * exp(-0.5 * x * x) / sqrt(2 * M_PI);
}

Test(gelu, equals_the_exact_form_everywhere)
{
    enum { N = 400003 }; // no multiple of a vector
    float *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y), *dx = malloc(N * sizeof *dx),
          *one = malloc(N * sizeof *one);
    for (int i = 0; i < N; i++) {
        x[i] = (float)(-20 + 40.0 * i / (N - 1));
        one[i] = 1;
    }
    qsc_gelu_forward(y, x, N);
    qsc_gelu_backward(dx, one, x, N);
    double worst = 0, worst_slope = 0, worst_share = 0;
    for (int i = 0; i < N; i++) {
        double size = fmax(1, fabs((double)x[i])), want = exact((double)x[i]);
        worst = fmax(worst, fabs((double)y[i] - want) / size);
        worst_slope = fmax(worst_slope, fabs((double)dx[i] - slope((double)x[i])) / size);
        if (x[i] > -5 && x[i] != 0)
            worst_share = fmax(worst_share, fabs((double)y[i] - want) / fabs(want));
    }
    cr_assert_lt(worst, 3e-7, "forward %g", worst);
    cr_assert_lt(worst_slope, 5e-7, "backward %g", worst_slope);
    cr_assert_lt(worst_share, 2e-6, "relative, in the far tail too: %g", worst_share);
    free(x);
    free(y);
    free(dx);
    free(one);
}

Test(gelu, keeps_what_is_not_a_number_and_the_limits)
{
    float x[] = {NAN, INFINITY, -INFINITY, 0, 1e30f, -1e30f, 1e-30f}, y[7];
    qsc_gelu_forward(y, x, 7);
    cr_assert(isnan(y[0]));
    cr_assert_eq(y[1], INFINITY);
    cr_assert(fabsf(y[2]) < 1e-30f && fabsf(y[5]) < 1e-30f);
    cr_assert(y[3] == 0 && y[4] == 1e30f);
    cr_assert_float_eq(y[6], 5e-31f, 1e-36f);
}

Test(gelu, works_in_place_and_on_any_length)
{
    for (size_t n = 0; n < 40; n++) {
        float x[40], y[41], dy[41];
        for (size_t i = 0; i < 40; i++)
            x[i] = y[i] = (float)i / 8 - 2, dy[i] = 2;
        y[n] = dy[n] = 77; // must not be touched
        qsc_gelu_backward(dy, dy, x, n);
        qsc_gelu_forward(y, y, n);
        cr_assert(y[n] == 77 && dy[n] == 77);
        for (size_t i = 0; i < n; i++) {
            cr_assert_float_eq(y[i], exact((double)x[i]), 1e-6);
            cr_assert_float_eq(dy[i], 2 * slope((double)x[i]), 2e-6);
        }
    }
}
