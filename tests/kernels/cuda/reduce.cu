// What the kernels of this folder share, alone: on the execution shim, which sees races.
#include <criterion/criterion.h>
#include <quiesce/kernels/cuda/reduce.cuh>
#include <shim.h>

namespace
{

constexpr int THREADS = 128;

__global__ void two_sums(double *out)
{
    double thread = threadIdx.x, numbers = qsc_block_sum<THREADS>(thread),
           squares = qsc_block_sum<THREADS>(thread * thread);
    if (threadIdx.x == 0) {
        out[0] = numbers;
        out[1] = squares;
    }
}

} // namespace

Test(cuda_reduce, a_kernel_may_sum_twice)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        void *out = nullptr;
        double sums[2] = {0, 0};
        qsc_shim_begin(seed);
        cr_assert_eq(qsc_cuda_allocate(&out, sizeof sums), 0);
        QSC_LAUNCH(two_sums, 1, THREADS, 0, nullptr, static_cast<double *>(out));
        cr_assert_eq(qsc_cuda_launched(), 0);
        cr_assert_eq(qsc_cuda_download(sums, out, sizeof sums, nullptr), 0);
        cr_assert_eq(qsc_cuda_stream_synchronize(nullptr), 0);
        cr_assert_eq(sums[0], THREADS * (THREADS - 1) / 2);
        cr_assert_eq(sums[1], THREADS * (THREADS - 1) * (2 * THREADS - 1) / 6);
        qsc_cuda_free(out);
    }
}
