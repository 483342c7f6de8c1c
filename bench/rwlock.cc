// What a reader-writer lock costs, ours beside the C library's: alone, and with two threads that read nine
// times out of ten.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <pthread.h>
#include <quiesce/concurrency/brlock.h>
#include <quiesce/concurrency/pflock.h>
#include <quiesce/concurrency/rwlock.h>

namespace
{
struct Qsc {
    qsc_rwlock lock = QSC_RWLOCK_INIT;
    void read_lock()
    {
        qsc_rwlock_read_lock(&lock);
    }
    void read_unlock()
    {
        qsc_rwlock_read_unlock(&lock);
    }
    void write_lock()
    {
        qsc_rwlock_write_lock(&lock);
    }
    void write_unlock()
    {
        qsc_rwlock_write_unlock(&lock);
    }
};

struct Brlock {
    qsc_brlock lock;
    Brlock()
    {
        if (qsc_brlock_init(&lock))
            std::abort();
    }
    ~Brlock()
    {
        qsc_brlock_fini(&lock);
    }
    void read_lock()
    {
        qsc_brlock_read_lock(&lock);
    }
    void read_unlock()
    {
        qsc_brlock_read_unlock(&lock);
    }
    void write_lock()
    {
        qsc_brlock_write_lock(&lock);
    }
    void write_unlock()
    {
        qsc_brlock_write_unlock(&lock);
    }
};

struct Pflock {
    qsc_pflock lock = QSC_PFLOCK_INIT;
    void read_lock()
    {
        qsc_pflock_read_lock(&lock);
    }
    void read_unlock()
    {
        qsc_pflock_read_unlock(&lock);
    }
    void write_lock()
    {
        qsc_pflock_write_lock(&lock);
    }
    void write_unlock()
    {
        qsc_pflock_write_unlock(&lock);
    }
};

struct Pthread {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    void read_lock()
    {
        pthread_rwlock_rdlock(&lock);
    }
    void read_unlock()
    {
        pthread_rwlock_unlock(&lock);
    }
    void write_lock()
    {
        pthread_rwlock_wrlock(&lock);
    }
    void write_unlock()
    {
        pthread_rwlock_unlock(&lock);
    }
};

template <class Lock> struct Shared {
    alignas(64) Lock lock;
    alignas(64) long value = 0;
};

template <class Lock> Shared<Lock> shared;

template <class Lock> void read_pair(benchmark::State &state)
{
    Lock &lock = shared<Lock>.lock;
    for (auto _ : state) {
        lock.read_lock();
        benchmark::ClobberMemory();
        lock.read_unlock();
    }
}

template <class Lock> void write_pair(benchmark::State &state)
{
    Lock &lock = shared<Lock>.lock;
    for (auto _ : state) {
        lock.write_lock();
        benchmark::ClobberMemory();
        lock.write_unlock();
    }
}

template <class Lock> void mixed(benchmark::State &state)
{
    Shared<Lock> &at = shared<Lock>;
    int turn = state.thread_index() * 5;
    for (auto _ : state) {
        if (++turn % 10) {
            at.lock.read_lock();
            benchmark::DoNotOptimize(at.value);
            at.lock.read_unlock();
        } else {
            at.lock.write_lock();
            benchmark::DoNotOptimize(at.value += 1);
            at.lock.write_unlock();
        }
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK_TEMPLATE(read_pair, Qsc)->Name("rwlock/read_lock_unlock/qsc");
BENCHMARK_TEMPLATE(read_pair, Brlock)->Name("rwlock/read_lock_unlock/brlock");
BENCHMARK_TEMPLATE(read_pair, Pflock)->Name("rwlock/read_lock_unlock/pflock");
BENCHMARK_TEMPLATE(read_pair, Pthread)->Name("rwlock/read_lock_unlock/pthread");
BENCHMARK_TEMPLATE(write_pair, Qsc)->Name("rwlock/write_lock_unlock/qsc");
BENCHMARK_TEMPLATE(write_pair, Brlock)->Name("rwlock/write_lock_unlock/brlock");
BENCHMARK_TEMPLATE(write_pair, Pflock)->Name("rwlock/write_lock_unlock/pflock");
BENCHMARK_TEMPLATE(write_pair, Pthread)->Name("rwlock/write_lock_unlock/pthread");
BENCHMARK_TEMPLATE(read_pair, Qsc)->Name("rwlock/readers/qsc")->ThreadRange(1, 4)->UseRealTime();
BENCHMARK_TEMPLATE(read_pair, Brlock)->Name("rwlock/readers/brlock")->ThreadRange(1, 4)->UseRealTime();
BENCHMARK_TEMPLATE(read_pair, Pflock)->Name("rwlock/readers/pflock")->ThreadRange(1, 4)->UseRealTime();
BENCHMARK_TEMPLATE(read_pair, Pthread)->Name("rwlock/readers/pthread")->ThreadRange(1, 4)->UseRealTime();
BENCHMARK_TEMPLATE(mixed, Qsc)->Name("rwlock/mixed/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(mixed, Brlock)->Name("rwlock/mixed/brlock")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(mixed, Pflock)->Name("rwlock/mixed/pflock")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(mixed, Pthread)->Name("rwlock/mixed/pthread")->Threads(2)->UseRealTime();
} // namespace
