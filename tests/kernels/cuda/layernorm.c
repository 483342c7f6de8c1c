#include "support.h"

#include <quiesce/kernels/cuda/layernorm.h>
#include <quiesce/kernels/layernorm.h>
#include <quiesce/kernels/random.h>

#include <errno.h>
#include <stdbool.h>

TestSuite(cuda_layernorm, .init = set_up, .fini = tear_down);

static const struct qsc_dropout dropout = {.key = {.seed = 5, .step = 3, .site = 2}, .probability = 0.25f};
static const float eps = 1e-12f;

// Rows whose elements begin within a group of the generator, and at its begin; more rows than a chunk of sums
// has.
static const struct shape {
    int rows, hidden;
    uint64_t first_row;
} shapes[] = {{0, 8, 0},   {1, 1, 3},    {7, 12, 0},   {3, 100, 1000003}, {2, 128, 1},
              {5, 384, 9}, {2, 771, 17}, {131, 36, 5}, {1, 12288, 1}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void check_forward(const struct shape *s, const struct qsc_dropout *drop, bool residual)
{
    size_t rows = (size_t)s->rows, width = (size_t)s->hidden, n = rows * width;
    float *x = numbers(n, 2, 1), *other = numbers(n, 2, 2), *gamma = numbers(width, 1, 3),
          *beta = numbers(width, 1, 4), *want = zeros(n), *want_normal = zeros(n), *want_rstd = zeros(rows);
    float *out = room_floats(n), *normal = room_floats(n), *rstd = room_floats(rows), *dx = up(x, n),
          *dother = residual ? up(other, n) : NULL, *dgamma = up(gamma, width), *dbeta = up(beta, width);
    qsc_layernorm_forward(want, want_normal, want_rstd, x, residual ? other : NULL, drop, s->first_row, gamma,
                          beta, eps, s->rows, s->hidden);
    cr_assert_eq(qsc_cuda_layernorm_forward(out, normal, rstd, dx, dother, drop, s->first_row, dgamma, dbeta,
                                            eps, s->rows, s->hidden, own.stream),
                 0);
    cr_assert_close(out, want, n, 2e-6);
    cr_assert_close(normal, want_normal, n, 2e-6);
    cr_assert_close(rstd, want_rstd, rows, 2e-6);
    // normal in the place of x, as training does it; nothing kept, in place, as inference does it
    float *again = up(x, n);
    cr_assert_eq(qsc_cuda_layernorm_forward(out, again, rstd, again, dother, drop, s->first_row, dgamma,
                                            dbeta, eps, s->rows, s->hidden, own.stream),
                 0);
    cr_assert_same_bits(again, down(normal, n), n);
    cr_assert_eq(qsc_cuda_layernorm_forward(dx, NULL, NULL, dx, dother, drop, s->first_row, dgamma, dbeta,
                                            eps, s->rows, s->hidden, own.stream),
                 0);
    cr_assert_same_bits(dx, down(out, n), n);
}

Test(cuda_layernorm, forward_equals_the_cpu)
{
    for (size_t i = 0; i < SHAPES; i++) {
        check_forward(&shapes[i], NULL, true);
        begin_anew();
        check_forward(&shapes[i], &dropout, true);
        begin_anew();
        check_forward(&shapes[i], &dropout, false);
        begin_anew();
    }
}

static void check_backward(const struct shape *s, const struct qsc_dropout *drop, bool branch)
{
    size_t rows = (size_t)s->rows, width = (size_t)s->hidden, n = rows * width;
    float *a = numbers(n, 1, 1), *b = numbers(n, 1, 2), *normal = numbers(n, 2, 3),
          *rstd = numbers(rows, 1, 4), *gamma = numbers(width, 1, 5), *want_x = zeros(n),
          *want_residual = zeros(n), *want_gamma = zeros(width), *want_beta = zeros(width);
    float *da = up(a, n), *db = branch ? up(b, n) : NULL, *dnormal = up(normal, n), *drstd = up(rstd, rows),
          *dgamma_in = up(gamma, width), *dx = room_floats(n), *dresidual = room_floats(n),
          *dgamma = room_floats(width), *dbeta = room_floats(width),
          *scratch = room_floats(qsc_cuda_layernorm_scratch_floats(s->rows, s->hidden));
    qsc_layernorm_backward(want_x, want_residual, want_gamma, want_beta, a, branch ? b : NULL, normal, rstd,
                           drop, s->first_row, gamma, s->rows, s->hidden);
    cr_assert_eq(qsc_cuda_layernorm_backward(dx, dresidual, dgamma, dbeta, da, db, dnormal, drstd, drop,
                                             s->first_row, dgamma_in, s->rows, s->hidden, scratch,
                                             own.stream),
                 0);
    cr_assert_close(dx, want_x, n, 3e-6);
    cr_assert_close(dresidual, want_residual, n, 3e-6);
    cr_assert_close(dgamma, want_gamma, width, 3e-6);
    cr_assert_close(dbeta, want_beta, width, 3e-6);
    // in the places of its inputs, without the gradients of the parameters: the same bits
    cr_assert_eq(qsc_cuda_layernorm_backward(db, da, NULL, NULL, da, db, dnormal, drstd, drop, s->first_row,
                                             dgamma_in, s->rows, s->hidden, NULL, own.stream),
                 0);
    cr_assert_same_bits(da, down(dresidual, n), n);
    if (db)
        cr_assert_same_bits(db, down(dx, n), n);
}

Test(cuda_layernorm, backward_equals_the_cpu)
{
    for (size_t i = 0; i < SHAPES; i++) {
        check_backward(&shapes[i], NULL, true);
        begin_anew();
        check_backward(&shapes[i], &dropout, false);
        begin_anew();
        check_backward(&shapes[i], &dropout, true);
        begin_anew();
    }
}

Test(cuda_layernorm, refuses_rows_that_do_not_fit_a_block)
{
    float *x = room_floats(1);
    int wide = QSC_CUDA_LAYERNORM_MAX_HIDDEN + 1;
    cr_assert_eq(qsc_cuda_layernorm_forward(x, x, x, x, x, NULL, 0, x, x, eps, 1, wide, own.stream), EINVAL);
    cr_assert_eq(qsc_cuda_layernorm_backward(x, x, x, x, x, x, x, x, NULL, 0, x, 1, wide, x, own.stream),
                 EINVAL);
    cr_assert_eq(qsc_cuda_layernorm_forward(x, x, x, x, x, NULL, 0, x, x, eps, 1, 0, own.stream), EINVAL);
}
