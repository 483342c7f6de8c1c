#include <quiesce/kernels/cuda/gelu.h>

#include <quiesce/kernels/cuda/reduce.cuh>

#include <cmath>

namespace
{

constexpr int THREADS = 256;

// The normal distribution function. By erfc, since 1 + erf cancels where x is far below zero.
__device__ inline float phi(float x)
{
    return 0.5f * erfcf(x * -0.707106781f);
}

__global__ void forward(float *out, float *sum, const float *x, const float *bias, size_t n, int columns)
{
    size_t i = static_cast<size_t>(blockIdx.x) * THREADS + threadIdx.x;
    if (i >= n)
        return;
    float s = x[i] + bias[i % static_cast<size_t>(columns)];
    if (sum)
        sum[i] = s;
    out[i] = s * phi(s);
}

// Makes the gradient of one element on the way of the bias's sum.
struct slope {
    float *dx;
    const float *dout, *sum;
    int columns;

    __device__ void operator()(float *dbias, int row, int column) const
    {
        size_t i = qsc_element(row, column, columns);
        float s = sum[i], density = 0.398942280f * expf(-0.5f * s * s); // 1 / sqrt(2 pi)
        float d = dout[i] * (phi(s) + s * density);
        dx[i] = d;
        dbias[0] += d;
    }
};

} // namespace

int qsc_cuda_bias_gelu_forward(float *out, float *sum, const float *x, const float *bias, int rows,
                               int columns, qsc_cuda_stream *stream)
{
    size_t n = static_cast<size_t>(rows) * static_cast<size_t>(columns);
    if (n == 0)
        return 0;
    QSC_LAUNCH(forward, qsc_cuda_blocks(n, THREADS), THREADS, 0, qsc_cuda_native(stream), out, sum, x, bias,
               n, columns);
    return qsc_cuda_launched();
}

size_t qsc_cuda_bias_gelu_scratch_floats(int rows, int columns)
{
    return qsc_sum_columns_scratch<1>(rows, columns);
}

int qsc_cuda_bias_gelu_backward(float *dx, float *dbias, const float *dout, const float *sum, int rows,
                                int columns, float *scratch, qsc_cuda_stream *stream)
{
    return qsc_sum_columns<1>({{dbias}}, scratch, slope{dx, dout, sum, columns}, rows, columns,
                              qsc_cuda_native(stream));
}
