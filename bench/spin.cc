// What the spin locks cost, through their table, beside the C library's and our mutex: alone, and with two
// threads that want one all the time.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <pthread.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/spin.h>
#include <string>

namespace
{
void *nothing(void *)
{
    return nullptr;
}

const struct qsc_spin_ops pthread_ops = {
    "pthread",
    sizeof(pthread_spinlock_t),
    0,
    false,
    [](void *lock, void *) {
        pthread_spin_init(static_cast<pthread_spinlock_t *>(lock), PTHREAD_PROCESS_PRIVATE);
    },
    nothing,
    [](void *lock, void *) { pthread_spin_lock(static_cast<pthread_spinlock_t *>(lock)); },
    [](void *lock, void *) { return pthread_spin_trylock(static_cast<pthread_spinlock_t *>(lock)) == 0; },
    [](void *lock, void *node) {
        pthread_spin_unlock(static_cast<pthread_spinlock_t *>(lock));
        return node;
    },
};

const struct qsc_spin_ops mutex_ops = {
    "mutex",
    sizeof(qsc_mutex),
    0,
    false,
    [](void *lock, void *) { *static_cast<qsc_mutex *>(lock) = QSC_MUTEX_INIT; },
    nothing,
    [](void *lock, void *) { qsc_mutex_lock(static_cast<qsc_mutex *>(lock)); },
    [](void *lock, void *) { return qsc_mutex_trylock(static_cast<qsc_mutex *>(lock)); },
    [](void *lock, void *node) {
        qsc_mutex_unlock(static_cast<qsc_mutex *>(lock));
        return node;
    },
};

union Node {
    qsc_mcs_node mcs;
    qsc_clh_node clh;
};

// One for each lock: its benchmarks run one after the other and leave it unlocked.
struct Shared {
    explicit Shared(const struct qsc_spin_ops &its) : ops(its)
    {
        ops.init(lock, &nodes[2]);
    }
    const struct qsc_spin_ops &ops;
    alignas(64) void *lock[2];
    alignas(64) long counter = 0;
    Node nodes[3];
    void *owned[2] = {&nodes[0], &nodes[1]};
};

void lock_unlock(benchmark::State &state, Shared *at)
{
    void *node = at->owned[0];
    for (auto _ : state) {
        at->ops.lock(at->lock, node);
        benchmark::ClobberMemory();
        node = at->ops.unlock(at->lock, node);
    }
    at->owned[0] = node;
}

void trylock_unlock(benchmark::State &state, Shared *at)
{
    void *node = at->owned[0];
    for (auto _ : state) {
        benchmark::DoNotOptimize(at->ops.trylock(at->lock, node));
        node = at->ops.unlock(at->lock, node);
    }
    at->owned[0] = node;
}

// A short section, nothing between two of them: throughput of the pair. Says nothing of fairness: each thread
// does the same number of iterations.
void contended(benchmark::State &state, Shared *at)
{
    void *node = at->owned[state.thread_index()];
    for (auto _ : state) {
        at->ops.lock(at->lock, node);
        benchmark::DoNotOptimize(at->counter += 1);
        node = at->ops.unlock(at->lock, node);
    }
    at->owned[state.thread_index()] = node;
    state.SetItemsProcessed(state.iterations());
}

bool add(const struct qsc_spin_ops &ops)
{
    auto *at = new Shared(ops); // for as long as the program runs
    std::string name = ops.name;
    benchmark::RegisterBenchmark(("spin/lock_unlock/" + name).c_str(), lock_unlock, at);
    benchmark::RegisterBenchmark(("spin/trylock_unlock/" + name).c_str(), trylock_unlock, at);
    benchmark::RegisterBenchmark(("spin/contended/" + name).c_str(), contended, at)
        ->Threads(2)
        ->UseRealTime();
    return true;
}

[[maybe_unused]] const bool added = [] {
    for (const struct qsc_spin_ops &ops : qsc_spin_ops)
        add(ops);
    return add(pthread_ops) && add(mutex_ops);
}();
} // namespace
