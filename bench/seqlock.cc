// What it costs to read and write 24 bytes as one: a seqlock beside the two locks that could guard them.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <cstring>
#include <pthread.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/seqlock.h>

namespace
{
constexpr size_t words = 3;

struct Seqlock {
    qsc_seqlock lock = QSC_SEQLOCK_INIT;
    uint64_t data[words] = {};
    void read(uint64_t *out)
    {
        qsc_seqlock_read(&lock, data, words, out);
    }
    void write(const uint64_t *in)
    {
        qsc_seqlock_write(&lock, data, words, in);
    }
};

struct Mutex {
    qsc_mutex lock = QSC_MUTEX_INIT;
    uint64_t data[words] = {};
    void read(uint64_t *out)
    {
        qsc_mutex_lock(&lock);
        std::memcpy(out, data, sizeof data);
        qsc_mutex_unlock(&lock);
    }
    void write(const uint64_t *in)
    {
        qsc_mutex_lock(&lock);
        std::memcpy(data, in, sizeof data);
        qsc_mutex_unlock(&lock);
    }
};

struct Rwlock {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    uint64_t data[words] = {};
    void read(uint64_t *out)
    {
        pthread_rwlock_rdlock(&lock);
        std::memcpy(out, data, sizeof data);
        pthread_rwlock_unlock(&lock);
    }
    void write(const uint64_t *in)
    {
        pthread_rwlock_wrlock(&lock);
        std::memcpy(data, in, sizeof data);
        pthread_rwlock_unlock(&lock);
    }
};

template <class Guarded> struct alignas(64) Shared {
    Guarded words;
};

template <class Guarded> Shared<Guarded> shared;

template <class Guarded> void read(benchmark::State &state)
{
    uint64_t out[words];
    for (auto _ : state) {
        shared<Guarded>.words.read(out);
        benchmark::DoNotOptimize(out);
    }
}

template <class Guarded> void write(benchmark::State &state)
{
    uint64_t in[words] = {1, 2, 3};
    for (auto _ : state) {
        benchmark::DoNotOptimize(in);
        shared<Guarded>.words.write(in);
    }
}

BENCHMARK_TEMPLATE(read, Seqlock)->Name("seqlock/read/qsc");
BENCHMARK_TEMPLATE(read, Mutex)->Name("seqlock/read/mutex");
BENCHMARK_TEMPLATE(read, Rwlock)->Name("seqlock/read/pthread_rwlock");
BENCHMARK_TEMPLATE(read, Seqlock)->Name("seqlock/readers/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(read, Mutex)->Name("seqlock/readers/mutex")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(read, Rwlock)->Name("seqlock/readers/pthread_rwlock")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(write, Seqlock)->Name("seqlock/write/qsc");
BENCHMARK_TEMPLATE(write, Mutex)->Name("seqlock/write/mutex");
BENCHMARK_TEMPLATE(write, Rwlock)->Name("seqlock/write/pthread_rwlock");
} // namespace
