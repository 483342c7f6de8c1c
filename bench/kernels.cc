// Products of packed weights, the generator and the optimiser: beside loops that do nothing but multiply-adds
// in registers, the most that this core can do.
#include <benchmark/benchmark.h>
#include <quiesce/kernels/cpu/amx.h>
#include <quiesce/kernels/cpu/features.h>
#include <quiesce/kernels/linear.h>
#include <quiesce/kernels/optimizer.h>
#include <quiesce/kernels/random.h>

#include <cstdlib>
#include <memory>
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace
{

struct Free {
    void operator()(float *p) const
    {
        std::free(p);
    }
};
using Floats = std::unique_ptr<float, Free>;

Floats memory(size_t bytes)
{
    return Floats(static_cast<float *>(std::aligned_alloc(64, (bytes + 63) / 64 * 64)));
}

Floats floats(size_t n)
{
    Floats p = memory(n * sizeof(float));
    for (size_t i = 0; i < n; i++)
        p.get()[i] = static_cast<float>(i % 17) * 0.01f - 0.05f;
    return p;
}

// Sums enough to hide an addition's latency, few enough to stay in registers.
template <typename Vector> inline __attribute__((always_inline)) float multiply_adds_of(int n)
{
    Vector sums[10], factor = Vector{} + 0.999f, addend = Vector{} + 1e-9f;
    for (int i = 0; i < 10; i++)
        sums[i] = Vector{} + static_cast<float>(i);
    for (int i = 0; i < n; i++) {
#pragma GCC unroll 10
        for (Vector &sum : sums)
            sum = sum * factor + addend;
    }
    Vector sum = sums[0];
    for (int i = 1; i < 10; i++)
        sum += sums[i];
    return sum[0] + sum[3];
}

// As wide as the processor's vectors, and no wider: those are kept in memory.
template <int floats> struct Vectors {
    typedef float Type __attribute__((vector_size(4 * floats)));
};

#ifdef __x86_64__
__attribute__((target("avx512f,fma"))) float multiply_adds_avx512(int n)
{
    return multiply_adds_of<Vectors<16>::Type>(n);
}

__attribute__((target("avx2,fma"))) float multiply_adds_avx2(int n)
{
    return multiply_adds_of<Vectors<8>::Type>(n);
}
#endif

float multiply_adds_any(int n)
{
    return multiply_adds_of<Vectors<4>::Type>(n);
}

void flops(benchmark::State &state, double per_iteration)
{
    state.counters["GFLOP/s"] =
        benchmark::Counter(per_iteration * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void peak(benchmark::State &state)
{
    float (*multiply_adds)(int) = multiply_adds_any;
    int floats = 4;
#ifdef __x86_64__
    if (qsc_has_avx512())
        multiply_adds = multiply_adds_avx512, floats = 16;
    else if (qsc_has_avx2())
        multiply_adds = multiply_adds_avx2, floats = 8;
#endif
    for (auto _ : state)
        benchmark::DoNotOptimize(multiply_adds(10000));
    flops(state, 10000.0 * 10 * floats * 2);
}
BENCHMARK(peak)->Name("fma/registers");

#ifdef __x86_64__
// Both factors are zeros, which costs no less.
__attribute__((target("amx-tile,amx-int8"))) void multiply_tiles(int n)
{
    const qsc_amx_shapes shapes = {
        1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
    qsc_amx_configure(&shapes); // and zeroes them
    for (int i = 0; i < n; i++) {
        _tile_dpbusd(0, 4, 6);
        _tile_dpbusd(1, 4, 7);
        _tile_dpbusd(2, 5, 6);
        _tile_dpbusd(3, 5, 7);
    }
    _tile_release();
}

__attribute__((target("avx512f,avx512vnni"))) int multiply_bytes(int n)
{
    __m512i sums[10] = {}, factor = _mm512_set1_epi32(n);
    for (int i = 0; i < n; i++) {
#pragma GCC unroll 10
        for (__m512i &sum : sums)
            sum = _mm512_dpbusd_epi32(sum, factor, factor);
    }
    for (int i = 1; i < 10; i++)
        sums[0] = _mm512_add_epi32(sums[0], sums[i]);
    return static_cast<int>(sums[0][0]);
}

void peak_amx_int8(benchmark::State &state)
{
    if (!qsc_amx_present(QSC_AMX_INT8))
        state.SkipWithError("no AMX");
    for (auto _ : state)
        multiply_tiles(10000);
    flops(state, 10000.0 * 4 * 16 * 16 * 64 * 2);
}
BENCHMARK(peak_amx_int8)->Name("int8/registers/amx");

void peak_avx512_vnni(benchmark::State &state)
{
    if (!qsc_has_avx512_vnni())
        state.SkipWithError("no AVX-512 VNNI");
    for (auto _ : state) {
        int n = 10000;
        benchmark::DoNotOptimize(n); // or the loop is done once for all
        benchmark::DoNotOptimize(multiply_bytes(n));
    }
    flops(state, 10000.0 * 10 * 64 * 2);
}
BENCHMARK(peak_avx512_vnni)->Name("int8/registers/avx512-vnni");
#endif

struct Destroy {
    void operator()(qsc_linear *plan) const
    {
        qsc_linear_destroy(plan);
    }
};
using Plan = std::unique_ptr<qsc_linear, Destroy>;

Plan plan_of(benchmark::State &state, int n, int k, qsc_precision precision)
{
    qsc_linear *plan = nullptr;
    if (qsc_linear_create(&plan, n, k, precision))
        state.SkipWithError("no plan");
    return Plan(plan);
}

enum Product { FORWARD, BACKWARD_INPUT, BACKWARD_WEIGHT };

void linear(benchmark::State &state, Product product, qsc_precision precision)
{
    int n = static_cast<int>(state.range(0)), k = static_cast<int>(state.range(1)),
        m = static_cast<int>(state.range(2));
    const Plan owner = plan_of(state, n, k, precision);
    const qsc_linear *plan = owner.get();
    if (!plan)
        return;
    size_t weights = static_cast<size_t>(n) * static_cast<size_t>(k);
    Floats w = floats(weights), packed = memory(qsc_linear_packed_bytes(plan)),
           packed_t = memory(qsc_linear_packed_t_bytes(plan)),
           scratch = memory(qsc_linear_scratch_bytes(plan)), bias = floats(static_cast<size_t>(n)),
           x = floats(static_cast<size_t>(m) * static_cast<size_t>(k)),
           y = floats(static_cast<size_t>(m) * static_cast<size_t>(n)), dw = floats(weights);
    qsc_linear_pack(plan, packed.get(), w.get());
    qsc_linear_pack_t(plan, packed_t.get(), w.get());
    for (auto _ : state) {
        int rc =
            product == FORWARD
                ? qsc_linear_forward(plan, y.get(), x.get(), packed.get(), bias.get(), m, scratch.get())
            : product == BACKWARD_INPUT
                ? qsc_linear_backward_input(plan, x.get(), y.get(), packed_t.get(), m, scratch.get())
                : qsc_linear_backward_weight(plan, dw.get(), bias.get(), y.get(), x.get(), m, scratch.get());
        if (rc)
            state.SkipWithError("product failed");
        benchmark::ClobberMemory();
    }
    flops(state, 2.0 * n * k * m);
}

void shapes(benchmark::internal::Benchmark *b)
{
    b->ArgNames({"n", "k", "m"});
    for (int m : {16, 64, 256}) {
        for (auto [n, k] : {std::pair{64, 64},
                            {128, 128},
                            {384, 384},
                            {1152, 384},
                            {1536, 384},
                            {384, 1536},
                            {768, 768},
                            {3072, 768},
                            {768, 3072}})
            b->Args({n, k, m});
    }
}
void tall_shapes(benchmark::internal::Benchmark *b)
{
    b->ArgNames({"n", "k", "m"});
    for (int m : {128, 512, 2048}) {
        for (auto [n, k] : {std::pair{384, 384}, {1536, 384}, {768, 768}, {3072, 768}})
            b->Args({n, k, m});
    }
}
BENCHMARK_CAPTURE(linear, forward, FORWARD, QSC_F32)->Name("linear/forward/qsc")->Apply(shapes);
BENCHMARK_CAPTURE(linear, backward_input, BACKWARD_INPUT, QSC_F32)
    ->Name("linear/backward_input/qsc")
    ->Apply(shapes);
BENCHMARK_CAPTURE(linear, backward_weight, BACKWARD_WEIGHT, QSC_F32)
    ->Name("linear/backward_weight/qsc")
    ->Apply(shapes);
BENCHMARK_CAPTURE(linear, forward_bf16, FORWARD, QSC_BF16)->Name("linear/forward/qsc-bf16")->Apply(shapes);
BENCHMARK_CAPTURE(linear, backward_input_bf16, BACKWARD_INPUT, QSC_BF16)
    ->Name("linear/backward_input/qsc-bf16")
    ->Apply(shapes);
BENCHMARK_CAPTURE(linear, backward_weight_bf16, BACKWARD_WEIGHT, QSC_BF16)
    ->Name("linear/backward_weight/qsc-bf16")
    ->Apply(shapes);
BENCHMARK_CAPTURE(linear, forward_int8, FORWARD, QSC_INT8)
    ->Name("linear/forward/qsc-int8")
    ->Apply(shapes)
    ->Apply(tall_shapes);

void pack(benchmark::State &state, bool transposed, qsc_precision precision)
{
    const int n = 1536, k = 384;
    const Plan owner = plan_of(state, n, k, precision);
    const qsc_linear *plan = owner.get();
    if (!plan)
        return;
    size_t bytes = transposed ? qsc_linear_packed_t_bytes(plan) : qsc_linear_packed_bytes(plan);
    Floats w = floats(n * k), packed = memory(bytes);
    for (auto _ : state) {
        (transposed ? qsc_linear_pack_t : qsc_linear_pack)(plan, packed.get(), w.get());
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(n * k * sizeof(float) + bytes));
}
BENCHMARK_CAPTURE(pack, forward, false, QSC_F32)->Name("linear/pack/qsc");
BENCHMARK_CAPTURE(pack, backward, true, QSC_F32)->Name("linear/pack_t/qsc");
BENCHMARK_CAPTURE(pack, forward_bf16, false, QSC_BF16)->Name("linear/pack/qsc-bf16");
BENCHMARK_CAPTURE(pack, backward_bf16, true, QSC_BF16)->Name("linear/pack_t/qsc-bf16");
BENCHMARK_CAPTURE(pack, forward_int8, false, QSC_INT8)->Name("linear/pack/qsc-int8");

void dropout(benchmark::State &state)
{
    const int n = 384 * 64;
    Floats mask = floats(n);
    const qsc_dropout dropout = {{1, 2, 3}, 0.1f};
    for (auto _ : state) {
        qsc_dropout_mask(mask.get(), &dropout, 0, n);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * n);
}
BENCHMARK(dropout)->Name("random/dropout_mask/qsc");

void adamw(benchmark::State &state)
{
    size_t n = static_cast<size_t>(state.range(0));
    Floats p = floats(n), m = floats(n), v = floats(n), g = floats(n);
    for (size_t i = 0; i < n; i++)
        v.get()[i] = 1e-4f;
    const qsc_adamw adamw = {1e-5, 0.9, 0.999, 1e-8, 0.01, 3, 1.0};
    for (auto _ : state) {
        qsc_adamw_step(p.get(), m.get(), v.get(), g.get(), n, &adamw);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(n) * 28);
}
BENCHMARK(adamw)->Name("adamw/step/qsc")->ArgName("floats")->Arg(1 << 14)->Arg(1 << 24);

void squares(benchmark::State &state)
{
    size_t n = 1 << 24;
    Floats x = floats(n);
    std::unique_ptr<double[]> sums(new double[n / QSC_SQUARES_BLOCK]);
    for (auto _ : state) {
        qsc_squares(sums.get(), x.get(), n);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(n) * 4);
}
BENCHMARK(squares)->Name("adamw/squares/qsc");

} // namespace
