// What a count costs in a slot of the thread's own, beside C++'s thread_local, which nobody else can add up,
// and one counter that all threads share.
#include "bystander.h"

#include <atomic>
#include <benchmark/benchmark.h>
#include <cstdint>
#include <quiesce/concurrency/per_thread.h>

namespace
{
void add_one(uint64_t *count)
{
    __atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
}

void qsc(benchmark::State &state)
{
    static qsc_per_thread counts;
    static const int error = qsc_per_thread_init(&counts, sizeof(uint64_t));
    if (error) {
        state.SkipWithError("no memory");
        return;
    }
    for (auto _ : state)
        add_one(static_cast<uint64_t *>(qsc_per_thread_get(&counts)));
}

void std_thread_local(benchmark::State &state)
{
    static thread_local uint64_t count;
    for (auto _ : state)
        add_one(&count);
}

void shared(benchmark::State &state)
{
    alignas(64) static std::atomic<uint64_t> count;
    for (auto _ : state)
        count.fetch_add(1, std::memory_order_relaxed);
}

BENCHMARK(qsc)->Name("per_thread/count/qsc");
BENCHMARK(std_thread_local)->Name("per_thread/count/std_thread_local");
BENCHMARK(shared)->Name("per_thread/count/shared_atomic");
BENCHMARK(qsc)->Name("per_thread/count_together/qsc")->Threads(2)->UseRealTime();
BENCHMARK(shared)->Name("per_thread/count_together/shared_atomic")->Threads(2)->UseRealTime();
} // namespace
