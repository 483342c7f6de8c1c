// Kernels right and wrong: what the shim computes, and what it finds.
#include "support.h"

#include <cuda_bf16.h>
#include <quiesce/kernels/cuda/launch.h>

#include <cmath>

namespace
{

enum class bug { none, first_barrier, last_barrier };

// The sum of a block's values, in shared memory.
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

template <bug planted> std::string finding_of_sum(uint64_t seed)
{
    enum { BLOCKS = 3, THREADS = 64 };
    qsc_shim_begin(seed);
    qsc_shim_collect();
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

} // namespace

Test(block, right_sum_is_right)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        cr_assert(finding_of_sum<bug::none>(seed) == "");
}

#ifndef __SANITIZE_ADDRESS__ // accesses are reported to one of the two
Test(block, missing_barrier_is_a_race)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        std::string found = finding_of_sum<bug::first_barrier>(seed);
        cr_assert(says(found, "race on byte ") && says(found, "of the dynamic shared memory"), "%s",
                  found.c_str());
        cr_assert(says(found, "block_test.cu:"), "%s", found.c_str());
        cr_assert(says(finding_of_sum<bug::last_barrier>(seed), "race on byte 0 of the dynamic"));
    }
}

namespace
{

__global__ void write_same(int *out)
{
    out[threadIdx.x] = 1;
}

__global__ void add_same(int *out)
{
    atomicAdd(out, 1);
}

__global__ void add_and_read(int *out)
{
    atomicAdd(out, 1);
    if (threadIdx.x == 0)
        out[1] = out[0];
}

// Neighbours' halves of a word are no race.
__global__ void write_halves(__nv_bfloat16 *out)
{
    out[threadIdx.x] = __float2bfloat16(1);
}

// One warp hands values on: with __syncwarp, or leaning on its threads going in step.
template <bool ordered> __global__ void pass_on(int *out)
{
    QSC_SHARED(int, values, [32]);
    values[threadIdx.x] = static_cast<int>(threadIdx.x);
    if (ordered)
        __syncwarp();
    out[threadIdx.x] = values[(threadIdx.x + 1) % 32];
}

template <typename Kernel>
std::string finding_of(uint64_t seed, Kernel kernel, unsigned blocks, unsigned threads)
{
    qsc_shim_begin(seed);
    qsc_shim_collect();
    device_array<int> out(std::vector<int>(64));
    QSC_LAUNCH(kernel, blocks, threads, 0, nullptr, out.data);
    return first_finding();
}

} // namespace

Test(block, races_in_global_memory)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        cr_assert(finding_of(seed, write_same, 1, 64) == "");
        cr_assert(says(finding_of(seed, write_same, 2, 64), "race on byte"), "two blocks write the same");
        cr_assert(finding_of(seed, add_same, 3, 64) == "");
        cr_assert(says(finding_of(seed, add_and_read, 1, 64), "race on byte 0 of memory of 256, "));
    }
}

Test(block, halves_of_a_word_are_apart)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        qsc_shim_begin(seed);
        qsc_shim_collect();
        device_array<__nv_bfloat16> out(std::vector<__nv_bfloat16>(64));
        QSC_LAUNCH(write_halves, 1, 64, 0, nullptr, out.data);
        cr_assert(first_finding() == "");
    }
}

Test(block, warp_barrier_orders_a_warp)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        cr_assert(finding_of(seed, pass_on<true>, 1, 32) == "");
        cr_assert(says(finding_of(seed, pass_on<false>, 1, 32), "of values"));
        cr_assert(says(finding_of(seed, pass_on<true>, 2, 32), "of memory of 256"));
    }
}

namespace
{

// The barrier of the first warp orders the write after its own readers, not after the second warp's.
__global__ void write_what_both_warps_read(int *out)
{
    QSC_SHARED(int, value, );
    int read = value;
    if (threadIdx.x < 32)
        __syncwarp();
    if (threadIdx.x == 2)
        value = 1;
    out[threadIdx.x] = read;
}

} // namespace

Test(block, barrier_of_a_warp_does_not_order_another)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        cr_assert(says(finding_of(seed, write_what_both_warps_read, 1, 33), "of value, "));
}

namespace
{

__global__ void read_beyond(int *out)
{
    QSC_SHARED(int, few, [8]);
    few[threadIdx.x] = 1; // 32 threads
    out[threadIdx.x] = few[threadIdx.x];
}

__global__ void write_beyond(int *out)
{
    out[threadIdx.x + 48] = 1;
}

} // namespace

Test(block, accesses_outside)
{
    cr_assert(says(finding_of(1, read_beyond, 1, 32), "outside of what the device has"));
    cr_assert(says(finding_of(1, write_beyond, 1, 32), "outside of what the device has"));
    qsc_shim_begin(1);
    qsc_shim_collect();
    std::vector<int> host(32);
    QSC_LAUNCH(write_same, 1, 32, 0, nullptr, host.data());
    cr_assert(says(first_finding(), "outside of what the device has"), "host memory");
    qsc_shim_begin(1);
    qsc_shim_collect();
    int *freed;
    cr_assert_cuda(cudaMalloc(&freed, 128));
    QSC_LAUNCH(write_same, 1, 32, 0, nullptr, freed);
    cr_assert(first_finding() == "");
    cr_assert_cuda(cudaFree(freed));
    QSC_LAUNCH(write_same, 1, 32, 0, nullptr, freed);
    cr_assert(says(first_finding(), "outside of what the device has"), "freed memory");
}
#endif

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
    if (threadIdx.x < 40)
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
    qsc_shim_begin(seed);
    qsc_shim_collect();
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
