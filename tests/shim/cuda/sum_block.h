/* A kernel right, and with one of its barriers missing. */
#ifndef QSC_SHIM_CUDA_SUM_BLOCK_H
#define QSC_SHIM_CUDA_SUM_BLOCK_H

#include "support.h"

enum class bug { none, first_barrier, last_barrier };

/* The sum of a block's values, in shared memory. */
template <bug planted> __global__ void sum_block(int *out, const int *in)
{
    QSC_DYNAMIC_SHARED(int, sums);
    unsigned own = threadIdx.x;
    sums[own] = in[blockIdx.x * blockDim.x + own];
    if (planted != bug::first_barrier)
        __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (own < half)
            sums[own] += sums[own + half];
        if (planted != bug::last_barrier || half > 1)
            __syncthreads();
    }
    if (own == (planted == bug::last_barrier ? 1u : 0u))
        out[blockIdx.x] = sums[0];
}

/* What is found in it; without a bug its sums are right. */
template <bug planted> std::string finding_of_sum(uint64_t seed)
{
    enum { BLOCKS = 3, THREADS = 64 };
    begin_collecting(seed);
    std::vector<int> in(BLOCKS * THREADS);
    for (size_t i = 0; i < in.size(); i++)
        in[i] = static_cast<int>(i);
    device_array<int> to{std::vector<int>(BLOCKS)}, from{in};
    QSC_LAUNCH(sum_block<planted>, BLOCKS, THREADS, THREADS * sizeof(int), nullptr, to.data, from.data);
    std::string found = first_finding();
    if (planted == bug::none)
        for (int b = 0; b < BLOCKS; b++)
            cr_assert(to.get()[static_cast<size_t>(b)] ==
                      THREADS * THREADS * b + THREADS * (THREADS - 1) / 2);
    return found;
}

#endif
