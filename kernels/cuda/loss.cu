#include <quiesce/kernels/cuda/loss.h>

#include <quiesce/kernels/cuda/reduce.cuh>
#include <quiesce/kernels/loss.h>

#include <cmath>

namespace
{

// Few classes: a thread has a row.
constexpr int THREADS = 256;

// log(sum(exp(x)))
__device__ double log_sum_exp(const float *x, int n)
{
    float highest = x[0];
    for (int i = 1; i < n; i++)
        highest = x[i] > highest ? x[i] : highest;
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += exp(static_cast<double>(x[i]) - static_cast<double>(highest));
    return static_cast<double>(highest) + log(sum);
}

__global__ void softmax(float *probabilities, const float *logits, int rows, int classes)
{
    int row = static_cast<int>(blockIdx.x) * THREADS + static_cast<int>(threadIdx.x);
    if (row >= rows)
        return;
    size_t at = qsc_element(row, 0, classes);
    double lse = log_sum_exp(logits + at, classes);
    for (int i = 0; i < classes; i++)
        probabilities[at + static_cast<size_t>(i)] =
            static_cast<float>(exp(static_cast<double>(logits[at + static_cast<size_t>(i)]) - lse));
}

// The loss of one row.
__device__ double row_loss(float *d, const float *x, int32_t label, float scale, int classes)
{
    if (label == QSC_NO_LABEL) {
        for (int i = 0; d && i < classes; i++)
            d[i] = 0;
        return 0;
    }
    double lse = log_sum_exp(x, classes), loss = lse - static_cast<double>(x[label]);
    for (int i = 0; d && i < classes; i++)
        d[i] = static_cast<float>(static_cast<double>(scale) *
                                  (exp(static_cast<double>(x[i]) - lse) - (i == label)));
    return loss;
}

// One block, so that the sum needs no second launch: the rows of a step are few beside what its products
// take.
__global__ void cross_entropy(double *loss, float *dlogits, const float *logits, const int32_t *labels,
                              float scale, int rows, int classes)
{
    double own = 0;
    for (int row = static_cast<int>(threadIdx.x); row < rows; row += THREADS) {
        size_t at = qsc_element(row, 0, classes);
        own += row_loss(dlogits ? dlogits + at : nullptr, logits + at, labels[row], scale, classes);
    }
    double sum = qsc_block_sum<THREADS>(own);
    if (threadIdx.x == 0)
        *loss = sum;
}

} // namespace

int qsc_cuda_softmax(float *probabilities, const float *logits, int rows, int classes,
                     qsc_cuda_stream *stream)
{
    if (rows == 0)
        return 0;
    QSC_LAUNCH(softmax, qsc_cuda_blocks(static_cast<size_t>(rows), THREADS), THREADS, 0,
               qsc_cuda_native(stream), probabilities, logits, rows, classes);
    return qsc_cuda_launched();
}

int qsc_cuda_cross_entropy(double *loss, float *dlogits, const float *logits, const int32_t *labels,
                           float scale, int rows, int classes, qsc_cuda_stream *stream)
{
    QSC_LAUNCH(cross_entropy, 1, THREADS, 0, qsc_cuda_native(stream), loss, dlogits, logits, labels, scale,
               rows, classes);
    return qsc_cuda_launched();
}
