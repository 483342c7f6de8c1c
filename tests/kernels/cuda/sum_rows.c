#include "support.h"

#include <quiesce/kernels/cpu/sum_rows.h>
#include <quiesce/kernels/cuda/sum_rows.h>

#include <errno.h>

TestSuite(cuda_sum_rows, .init = set_up, .fini = tear_down);

Test(cuda_sum_rows, equals_the_cpu)
{
    static const int shapes[][2] = {{0, 5}, {1, 1}, {1, 33}, {7, 100}, {128, 32}, {129, 31}, {1000, 9}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        int rows = shapes[i][0], columns = shapes[i][1];
        size_t n = (size_t)rows * (size_t)columns, width = (size_t)columns;
        float *x = numbers(n, 1, i), *want = zeros(width), *sum = room_floats(width), *d = up(x, n);
        float *scratch = room_floats(qsc_cuda_sum_rows_scratch_floats(rows, columns));
        qsc_sum_rows(want, x, rows, columns);
        cr_assert_eq(qsc_cuda_sum_rows(sum, d, rows, columns, scratch, own.stream), 0);
        cr_assert_close(sum, want, width, 2e-6);
    }
}

// x has one element: what is refused reads none.
Test(cuda_sum_rows, refuses_what_no_launch_can_have)
{
    int rows = QSC_CUDA_MAX_SUMMED_ROWS + 1;
    float *x = room_floats(1), *scratch = room_floats(qsc_cuda_sum_rows_scratch_floats(rows, 1));
    cr_assert_eq(qsc_cuda_sum_rows(x, x, 1, 0, scratch, own.stream), EINVAL);
    cr_assert_eq(qsc_cuda_sum_rows(x, x, rows, 1, scratch, own.stream), EINVAL);
    cr_assert_eq(qsc_cuda_sum_rows(x, x, 1, 1, scratch, own.stream), 0, "an error remains");
}
