// What a mutex costs, ours beside the C library's: alone, and with two threads that want it all the time.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <pthread.h>
#include <quiesce/concurrency/lock_stats.h>
#include <quiesce/concurrency/mutex.h>

namespace
{
struct Qsc {
    qsc_mutex mutex = QSC_MUTEX_INIT;
    void lock()
    {
        qsc_mutex_lock(&mutex);
    }
    bool trylock()
    {
        return qsc_mutex_trylock(&mutex);
    }
    void unlock()
    {
        qsc_mutex_unlock(&mutex);
    }
};

// Ours with statistics, and every section counted.
struct Counted {
    qsc_mutex mutex = QSC_MUTEX_INIT;
    qsc_lock_stats stats = {};
    Counted()
    {
        qsc_lock_stats_attach(&stats, &mutex);
    }
    void lock()
    {
        qsc_mutex_lock(&mutex);
        qsc_lock_stats_count(&stats);
    }
    void unlock()
    {
        qsc_mutex_unlock(&mutex);
    }
};

struct Pthread {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    void lock()
    {
        pthread_mutex_lock(&mutex);
    }
    bool trylock()
    {
        return pthread_mutex_trylock(&mutex) == 0;
    }
    void unlock()
    {
        pthread_mutex_unlock(&mutex);
    }
};

template <class Mutex> struct Shared {
    alignas(64) Mutex mutex;
    alignas(64) long counter = 0;
};

template <class Mutex> Shared<Mutex> shared;

template <class Mutex> void lock_unlock(benchmark::State &state)
{
    Mutex &mutex = shared<Mutex>.mutex;
    for (auto _ : state) {
        mutex.lock();
        benchmark::ClobberMemory();
        mutex.unlock();
    }
}

template <class Mutex> void trylock_unlock(benchmark::State &state)
{
    Mutex &mutex = shared<Mutex>.mutex;
    for (auto _ : state) {
        benchmark::DoNotOptimize(mutex.trylock());
        mutex.unlock();
    }
}

// A short section, nothing between two of them: throughput of the pair. Says nothing of fairness: each thread
// does the same number of iterations.
template <class Mutex> void contended(benchmark::State &state)
{
    Shared<Mutex> &at = shared<Mutex>;
    for (auto _ : state) {
        at.mutex.lock();
        benchmark::DoNotOptimize(at.counter += 1);
        at.mutex.unlock();
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK_TEMPLATE(lock_unlock, Qsc)->Name("mutex/lock_unlock/qsc");
BENCHMARK_TEMPLATE(lock_unlock, Counted)->Name("mutex/lock_unlock/qsc_counted");
BENCHMARK_TEMPLATE(lock_unlock, Pthread)->Name("mutex/lock_unlock/pthread");
BENCHMARK_TEMPLATE(trylock_unlock, Qsc)->Name("mutex/trylock_unlock/qsc");
BENCHMARK_TEMPLATE(trylock_unlock, Pthread)->Name("mutex/trylock_unlock/pthread");
BENCHMARK_TEMPLATE(contended, Qsc)->Name("mutex/contended/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(contended, Counted)->Name("mutex/contended/qsc_counted")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(contended, Pthread)->Name("mutex/contended/pthread")->Threads(2)->UseRealTime();
} // namespace
