#include "support.h"

#include <quiesce/kernels/cuda/loss.h>
#include <quiesce/kernels/loss.h>

TestSuite(cuda_loss, .init = set_up, .fini = tear_down);

static const int shapes[][2] = {{0, 3}, {1, 1}, {1, 2}, {300, 9}, {1000, 33}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

Test(cuda_loss, softmax_equals_the_cpu)
{
    for (size_t i = 0; i < SHAPES; i++) {
        size_t n = (size_t)(shapes[i][0] * shapes[i][1]);
        float *x = numbers(n, 20, i), *want = zeros(n), *d = up(x, n);
        qsc_softmax(want, x, shapes[i][0], shapes[i][1]);
        cr_assert_eq(qsc_cuda_softmax(d, d, shapes[i][0], shapes[i][1], own.stream), 0);
        cr_assert_close(d, want, n, 1e-7);
    }
}

Test(cuda_loss, cross_entropy_equals_the_cpu)
{
    for (size_t i = 0; i < SHAPES; i++) {
        int rows = shapes[i][0], classes = shapes[i][1];
        size_t n = (size_t)(rows * classes);
        float *x = numbers(n, 20, i), *want = zeros(n), *d = up(x, n), *dlogits = room_floats(n);
        double nothing = NAN, *loss = up_bytes(&nothing, sizeof nothing);
        int32_t *labels = keep_on_host(calloc((size_t)rows + 1, sizeof *labels));
        for (int r = 0; r < rows; r++)
            labels[r] = r % 3 == 1 ? QSC_NO_LABEL : r * 31 % classes;
        int32_t *dlabels = up_integers(labels, (size_t)rows);
        double sum = qsc_cross_entropy(want, x, labels, 0.125f, rows, classes);
        cr_assert_eq(qsc_cuda_cross_entropy(loss, dlogits, d, dlabels, 0.125f, rows, classes, own.stream), 0);
        double *got = down_bytes(loss, sizeof *got);
        cr_assert_float_eq(*got, sum, 1e-12 * fmax(sum, 1));
        cr_assert_close(dlogits, want, n, 1e-7);
        // the loss alone; then in place
        cr_assert_eq(qsc_cuda_cross_entropy(loss, NULL, d, dlabels, 1, rows, classes, own.stream), 0);
        cr_assert_eq(*(double *)down_bytes(loss, sizeof *got), *got);
        cr_assert_eq(qsc_cuda_cross_entropy(loss, d, d, dlabels, 0.125f, rows, classes, own.stream), 0);
        cr_assert_same_bits(d, down(dlogits, n), n);
    }
}
