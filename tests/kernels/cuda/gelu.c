#include "support.h"

#include <quiesce/kernels/cpu/sum_rows.h>
#include <quiesce/kernels/cuda/gelu.h>
#include <quiesce/kernels/gelu.h>

TestSuite(cuda_gelu, .init = set_up, .fini = tear_down);

static const int shapes[][2] = {{0, 5}, {1, 1}, {7, 33}, {257, 70}, {3, 1536}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

// x + bias, over the whole range in which the function is not a straight line.
static float *biased(const float *x, const float *bias, int rows, int columns)
{
    float *sum = zeros((size_t)rows * (size_t)columns);
    for (int i = 0; i < rows * columns; i++)
        sum[i] = x[i] + bias[i % columns];
    return sum;
}

Test(cuda_gelu, forward_adds_the_bias_first)
{
    for (size_t i = 0; i < SHAPES; i++) {
        int rows = shapes[i][0], columns = shapes[i][1];
        size_t n = (size_t)rows * (size_t)columns, width = (size_t)columns;
        float *x = numbers(n, 7, i), *bias = numbers(width, 1, 9), *want = zeros(n), *dx = up(x, n),
              *dbias = up(bias, width), *out = room_floats(n), *sum = room_floats(n);
        float *before = biased(x, bias, rows, columns);
        qsc_gelu_forward(want, before, n);
        cr_assert_eq(qsc_cuda_bias_gelu_forward(out, sum, dx, dbias, rows, columns, own.stream), 0);
        cr_assert_same_bits(sum, before, n);
        cr_assert_close(out, want, n, 1e-6);
        // in place, as inference does it
        cr_assert_eq(qsc_cuda_bias_gelu_forward(dx, NULL, dx, dbias, rows, columns, own.stream), 0);
        cr_assert_same_bits(dx, down(out, n), n);
    }
}

Test(cuda_gelu, backward_sums_up_the_gradient_of_the_bias)
{
    for (size_t i = 0; i < SHAPES; i++) {
        int rows = shapes[i][0], columns = shapes[i][1];
        size_t n = (size_t)rows * (size_t)columns, width = (size_t)columns;
        float *sum = numbers(n, 7, i), *dout = numbers(n, 1, 8), *want = zeros(n), *want_bias = zeros(width),
              *dsum = up(sum, n), *ddout = up(dout, n), *dbias = room_floats(width),
              *scratch = room_floats(qsc_cuda_bias_gelu_scratch_floats(rows, columns));
        qsc_gelu_backward(want, dout, sum, n);
        qsc_sum_rows(want_bias, want, rows, columns);
        cr_assert_eq(
            qsc_cuda_bias_gelu_backward(ddout, dbias, ddout, dsum, rows, columns, scratch, own.stream), 0);
        cr_assert_close(ddout, want, n, 1e-6);
        cr_assert_close(dbias, want_bias, width, 2e-6);
    }
}

Test(cuda_gelu, is_right_far_from_zero_and_hides_no_nan)
{
    float x[] = {-100, -40, -13, 13, 40, 100, NAN, 0}, bias[8] = {0}, want[8];
    float *out = up(x, 8), *d = up(bias, 8);
    qsc_gelu_forward(want, x, 6);
    cr_assert_eq(qsc_cuda_bias_gelu_forward(out, NULL, out, d, 1, 8, own.stream), 0);
    cr_assert_close(out, want, 6, 1e-7);
    cr_assert(isnan(down(out, 8)[6]));
    cr_assert_eq(down(out, 8)[7], 0);
}
