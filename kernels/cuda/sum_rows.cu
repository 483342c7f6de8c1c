#include <quiesce/kernels/cuda/sum_rows.h>

#include <quiesce/kernels/cuda/reduce.cuh>

namespace
{

struct element {
    const float *x;
    int columns;

    __device__ void operator()(float *sums, int row, int column) const
    {
        sums[0] += x[qsc_element(row, column, columns)];
    }
};

} // namespace

size_t qsc_cuda_sum_rows_scratch_floats(int rows, int columns)
{
    return qsc_sum_columns_scratch<1>(rows, columns);
}

int qsc_cuda_sum_rows(float *sum, const float *x, int rows, int columns, float *scratch,
                      qsc_cuda_stream *stream)
{
    return qsc_sum_columns<1>({{sum}}, scratch, element{x, columns}, rows, columns, qsc_cuda_native(stream));
}
