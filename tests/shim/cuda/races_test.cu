// Accesses of kernels: races, and what is not the device's.
#include "random.h"
#include "sum_block.h"

#include <cuda_bf16.h>

#include <algorithm>

Test(races, missing_barrier_is_a_race)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        std::string found = finding_of_sum<bug::first_barrier>(seed);
        cr_assert(says(found, "race on byte ") && says(found, "of the dynamic shared memory"), "%s",
                  found.c_str());
        cr_assert(says(found, "sum_block.h:"), "%s", found.c_str());
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
    begin_collecting(seed);
    device_array<int> out(std::vector<int>(64));
    QSC_LAUNCH(kernel, blocks, threads, 0, nullptr, out.data);
    return first_finding();
}

} // namespace

Test(races, races_in_global_memory)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        cr_assert(finding_of(seed, write_same, 1, 64) == "");
        cr_assert(says(finding_of(seed, write_same, 2, 64), "race on byte"), "two blocks write the same");
        cr_assert(finding_of(seed, add_same, 3, 64) == "");
        cr_assert(says(finding_of(seed, add_and_read, 1, 64), "race on byte 0 of memory of 256, "));
    }
}

Test(races, halves_of_a_word_are_apart)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        qsc_shim_begin(seed);
        qsc_shim_collect();
        device_array<__nv_bfloat16> out(std::vector<__nv_bfloat16>(64));
        QSC_LAUNCH(write_halves, 1, 64, 0, nullptr, out.data);
        cr_assert(first_finding() == "");
    }
}

Test(races, warp_barrier_orders_a_warp)
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

Test(races, barrier_of_a_warp_does_not_order_another)
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

Test(races, accesses_outside)
{
    cr_assert(says(finding_of(1, read_beyond, 1, 32), "outside of what the device has"));
    cr_assert(says(finding_of(1, write_beyond, 1, 32), "outside of what the device has"));
    begin_collecting(1);
    std::vector<int> host(32);
    QSC_LAUNCH(write_same, 1, 32, 0, nullptr, host.data());
    cr_assert(says(first_finding(), "outside of what the device has"), "host memory");
    begin_collecting(1);
    int *freed;
    cr_assert_cuda(cudaMalloc(&freed, 128));
    QSC_LAUNCH(write_same, 1, 32, 0, nullptr, freed);
    cr_assert(first_finding() == "");
    cr_assert_cuda(cudaFree(freed));
    QSC_LAUNCH(write_same, 1, 32, 0, nullptr, freed);
    cr_assert(says(first_finding(), "outside of what the device has"), "freed memory");
}

// Random programs of accesses and barriers: a race is reported where vector clocks, kept for every thread and
// every access, say that there is one, and nowhere else.
namespace
{

enum { THREADS = 64, WARP = 32, STEPS = 14, CELLS = 2, PROGRAMS = 3000 };

enum action { READ, WRITE, ADD, BLOCK_BARRIER, WARP_BARRIER };

struct step {
    enum action action;
    unsigned who;  // a thread, or the first of a warp
    unsigned mask; // of a warp's barrier
    unsigned cell;
};

struct program {
    step steps[STEPS];
};

__global__ void interpret(program program)
{
    QSC_SHARED(int, cells, [CELLS]);
    unsigned own = threadIdx.x, first = own / WARP * WARP;
    int sum = 0;
    for (const step &s : program.steps) {
        volatile int *cell = &cells[s.cell];
        if (s.action == BLOCK_BARRIER)
            __syncthreads();
        else if (s.action == WARP_BARRIER && s.who == first && s.mask >> (own - first) & 1)
            __syncwarp(s.mask);
        else if (s.action == READ && s.who == own)
            sum += *cell;
        else if (s.action == WRITE && s.who == own)
            *cell = sum;
        else if (s.action == ADD && s.who == own)
            atomicAdd(&cells[s.cell], 1);
    }
}

program random_program(shim_random &random)
{
    static const unsigned threads[] = {0, 1, 16, 32, 33, 48}, masks[] = {0xffffffff, 0x0000ffff, 0xffff0000};
    program made;
    for (step &s : made.steps) {
        static const action actions[] = {READ,          READ,          WRITE,         ADD,
                                         BLOCK_BARRIER, BLOCK_BARRIER, BLOCK_BARRIER, WARP_BARRIER,
                                         WARP_BARRIER,  WARP_BARRIER};
        s = {actions[random.below(10)], threads[random.below(6)], masks[random.below(3)],
             static_cast<unsigned>(random.below(CELLS))};
        if (s.action == WARP_BARRIER)
            s.who = s.who / WARP * WARP;
    }
    return made;
}

// clocks[a][b]: how much of thread b's doings lies before what a does now.
struct vector_clocks {
    unsigned clocks[THREADS][THREADS];

    void join(unsigned first, const std::vector<bool> &members)
    {
        unsigned joined[THREADS] = {};
        for (unsigned m = 0; m < members.size(); m++)
            for (unsigned t = 0; members[m] && t < THREADS; t++)
                joined[t] = std::max(joined[t], clocks[first + m][t]);
        for (unsigned m = 0; m < members.size(); m++)
            if (members[m])
                std::copy(joined, joined + THREADS, clocks[first + m]);
    }
};

bool has_race(const program &program)
{
    static vector_clocks now;
    unsigned when[STEPS];
    now = {};
    for (unsigned j = 0; j < STEPS; j++) {
        const step &s = program.steps[j];
        if (s.action == BLOCK_BARRIER) {
            now.join(0, std::vector<bool>(THREADS, true));
        } else if (s.action == WARP_BARRIER) {
            std::vector<bool> members(WARP);
            for (unsigned lane = 0; lane < WARP; lane++)
                members[lane] = s.mask >> lane & 1;
            now.join(s.who, members);
        } else {
            for (unsigned i = 0; i < j; i++) {
                const step &before = program.steps[i];
                bool conflict = before.action < BLOCK_BARRIER && before.cell == s.cell &&
                                before.who != s.who && before.action + s.action != READ + READ &&
                                before.action + s.action != ADD + ADD;
                if (conflict && now.clocks[s.who][before.who] < when[i])
                    return true;
            }
            when[j] = ++now.clocks[s.who][s.who];
        }
    }
    return false;
}

} // namespace

Test(races, as_vector_clocks_say)
{
    int races = 0;
    for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
        shim_random random = {seed};
        program made = random_program(random);
        qsc_shim_begin(seed);
        qsc_shim_collect();
        QSC_LAUNCH(interpret, 1, THREADS, 0, nullptr, made);
        bool there = has_race(made);
        std::string found = first_finding();
        cr_assert_eq(there, found != "", "program %d: %s", static_cast<int>(seed), found.c_str());
        races += there;
    }
    cr_assert(races > PROGRAMS / 4 && races < PROGRAMS * 3 / 4, "%d", races);
}
