#include <quiesce/kernels/cuda/optimizer.h>

#include <quiesce/kernels/adamw_factors.h>
#include <quiesce/kernels/cuda/reduce.cuh>

#include <cmath>

namespace
{

constexpr int THREADS = 256;

// sums[b] = the sum of squares of block b of QSC_SQUARES_BLOCK floats.
__global__ void squares(double *sums, const float *x, size_t n)
{
    size_t first = static_cast<size_t>(blockIdx.x) * QSC_SQUARES_BLOCK, end = first + QSC_SQUARES_BLOCK;
    double own = 0;
    for (size_t i = first + threadIdx.x; i < end && i < n; i += THREADS)
        own += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    double sum = qsc_block_sum<THREADS>(own);
    if (threadIdx.x == 0)
        sums[blockIdx.x] = sum;
}

__global__ void root_of_sum(double *norm, const double *sums, size_t n)
{
    double own = 0;
    for (size_t i = threadIdx.x; i < n; i += THREADS)
        own += sums[i];
    double sum = qsc_block_sum<THREADS>(own);
    if (threadIdx.x == 0)
        *norm = sqrt(sum);
}

// By how much the gradient is scaled down; the division once a block.
__device__ float clip_factor(const qsc_cuda_clip &clip)
{
    QSC_SHARED(float, factor, );
    if (threadIdx.x == 0)
        factor = clip.norm ? static_cast<float>(fmin(1.0, clip.highest / (*clip.norm + 1e-6))) : 1.0f;
    __syncthreads();
    return factor;
}

__device__ inline size_t place()
{
    return static_cast<size_t>(blockIdx.x) * THREADS + threadIdx.x;
}

__global__ void adamw_step(float *params, float *m, float *v, const float *gradient, size_t n,
                           qsc_adamw_factors k, qsc_cuda_clip clip)
{
    float clipped = clip_factor(clip);
    size_t i = place();
    if (i >= n)
        return;
    float g = gradient[i] * (k.scale * clipped);
    float first = m[i] * k.beta1 + g * k.rest1;
    float second = v[i] * k.beta2 + g * g * k.rest2;
    m[i] = first;
    v[i] = second;
    params[i] = params[i] * k.decay - k.step_size * first / (sqrtf(second) * k.deviation + k.epsilon);
}

__global__ void sgd_step(float *params, float *velocity, const float *gradient, size_t n, float scale,
                         float momentum, float learning_rate, float decay, qsc_cuda_clip clip)
{
    float clipped = clip_factor(clip);
    size_t i = place();
    if (i >= n)
        return;
    float g = gradient[i] * (scale * clipped) + params[i] * decay;
    if (velocity)
        velocity[i] = g += velocity[i] * momentum;
    params[i] -= g * learning_rate;
}

size_t square_blocks(size_t n)
{
    return (n + QSC_SQUARES_BLOCK - 1) / QSC_SQUARES_BLOCK;
}

} // namespace

size_t qsc_cuda_norm_scratch_doubles(size_t n)
{
    return square_blocks(n);
}

int qsc_cuda_norm(double *norm, const float *x, size_t n, double *scratch, qsc_cuda_stream *stream)
{
    size_t blocks = square_blocks(n);
    if (blocks > 0)
        QSC_LAUNCH(squares, static_cast<unsigned>(blocks), THREADS, 0, qsc_cuda_native(stream), scratch, x,
                   n);
    QSC_LAUNCH(root_of_sum, 1, THREADS, 0, qsc_cuda_native(stream), norm, scratch, blocks);
    return qsc_cuda_launched();
}

int qsc_cuda_adamw_step(float *params, float *m, float *v, const float *gradient, size_t n,
                        const struct qsc_adamw *adamw, const struct qsc_cuda_clip *clip,
                        qsc_cuda_stream *stream)
{
    if (n == 0)
        return 0;
    QSC_LAUNCH(adamw_step, qsc_cuda_blocks(n, THREADS), THREADS, 0, qsc_cuda_native(stream), params, m, v,
               gradient, n, qsc_adamw_factors_of(adamw), *clip);
    return qsc_cuda_launched();
}

int qsc_cuda_sgd_step(float *params, float *velocity, const float *gradient, size_t n,
                      const struct qsc_sgd *sgd, const struct qsc_cuda_clip *clip, qsc_cuda_stream *stream)
{
    if (n == 0)
        return 0;
    QSC_LAUNCH(sgd_step, qsc_cuda_blocks(n, THREADS), THREADS, 0, qsc_cuda_native(stream), params, velocity,
               gradient, n, static_cast<float>(sgd->gradient_scale), static_cast<float>(sgd->momentum),
               static_cast<float>(sgd->learning_rate), static_cast<float>(sgd->weight_decay), *clip);
    return qsc_cuda_launched();
}
