#include "support.h"

#include <quiesce/kernels/cuda/optimizer.h>

TestSuite(cuda_optimizer, .init = set_up, .fini = tear_down);

static const size_t sizes[] = {1, 255, QSC_SQUARES_BLOCK, 3 * QSC_SQUARES_BLOCK + 17};
enum { SIZES = sizeof sizes / sizeof *sizes };
static const struct qsc_cuda_clip no_clip = {NULL, 0};

static double norm_of(const float *x, size_t n)
{
    double sums[8] = {0}, sum = 0;
    qsc_squares(sums, x, n);
    for (size_t i = 0; i < 8; i++)
        sum += sums[i];
    return sqrt(sum);
}

static double *device_norm(const float *gradient, size_t n)
{
    double *norm = room(sizeof *norm), *scratch = room(qsc_cuda_norm_scratch_doubles(n) * sizeof *scratch);
    cr_assert_eq(qsc_cuda_norm(norm, gradient, n, scratch, own.stream), 0);
    return norm;
}

Test(cuda_optimizer, norm_equals_the_cpu)
{
    for (size_t i = 0; i < SIZES; i++) {
        float *x = numbers(sizes[i], 1, i), *d = up(x, sizes[i]);
        double want = norm_of(x, sizes[i]), *got = down_bytes(device_norm(d, sizes[i]), sizeof *got);
        cr_assert_float_eq(*got, want, 1e-13 * want);
    }
    cr_assert_eq(*(double *)down_bytes(device_norm(NULL, 0), sizeof(double)), 0);
}

// Five steps; the clip factor as training_update.c has it.
static void check_adamw(size_t n, double highest)
{
    float *p = numbers(n, 1, 1), *m = zeros(n), *v = zeros(n);
    float *dp = up(p, n), *dm = up(m, n), *dv = up(v, n);
    struct qsc_adamw adamw = {
        .learning_rate = 1e-2, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01};
    for (adamw.step = 1; adamw.step <= 5; adamw.step++) {
        float *g = numbers(n, 1, adamw.step + 10), *dg = up(g, n);
        struct qsc_cuda_clip clip = {.norm = highest > 0 ? device_norm(dg, n) : NULL, .highest = highest};
        adamw.gradient_scale = highest > 0 ? fmin(1, highest / (norm_of(g, n) + 1e-6)) : 1;
        qsc_adamw_step(p, m, v, g, n, &adamw);
        adamw.gradient_scale = 1;
        cr_assert_eq(qsc_cuda_adamw_step(dp, dm, dv, dg, n, &adamw, &clip, own.stream), 0);
    }
    cr_assert_close(dp, p, n, 1e-6);
    cr_assert_close(dm, m, n, 1e-6);
    cr_assert_close(dv, v, n, 1e-6);
}

Test(cuda_optimizer, adamw_equals_the_cpu)
{
    for (size_t i = 0; i < SIZES; i++) {
        check_adamw(sizes[i], 0);
        check_adamw(sizes[i], 0.5);  // clips
        check_adamw(sizes[i], 1000); // does not
        begin_anew();
    }
    cr_assert_eq(
        qsc_cuda_adamw_step(NULL, NULL, NULL, NULL, 0, &(struct qsc_adamw){.step = 1}, &no_clip, own.stream),
        0);
}

// Gradients of this size.
static void check_sgd(size_t n, double size, double momentum, double highest)
{
    float *p = numbers(n, 1, 1), *velocity = momentum > 0 ? zeros(n) : NULL;
    float *dp = up(p, n), *dvelocity = velocity ? up(velocity, n) : NULL;
    struct qsc_sgd sgd = {.learning_rate = 0.1 / size, .momentum = momentum, .weight_decay = 0.01 * size};
    for (uint64_t step = 1; step <= 3; step++) {
        float *g = numbers(n, size, step + 10), *dg = up(g, n);
        struct qsc_cuda_clip clip = {.norm = highest > 0 ? device_norm(dg, n) : NULL, .highest = highest};
        sgd.gradient_scale = highest > 0 ? fmin(1, highest / (norm_of(g, n) + 1e-6)) : 1;
        qsc_sgd_step(p, velocity, g, n, &sgd);
        sgd.gradient_scale = 1;
        cr_assert_eq(qsc_cuda_sgd_step(dp, dvelocity, dg, n, &sgd, &clip, own.stream), 0);
    }
    cr_assert_close(dp, p, n, 1e-6);
    if (velocity)
        cr_assert_close(dvelocity, velocity, n, 1e-6);
}

Test(cuda_optimizer, sgd_equals_the_cpu)
{
    for (size_t i = 0; i < SIZES; i++) {
        check_sgd(sizes[i], 1, 0, 0);
        check_sgd(sizes[i], 1, 0.9, 0.5);
        check_sgd(sizes[i], 1e-6, 0, 5e-7); // so small that what is added to the norm counts
        begin_anew();
    }
}

Test(cuda_optimizer, not_a_number_in_a_gradient_is_not_hidden)
{
    float p[3] = {1, 1, 1}, zero[3] = {0}, g[3] = {1, NAN, 1};
    float *dp = up(p, 3), *dm = up(zero, 3), *dv = up(zero, 3), *dg = up(g, 3);
    cr_assert_eq(qsc_cuda_adamw_step(dp, dm, dv, dg, 3, &(struct qsc_adamw){1e-3, 0.9, 0.999, 1e-8, 0, 1, 1},
                                     &no_clip, own.stream),
                 0);
    const float *got = down(dp, 3);
    cr_assert(!isnan(got[0]) && isnan(got[1]) && !isnan(got[2]));
    cr_assert(isnan(*(double *)down_bytes(device_norm(dg, 3), sizeof(double))));
}
