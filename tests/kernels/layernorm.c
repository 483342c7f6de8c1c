#include "numbers.h"

#include <criterion/criterion.h>
#include <quiesce/kernels/layernorm.h>
#include <quiesce/kernels/random.h>

#include <string.h>

enum { ROWS = 7 };
static const int sizes[] = {1, 12, 16, 36, 64, 100, 384, 771};
static const double eps = 1e-12;

// What the kernel computes, in doubles; the loss is sum(weight * out).
static double reference(double *out, double *normal, const double *x, const double *residual,
                        const double *mask, const double *gamma, const double *beta, const double *weight,
                        int rows, int hidden)
{
    double loss = 0;
    for (int r = 0; r < rows; r++) {
        double mean = 0, variance = 0;
        double *row = malloc((size_t)hidden * sizeof *row);
        for (int i = 0; i < hidden; i++) {
            int at = r * hidden + i;
            row[i] = x[at] * mask[at] + residual[at];
            mean += row[i] / hidden;
        }
        for (int i = 0; i < hidden; i++)
            variance += (row[i] - mean) * (row[i] - mean) / hidden;
        for (int i = 0; i < hidden; i++) {
            int at = r * hidden + i;
            normal[at] = (row[i] - mean) / sqrt(variance + eps);
            out[at] = normal[at] * gamma[i] + beta[i];
            loss += out[at] * weight[at];
        }
        free(row);
    }
    return loss;
}

struct fixture {
    int hidden;
    size_t n;
    float *x, *residual, *gamma, *beta, *weight, *mask, *out, *normal, *rstd;
    double *dx, *dresidual, *dgamma, *dbeta, *dweight, *dmask, *dout, *dnormal; // the same in doubles
};

static double *doubles(const float *x, size_t n)
{
    double *d = calloc(n, sizeof *d);
    for (size_t i = 0; x && i < n; i++)
        d[i] = (double)x[i];
    return d;
}

static const struct qsc_dropout dropout = {.key = {.seed = 5, .step = 3, .site = 2}, .probability = 0.25f};

static struct fixture make(int hidden, bool drop, uint64_t first_row)
{
    struct fixture f = {.hidden = hidden, .n = (size_t)(ROWS * hidden)};
    f.x = random_floats(f.n, 2, 1);
    f.residual = random_floats(f.n, 2, 2);
    f.gamma = random_floats((size_t)hidden, 1, 3);
    f.beta = random_floats((size_t)hidden, 1, 4);
    f.weight = random_floats(f.n, 1, 5);
    f.mask = random_floats(f.n, 1, 6);
    f.out = random_floats(f.n, 1, 7);
    f.normal = random_floats(f.n, 1, 8);
    f.rstd = random_floats(ROWS, 1, 9);
    for (size_t i = 0; i < f.n; i++)
        f.mask[i] = 1;
    if (drop)
        qsc_dropout_mask(f.mask, &dropout, first_row * (uint64_t)hidden, (int)f.n);
    f.dx = doubles(f.x, f.n);
    f.dresidual = doubles(f.residual, f.n);
    f.dgamma = doubles(f.gamma, (size_t)hidden);
    f.dbeta = doubles(f.beta, (size_t)hidden);
    f.dweight = doubles(f.weight, f.n);
    f.dmask = doubles(f.mask, f.n);
    f.dout = doubles(NULL, f.n);
    f.dnormal = doubles(NULL, f.n);
    return f;
}

static void discard(struct fixture *f)
{
    void *all[] = {f->x,     f->residual, f->gamma, f->beta, f->weight,    f->mask,
                   f->out,   f->normal,   f->rstd,  f->dx,   f->dresidual, f->dgamma,
                   f->dbeta, f->dweight,  f->dmask, f->dout, f->dnormal};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static double loss(struct fixture *f)
{
    return reference(f->dout, f->dnormal, f->dx, f->dresidual, f->dmask, f->dgamma, f->dbeta, f->dweight,
                     ROWS, f->hidden);
}

// The gradient of the loss by central differences.
static double *slopes(struct fixture *f, double *variable, size_t n)
{
    double *d = malloc(n * sizeof *d), h = 1e-5;
    for (size_t i = 0; i < n; i++) {
        double was = variable[i];
        variable[i] = was + h;
        double above = loss(f);
        variable[i] = was - h;
        d[i] = (above - loss(f)) / (2 * h);
        variable[i] = was;
    }
    return d;
}

static void check_forward(int hidden, bool drop)
{
    struct fixture f = make(hidden, drop, 11);
    loss(&f);
    qsc_layernorm_forward(f.out, f.normal, f.rstd, f.x, f.residual, drop ? &dropout : NULL, 11, f.gamma,
                          f.beta, (float)eps, ROWS, hidden);
    cr_assert_lt(difference(f.out, f.dout, f.n), 2e-6, "out, hidden %d", hidden);
    cr_assert_lt(difference(f.normal, f.dnormal, f.n), 2e-6, "normal, hidden %d", hidden);
    // in place, as the model calls it
    qsc_layernorm_forward(f.x, f.x, NULL, f.x, f.residual, drop ? &dropout : NULL, 11, f.gamma, f.beta,
                          (float)eps, ROWS, hidden);
    cr_assert_eq(memcmp(f.x, f.out, f.n * sizeof(float)), 0, "in place, hidden %d", hidden);
    discard(&f);
}

Test(layernorm, forward_equals_the_definition)
{
    for (size_t i = 1; i < sizeof sizes / sizeof *sizes; i++) {
        check_forward(sizes[i], false);
        check_forward(sizes[i], true);
    }
}

static void check_backward(int hidden, bool drop, bool split)
{
    struct fixture f = make(hidden, drop, 11);
    const struct qsc_dropout *d = drop ? &dropout : NULL;
    float *half = NULL;
    qsc_layernorm_forward(f.out, f.normal, f.rstd, f.x, f.residual, d, 11, f.gamma, f.beta, (float)eps, ROWS,
                          hidden);
    double *dx = slopes(&f, f.dx, f.n), *dresidual = slopes(&f, f.dresidual, f.n);
    double *dgamma = slopes(&f, f.dgamma, (size_t)hidden), *dbeta = slopes(&f, f.dbeta, (size_t)hidden);
    if (split) {
        half = malloc(f.n * sizeof *half);
        for (size_t i = 0; i < f.n; i++)
            half[i] = f.weight[i] *= 0.5f;
    }
    float *gx = f.x, *gresidual = f.weight, *ggamma = random_floats((size_t)hidden, 9, 1),
          *gbeta = random_floats((size_t)hidden, 9, 2);
    qsc_layernorm_backward(gx, gresidual, ggamma, gbeta, f.weight, half, f.normal, f.rstd, d, 11, f.gamma,
                           ROWS, hidden);
    cr_assert_lt(difference(gx, dx, f.n), 1e-5, "dx, hidden %d: %g", hidden, difference(gx, dx, f.n));
    cr_assert_lt(difference(gresidual, dresidual, f.n), 1e-5, "dresidual, hidden %d", hidden);
    cr_assert_lt(difference(ggamma, dgamma, (size_t)hidden), 1e-5, "dgamma, hidden %d", hidden);
    cr_assert_lt(difference(gbeta, dbeta, (size_t)hidden), 1e-5, "dbeta, hidden %d", hidden);
    free(dx);
    free(dresidual);
    free(dgamma);
    free(dbeta);
    free(ggamma);
    free(gbeta);
    free(half);
    discard(&f);
}

Test(layernorm, backward_equals_finite_differences)
{
    for (size_t i = 1; i < sizeof sizes / sizeof *sizes && sizes[i] <= 100; i++) {
        check_backward(sizes[i], false, false);
        check_backward(sizes[i], true, true);
    }
}

// Statistics of a row whose mean is large beside its deviation are where a one-pass variance fails.
Test(layernorm, survives_a_large_mean)
{
    enum { H = 64 };
    float x[H], out[H], gamma[H], beta[H] = {0};
    for (int i = 0; i < H; i++) {
        x[i] = 4096 + (float)(i % 2);
        gamma[i] = 1;
    }
    qsc_layernorm_forward(out, NULL, NULL, x, NULL, NULL, 0, gamma, beta, 1e-12f, 1, H);
    for (int i = 0; i < H; i++)
        cr_assert_float_eq(out[i], i % 2 ? 1 : -1, 1e-4);
}

Test(layernorm, a_row_depends_on_itself_alone)
{
    enum { H = 36 };
    float *x = random_floats(ROWS * H, 1, 1), *gamma = random_floats(H, 1, 2), *beta = random_floats(H, 1, 3),
          all[ROWS * H], one[H];
    qsc_layernorm_forward(all, NULL, NULL, x, NULL, &dropout, 5, gamma, beta, 1e-12f, ROWS, H);
    for (int r = 0; r < ROWS; r++) {
        qsc_layernorm_forward(one, NULL, NULL, x + r * H, NULL, &dropout, 5 + (uint64_t)r, gamma, beta,
                              1e-12f, 1, H);
        cr_assert_eq(memcmp(one, all + r * H, sizeof one), 0);
    }
    free(x);
    free(gamma);
    free(beta);
}
