// What a reference costs, ours beside std::shared_ptr's: one more taken and given back, by one thread and by
// two that share the object.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <memory>
#include <quiesce/concurrency/refcount.h>

namespace
{
struct alignas(64) Qsc {
    qsc_refcount count = QSC_REFCOUNT_INIT(1);
};

void qsc_get_put(benchmark::State &state)
{
    static Qsc object;
    for (auto _ : state) {
        qsc_refcount_get(&object.count);
        benchmark::DoNotOptimize(qsc_refcount_put(&object.count));
    }
}

void qsc_get_unless_zero_put(benchmark::State &state)
{
    static Qsc object;
    for (auto _ : state) {
        benchmark::DoNotOptimize(qsc_refcount_get_unless_zero(&object.count));
        benchmark::DoNotOptimize(qsc_refcount_put(&object.count));
    }
}

void std_copy(benchmark::State &state)
{
    static std::shared_ptr<int> object = std::make_shared<int>(0);
    for (auto _ : state) {
        std::shared_ptr<int> copy = object;
        benchmark::DoNotOptimize(copy.get());
    }
}

void std_lock(benchmark::State &state)
{
    static std::shared_ptr<int> object = std::make_shared<int>(0);
    static std::weak_ptr<int> weak = object;
    for (auto _ : state) {
        std::shared_ptr<int> copy = weak.lock();
        benchmark::DoNotOptimize(copy.get());
    }
}

BENCHMARK(qsc_get_put)->Name("refcount/get_put/qsc");
BENCHMARK(std_copy)->Name("refcount/get_put/std_shared_ptr");
BENCHMARK(qsc_get_unless_zero_put)->Name("refcount/get_unless_zero_put/qsc");
BENCHMARK(std_lock)->Name("refcount/get_unless_zero_put/std_weak_ptr");
BENCHMARK(qsc_get_put)->Name("refcount/shared_get_put/qsc")->Threads(2)->UseRealTime();
BENCHMARK(std_copy)->Name("refcount/shared_get_put/std_shared_ptr")->Threads(2)->UseRealTime();
} // namespace
