#include <quiesce/kernels/cuda/dropout.h>

#include <quiesce/kernels/cuda/random.cuh>
#include <quiesce/kernels/cuda/status.cuh>

namespace
{

constexpr int THREADS = 256;

// A thread has one counter: eight elements, sixteen apart. skip: the elements of the first group before x.
__global__ void multiply(float *x, qsc_device_dropout dropout, uint64_t first_group, size_t skip, size_t n)
{
    size_t thread = static_cast<size_t>(blockIdx.x) * THREADS + threadIdx.x;
    size_t group = thread / QSC_COUNTERS, counter = thread % QSC_COUNTERS;
    if (group * QSC_GROUP >= skip + n)
        return;
    float factors[QSC_HALVES];
    qsc_dropout_factors(factors, dropout, first_group + group, static_cast<uint32_t>(counter));
    for (int j = 0; j < QSC_HALVES; j++) {
        size_t element = group * QSC_GROUP + static_cast<size_t>(j) * QSC_COUNTERS + counter;
        if (element >= skip && element - skip < n)
            x[element - skip] *= factors[j];
    }
}

} // namespace

int qsc_cuda_dropout(float *x, const struct qsc_dropout *dropout, uint64_t first, size_t n,
                     qsc_cuda_stream *stream)
{
    if (n == 0)
        return 0;
    size_t skip = static_cast<size_t>(first % QSC_GROUP), groups = (skip + n + QSC_GROUP - 1) / QSC_GROUP;
    QSC_LAUNCH(multiply, qsc_cuda_blocks(groups * QSC_COUNTERS, THREADS), THREADS, 0, qsc_cuda_native(stream),
               x, qsc_to_device(dropout), first / QSC_GROUP, skip, n);
    return qsc_cuda_launched();
}
