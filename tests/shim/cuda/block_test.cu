// Kernels right and wrong: what they compute, and what is found of those that cannot go on.
#include "sum_block.h"

#include <cuda_bf16.h>

#include <cmath>

Test(block, right_sum_is_right)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        cr_assert(finding_of_sum<bug::none>(seed) == "");
}

namespace
{

__global__ void diverge()
{
    if (threadIdx.x < 40)
        __syncthreads();
    else
        __syncthreads();
}

__global__ void leave_early()
{
    if (threadIdx.x % 2 == 1)
        __syncthreads();
}

__global__ void shuffle_in_half(int *out)
{
    if (threadIdx.x < 16)
        out[threadIdx.x] = __shfl_xor_sync(0xffffffff, 1, 1);
}

__global__ void shuffle_for_others(int *out)
{
    out[threadIdx.x] = __shfl_sync(0x0000ffff, 1, 0);
}

__global__ void read_lane_outside(int *out)
{
    if (threadIdx.x < 16)
        out[threadIdx.x] = __shfl_down_sync(0x0000ffff, 1, 1);
}

__global__ void different_operations(int *out)
{
    if (threadIdx.x < 16)
        out[threadIdx.x] = __shfl_xor_sync(0xffffffff, 1, 1);
    else
        out[threadIdx.x] = static_cast<int>(__ballot_sync(0xffffffff, 1));
}

template <typename... P, typename... A>
std::string stuck(uint64_t seed, void (*kernel)(P...), unsigned threads, A... arguments)
{
    begin_collecting(seed);
    QSC_LAUNCH(kernel, 2, threads, 0, nullptr, arguments...);
    cr_assert(cudaDeviceSynchronize() == cudaErrorLaunchFailure);
    int *memory;
    cr_assert(cudaMalloc(&memory, 4) == cudaErrorLaunchFailure, "the device is lost");
    return first_finding();
}

} // namespace

Test(block, nothing_is_executed_after_a_kernel_that_could_not_go_on)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        bool executed = false;
        qsc_shim_begin(seed);
        qsc_shim_collect();
        QSC_LAUNCH(leave_early, 1, 64, 0, nullptr);
        (void)cudaLaunchHostFunc(
            nullptr, [](void *flag) { *static_cast<bool *>(flag) = true; }, &executed);
        cr_assert_eq(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
        cr_assert(!executed);
    }
}

Test(block, barrier_that_not_all_reach)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        cr_assert(says(stuck(seed, diverge, 64), "divergent barrier"));
        std::string found = stuck(seed, leave_early, 64);
        cr_assert(says(found, "a barrier that not all threads of the block reach") &&
                      says(found, "has ended"),
                  "%s", found.c_str());
    }
}

Test(block, lanes_that_are_missing)
{
    static int out[64];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        cr_assert(says(stuck(seed, shuffle_in_half, 32, out), "a lane of the mask is missing"));
        cr_assert(says(stuck(seed, shuffle_in_half, 16, out), "lanes that the warp does not have"));
        cr_assert(says(stuck(seed, shuffle_for_others, 32, out), "does not name its own lane"));
        cr_assert(says(stuck(seed, read_lane_outside, 32, out), "reads lane 16"));
        cr_assert(says(stuck(seed, different_operations, 32, out), "a lane of the mask is missing"));
    }
}

namespace
{

struct warp_results {
    int broadcast[64], up[64], down[64], across[64], segment[64], add[64], lowest[64], highest[64];
    unsigned ballot[64], both[64], either[64], odd[64];
    double wide[64];
    int all[64], any[64], count[64], warp_all[64], warp_any[64];
};

__global__ void warp_operations(warp_results *r)
{
    unsigned t = threadIdx.x, lane = t % 32;
    int value = static_cast<int>(t * 3);
    r->broadcast[t] = __shfl_sync(0xffffffff, value, 5);
    r->up[t] = __shfl_up_sync(0xffffffff, value, 1);
    r->down[t] = __shfl_down_sync(0xffffffff, value, 2);
    r->across[t] = __shfl_xor_sync(0xffffffff, value, 16);
    r->segment[t] = __shfl_sync(0xffffffff, value, 1, 8);
    r->wide[t] = __shfl_xor_sync(0xffffffff, value + 0.5, 1);
    r->ballot[t] = __ballot_sync(0xffffffff, lane % 4 == 1);
    r->add[t] = __reduce_add_sync(0xffffffff, value);
    r->lowest[t] = __reduce_min_sync(0xffffffff, -value);
    r->highest[t] = __reduce_max_sync(0xffffffff, -value);
    r->both[t] = __reduce_and_sync(0xffffffff, t | 8);
    r->either[t] = __reduce_or_sync(0xffffffff, t & 5);
    r->odd[t] = __reduce_xor_sync(0xffffffff, lane == 3 ? 6u : 1u);
    r->warp_all[t] = __all_sync(0xffffffff, t < 32);
    r->warp_any[t] = __any_sync(0xffffffff, t == 40);
    r->all[t] = __syncthreads_and(value >= 3);
    r->any[t] = __syncthreads_or(value == 3);
    r->count[t] = __syncthreads_count(value < 30);
}

} // namespace

Test(block, warp_operations_are_the_devices)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        qsc_shim_begin(seed);
        device_array<warp_results> results{std::vector<warp_results>(1)};
        QSC_LAUNCH(warp_operations, 1, 64, 0, nullptr, results.data);
        warp_results r = results.get()[0];
        for (int t = 0; t < 64; t++) {
            int first = t / 32 * 32, lane = t % 32;
            cr_assert(r.broadcast[t] == (first + 5) * 3);
            cr_assert(r.up[t] == (lane == 0 ? t : t - 1) * 3);
            cr_assert(r.down[t] == (lane >= 30 ? t : t + 2) * 3);
            cr_assert(r.across[t] == (t ^ 16) * 3);
            cr_assert(r.segment[t] == (t / 8 * 8 + 1) * 3);
            cr_assert(r.wide[t] == (t ^ 1) * 3 + 0.5);
            cr_assert(r.ballot[t] == 0x22222222u);
            cr_assert(r.add[t] == 3 * (32 * first + 31 * 16));
            cr_assert(r.lowest[t] == -(first + 31) * 3);
            cr_assert(r.highest[t] == -first * 3);
            cr_assert(r.both[t] == static_cast<unsigned>(first | 8));
            cr_assert(r.either[t] == 5 && r.odd[t] == (6 ^ 1));
            cr_assert(r.warp_all[t] == (first == 0) && r.warp_any[t] == (first == 32));
            cr_assert(!r.all[t] && r.any[t] && r.count[t] == 10);
        }
    }
}

namespace
{

__device__ int counted;

__global__ void count_indices(int *seen)
{
    unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    atomicAdd(&seen[block * 24 + thread], 1);
    atomicAdd(&counted, 1);
}

__global__ void atomics(int *i, float *f, unsigned long long *u)
{
    int own = static_cast<int>(threadIdx.x);
    atomicMax(&i[0], own);
    atomicMin(&i[1], own);
    atomicCAS(&i[2], 0, 7);
    atomicOr(&i[3], 1 << own % 32);
    atomicAnd(&i[4], ~own);
    atomicXor(&i[5], own + static_cast<int>(blockIdx.x));
    atomicSub(&i[6], 2);
    atomicExch(&i[7], 5);
    atomicAdd(f, 0.5f);
    atomicAdd(u, 1ull << 33);
}

} // namespace

Test(block, order_of_threads_and_blocks_is_the_seeds)
{
    struct kernels {
        static __global__ void note(int *order, int *next)
        {
            order[atomicAdd(next, 1)] = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
        }
    };
    auto order_of = [](uint64_t seed) {
        qsc_shim_begin(seed);
        device_array<int> order{std::vector<int>(32)}, next{std::vector<int>(1)};
        QSC_LAUNCH(kernels::note, 4, 8, 0, nullptr, order.data, next.data);
        return order.get();
    };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        std::vector<int> order = order_of(seed), other = order_of(seed + 1);
        cr_assert(order == order_of(seed));
        cr_assert(order != other);
        cr_assert(order[0] / 8 == order[7] / 8, "a block's threads run together");
    }
}

Test(block, every_thread_of_every_block_runs_once)
{
    qsc_shim_begin(3);
    counted = 0;
    device_array<int> seen(std::vector<int>(24 * 30));
    QSC_LAUNCH(count_indices, dim3(5, 3, 2), dim3(4, 3, 2), 0, nullptr, seen.data);
    for (int times : seen.get())
        cr_assert(times == 1);
    cr_assert(counted == 24 * 30);
}

Test(block, atomics_are_the_devices)
{
    qsc_shim_begin(4);
    device_array<int> i(std::vector<int>{-1, 100, 0, 0, 255, 1, 0, 0});
    device_array<float> f(std::vector<float>(1));
    device_array<unsigned long long> u(std::vector<unsigned long long>(1));
    QSC_LAUNCH(atomics, 2, 40, 0, nullptr, i.data, f.data, u.data);
    cr_assert(i.get() == (std::vector<int>{39, 0, 7, -1, 192, 1 ^ 40, -160, 5}));
    cr_assert(f.get()[0] == 40);
    cr_assert(u.get()[0] == 80ull << 33);
}

Test(block, shared_memory_begins_as_garbage)
{
    struct kernels {
        static __global__ void copy(float *out)
        {
            QSC_SHARED(float, never_written, );
            QSC_DYNAMIC_SHARED(float, row);
            out[0] = never_written;
            out[1] = row[0];
        }
    };
    qsc_shim_begin(5);
    device_array<float> out(std::vector<float>(2));
    QSC_LAUNCH(kernels::copy, 1, 1, 4, nullptr, out.data);
    for (float value : out.get())
        cr_assert(std::isnan(value) || value > 1e38f);
}

Test(block, launches_that_a_device_refuses)
{
    qsc_shim_begin(6);
    static int out[1];
    auto refused = [](dim3 grid, dim3 block, size_t shared_bytes) {
        QSC_LAUNCH(sum_block<bug::none>, grid, block, shared_bytes, nullptr, out, out);
        return cudaGetLastError();
    };
    cr_assert(refused(0, 32, 0) == cudaErrorInvalidConfiguration);
    cr_assert(refused(1, 1025, 0) == cudaErrorInvalidConfiguration);
    cr_assert(refused(dim3(1, 70000), 32, 0) == cudaErrorInvalidConfiguration);
    cr_assert(refused(1, 32, (48 << 10) + 1) == cudaErrorInvalidValue);
    cr_assert(cudaFuncSetAttribute(sum_block<bug::none>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   228 << 10) == cudaErrorInvalidValue);
    cr_assert(cudaGetLastError() == cudaErrorInvalidValue);
    cr_assert(cudaGetLastError() == cudaSuccess);
}

Test(block, a_kernel_may_be_allowed_more_shared_memory)
{
    enum { THREADS = 64, BYTES = 227 << 10 };
    begin_collecting(6);
    device_array<int> out{std::vector<int>(1)}, in{std::vector<int>(THREADS, 2)};
    cr_assert_cuda(
        cudaFuncSetAttribute(sum_block<bug::none>, cudaFuncAttributeMaxDynamicSharedMemorySize, BYTES));
    QSC_LAUNCH(sum_block<bug::none>, 1, THREADS, BYTES, nullptr, out.data, in.data);
    cr_assert_cuda(cudaGetLastError());
    cr_assert_eq(out.get()[0], 2 * THREADS);
    QSC_LAUNCH(sum_block<bug::last_barrier>, 1, THREADS, BYTES, nullptr, out.data, in.data);
    cr_assert_eq(cudaGetLastError(), cudaErrorInvalidValue, "another kernel may not");
}

Test(block, arrays_of_a_kernel_that_are_too_large)
{
    struct kernels {
        static __global__ void fill(int *out)
        {
            QSC_SHARED(int, half, [6 << 10]);
            QSC_SHARED(int, other, [(6 << 10) + 1]);
            half[0] = other[0] = 1;
            out[0] = half[0] + other[0];
        }
    };
    begin_collecting(6);
    device_array<int> out{std::vector<int>(1)};
    QSC_LAUNCH(kernels::fill, 1, 1, 0, nullptr, out.data);
    cr_assert(says(first_finding(), "declares 49156 bytes of shared memory, more than the 49152"));
}

Test(block, bf16_rounds_to_nearest_even)
{
    static const struct {
        float from, to;
    } cases[] = {{1, 1},
                 {1 + 0x1p-8f, 1},
                 {1 + 0x3p-8f, 1 + 0x1p-6f},
                 {1 + 0x1.8p-8f, 1 + 0x1p-7f},
                 {-1 - 0x1p-8f, -1},
                 {0x1.ffffp127f, INFINITY},
                 {INFINITY, INFINITY}};
    for (auto one : cases)
        cr_assert(__bfloat162float(__float2bfloat16(one.from)) == one.to, "%a",
                  static_cast<double>(one.from));
    cr_assert(std::isnan(__bfloat162float(__float2bfloat16(NAN))));
    float2 pair = __bfloat1622float2(__floats2bfloat162_rn(2, -3));
    cr_assert(pair.x == 2 && pair.y == -3);
    __nv_bfloat16 one = 1, tiny = 0x1p-9f, three = 3;
    cr_assert(float(one + tiny) == 1 && float(one - tiny) == 1, "each operation rounds");
    cr_assert(float(one / three) == 0x1.56p-2f && float(three * three) == 9);
}
