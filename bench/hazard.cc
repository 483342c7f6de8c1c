// What it costs a reader to look at one object that may be replaced: by a hazard pointer, in a section of
// RCU, inline and by liburcu's calls, by a reference count, which alone would not be safe, and with nothing;
// and what it costs to have an object destroyed by hazard pointers.
#include "bystander.h"

#include <atomic>
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <quiesce/concurrency/hazard.h>
#include <quiesce/concurrency/rcu.h>
#include <urcu/urcu-memb.h>

namespace
{
struct Object {
    int value;
    std::atomic<long> references{1};
};

Object object;
std::atomic<Object *> place{&object};

void look(const Object *seen)
{
    benchmark::DoNotOptimize(seen->value);
}

struct Domain {
    qsc_hazard_domain domain;
    Domain()
    {
        if (qsc_hazard_domain_init(&domain, 1))
            std::abort();
    }
    ~Domain()
    {
        if (qsc_hazard_domain_fini(&domain))
            std::abort();
    }
};

Domain hazards;

void protect_qsc(benchmark::State &state)
{
    for (auto _ : state) {
        qsc_hazards *mine = qsc_hazard_get(&hazards.domain);
        if (!mine)
            return state.SkipWithError("no memory");
        look(static_cast<Object *>(qsc_hazard_protect(mine, 0, &place)));
        qsc_hazard_clear(mine, 0);
    }
}

void rcu_qsc(benchmark::State &state)
{
    for (auto _ : state) {
        qsc_rcu_read_lock();
        look(place.load(std::memory_order_acquire));
        qsc_rcu_read_unlock();
    }
}

void rcu_liburcu(benchmark::State &state)
{
    if (qsc_rcu_register_thread()) // with the same library
        return state.SkipWithError("not registered");
    for (auto _ : state) {
        urcu_memb_read_lock();
        look(place.load(std::memory_order_acquire));
        urcu_memb_read_unlock();
    }
}

void refcount(benchmark::State &state)
{
    for (auto _ : state) {
        Object *seen = place.load(std::memory_order_acquire);
        seen->references.fetch_add(1, std::memory_order_relaxed);
        look(seen);
        seen->references.fetch_sub(1, std::memory_order_acq_rel);
    }
}

void acquire_load(benchmark::State &state)
{
    for (auto _ : state)
        look(place.load(std::memory_order_acquire));
}

void retire_qsc(benchmark::State &state)
{
    for (auto _ : state) {
        auto *node = static_cast<qsc_hazard_node *>(std::malloc(sizeof(qsc_hazard_node)));
        qsc_hazard_retire(&hazards.domain, node, node, std::free);
    }
}

void malloc_free(benchmark::State &state)
{
    for (auto _ : state) {
        void *memory = std::malloc(sizeof(qsc_hazard_node));
        benchmark::DoNotOptimize(memory);
        std::free(memory);
    }
}

BENCHMARK(protect_qsc)->Name("hazard/protect_clear/qsc");
BENCHMARK(rcu_qsc)->Name("hazard/protect_clear/qsc_rcu");
BENCHMARK(rcu_liburcu)->Name("hazard/protect_clear/liburcu");
BENCHMARK(refcount)->Name("hazard/protect_clear/refcount");
BENCHMARK(acquire_load)->Name("hazard/protect_clear/acquire_load");
BENCHMARK(protect_qsc)->Name("hazard/protect_clear_together/qsc")->Threads(2)->UseRealTime();
BENCHMARK(refcount)->Name("hazard/protect_clear_together/refcount")->Threads(2)->UseRealTime();
BENCHMARK(retire_qsc)->Name("hazard/retire/qsc");
BENCHMARK(malloc_free)->Name("hazard/retire/malloc_free");
} // namespace
