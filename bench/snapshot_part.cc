// What a publisher pays for each part that its version takes over, and a destructor for each that it gives
// back, beside std::shared_ptr, which counts its owners in the same way.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <memory>
#include <quiesce/concurrency/snapshot_part.h>

namespace
{
void nothing(qsc_snapshot_part *)
{
}

void get_put_qsc(benchmark::State &state)
{
    qsc_snapshot cell;
    qsc_snapshot_part part;
    if (qsc_snapshot_init(&cell, nullptr) || qsc_snapshot_part_init(&part, &cell, 1, nothing))
        return state.SkipWithError("no part");
    for (auto _ : state) {
        qsc_snapshot_part_get(&part);
        qsc_snapshot_part_put(&part);
    }
    qsc_snapshot_part_put(&part);
    if (qsc_snapshot_fini(&cell))
        state.SkipWithError("not ended");
}

void get_put_shared_ptr(benchmark::State &state)
{
    std::shared_ptr<int> part = std::make_shared<int>(1);
    for (auto _ : state) {
        std::shared_ptr<int> another = part;
        benchmark::DoNotOptimize(another);
    }
}

BENCHMARK(get_put_qsc)->Name("snapshot_part/get_put/qsc");
BENCHMARK(get_put_shared_ptr)->Name("snapshot_part/get_put/shared_ptr");
} // namespace
