#include "numbers.h"

#include <criterion/criterion.h>
#include <quiesce/kernels/optimizer.h>

#include <stdbool.h>
#include <string.h>

enum { N = 1003, STEPS = 20 };

Test(optimizer, adamw_follows_its_formula)
{
    float *p = random_floats(N, 1, 1), *m = calloc(N, sizeof *m), *v = calloc(N, sizeof *v);
    double p64[N], m64[N] = {0}, v64[N] = {0};
    for (int i = 0; i < N; i++)
        p64[i] = (double)p[i];
    struct qsc_adamw a = {
        .learning_rate = 1e-2, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.1};
    for (a.step = 1; a.step <= STEPS; a.step++) {
        float *g = random_floats(N, 3, a.step + 1);
        a.learning_rate *= 0.95;
        a.gradient_scale = 1 / (double)a.step;
        g[5] = 0; // an element without a gradient still decays
        qsc_adamw_step(p, m, v, g, N, &a);
        for (int i = 0; i < N; i++) {
            double gradient = (double)g[i] * a.gradient_scale;
            m64[i] = a.beta1 * m64[i] + (1 - a.beta1) * gradient;
            v64[i] = a.beta2 * v64[i] + (1 - a.beta2) * gradient * gradient;
            double m_hat = m64[i] / (1 - pow(a.beta1, (double)a.step));
            double v_hat = v64[i] / (1 - pow(a.beta2, (double)a.step));
            p64[i] -= a.learning_rate * a.weight_decay * p64[i];
            p64[i] -= a.learning_rate * m_hat / (sqrt(v_hat) + a.epsilon);
        }
        free(g);
    }
    cr_assert_lt(difference(m, m64, N), 1e-6);
    cr_assert_lt(difference(v, v64, N), 1e-6);
    cr_assert_lt(difference(p, p64, N), 2e-6);
    free(p), free(m), free(v);
}

static void sgd_follows_its_formula(double momentum, bool buffer)
{
    float *p = random_floats(N, 1, 1), *velocity = buffer ? calloc(N, sizeof *velocity) : NULL;
    double p64[N], velocity64[N] = {0};
    for (int i = 0; i < N; i++)
        p64[i] = (double)p[i];
    struct qsc_sgd s = {
        .learning_rate = 0.05, .momentum = momentum, .weight_decay = 0.01, .gradient_scale = 0.5};
    for (int step = 1; step <= STEPS; step++) {
        float *g = random_floats(N, 3, (uint64_t)step + 1);
        qsc_sgd_step(p, velocity, g, N, &s);
        for (int i = 0; i < N; i++) {
            velocity64[i] =
                momentum * velocity64[i] + (double)g[i] * s.gradient_scale + s.weight_decay * p64[i];
            p64[i] -= s.learning_rate * velocity64[i];
        }
        free(g);
    }
    cr_assert_lt(difference(p, p64, N), 2e-6);
    free(p), free(velocity);
}

Test(optimizer, sgd_follows_its_formula)
{
    sgd_follows_its_formula(0, false);
    sgd_follows_its_formula(0, true);
    sgd_follows_its_formula(0.9, true);
}

// The whole range at once, and cut anywhere.
Test(optimizer, any_split_gives_the_same_bits)
{
    float *start = random_floats(N, 1, 1), *gradient = random_floats(N, 1, 2);
    struct qsc_adamw a = {1e-3, 0.9, 0.999, 1e-8, 0.01, 3, 0.7};
    struct qsc_sgd s = {1e-3, 0.9, 0.01, 0.7};
    float whole[3][N], cut[3][N], sgd_whole[2][N], sgd_cut[2][N];
    for (size_t at = 0; at <= N; at += 7) {
        for (int i = 0; i < 3; i++) {
            memcpy(whole[i], start, sizeof whole[i]);
            memcpy(cut[i], start, sizeof cut[i]);
        }
        for (int i = 0; i < N; i++)
            whole[2][i] = cut[2][i] = fabsf(start[i]);
        memcpy(sgd_whole, whole, sizeof sgd_whole);
        memcpy(sgd_cut, whole, sizeof sgd_cut);
        qsc_adamw_step(whole[0], whole[1], whole[2], gradient, N, &a);
        qsc_adamw_step(cut[0], cut[1], cut[2], gradient, at, &a);
        qsc_adamw_step(cut[0] + at, cut[1] + at, cut[2] + at, gradient + at, N - at, &a);
        cr_assert_eq(memcmp(whole, cut, sizeof whole), 0, "AdamW cut at %zu", at);
        qsc_sgd_step(sgd_whole[0], sgd_whole[1], gradient, N, &s);
        qsc_sgd_step(sgd_cut[0], sgd_cut[1], gradient, at, &s);
        qsc_sgd_step(sgd_cut[0] + at, sgd_cut[1] + at, gradient + at, N - at, &s);
        cr_assert_eq(memcmp(sgd_whole, sgd_cut, sizeof sgd_whole), 0, "SGD cut at %zu", at);
    }
    free(start), free(gradient);
}

Test(optimizer, squares_are_summed_in_double_by_blocks)
{
    enum { FLOATS = 3 * QSC_SQUARES_BLOCK + 77 };
    float *x = random_floats(FLOATS, 100, 5);
    double sums[4], other[4];
    qsc_squares(sums, x, FLOATS);
    for (size_t b = 0; b < 4; b++) {
        double want = 0;
        for (size_t i = b * QSC_SQUARES_BLOCK; i < FLOATS && i < (b + 1) * QSC_SQUARES_BLOCK; i++)
            want += (double)x[i] * (double)x[i];
        cr_assert_float_eq(sums[b] / want, 1, 1e-13);
    }
    qsc_squares(other, x, 2 * QSC_SQUARES_BLOCK);
    qsc_squares(other + 2, x + 2 * QSC_SQUARES_BLOCK, FLOATS - 2 * QSC_SQUARES_BLOCK);
    cr_assert_eq(memcmp(sums, other, sizeof sums), 0);
    free(x);
}

Test(optimizer, not_a_number_in_a_gradient_is_not_hidden)
{
    float p[3] = {1, 1, 1}, m[3] = {0}, v[3] = {0}, g[3] = {1, NAN, 1};
    double sum;
    qsc_adamw_step(p, m, v, g, 3, &(struct qsc_adamw){1e-3, 0.9, 0.999, 1e-8, 0, 1, 1});
    cr_assert(!isnan(p[0]) && isnan(p[1]) && !isnan(p[2]));
    qsc_squares(&sum, g, 3);
    cr_assert(isnan(sum));
}
