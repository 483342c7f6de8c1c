// The speed at which contributions are added: each kind of buffers but rows, a plain accumulator under a
// mutex (in the order of arrival), and, as the limit, threads that add vectors of their own and never meet.
// 16 contributions of 22 million floats (the gradient of MiniLM-L6) or of 100000; nobody computes anything in
// between, so all threads add all the time. Bytes are two reads and a write of floats for each addition,
// whatever a kind really moves. of_triad is the share of what STREAM's triad does with the same vectors and
// threads, one pass after each round.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <chrono>
#include <pthread.h>
#include <quiesce/concurrency/gradbuf.h>
#include <quiesce/concurrency/pool.h>
#include <vector>

namespace
{
constexpr uint32_t CONTRIBUTIONS = 16;

class Bench
{
  public:
    explicit Bench(benchmark::State &state)
        : state_(state), size_(static_cast<size_t>(state.range(0))),
          threads_(static_cast<int>(state.range(1)))
    {
        qsc_pool_config config = {};
        config.threads = threads_;
        if (qsc_pool_create(&pool_, &config) != 0)
            std::abort();
    }
    ~Bench()
    {
        qsc_pool_destroy(pool_);
    }
    size_t size() const
    {
        return size_;
    }
    int threads() const
    {
        return threads_;
    }
    int thread() const
    {
        return qsc_pool_worker_index(pool_);
    }
    // Rounds of `contribute(index)` for each index, each ended by `finish()`.
    template <class Contribute, class Finish> void run(Contribute contribute, Finish finish)
    {
        auto round = [&] {
            qsc_parallel_for(
                pool_, 0, CONTRIBUTIONS, 1,
                [](void *ctx, size_t lo, size_t) {
                    (*static_cast<Contribute *>(ctx))(static_cast<uint32_t>(lo));
                },
                &contribute);
            finish();
        };
        for (int i = 0; i < 2; i++) { // so that all memory has been touched
            round();
            triad();
        }
        double rounds = 0, triads = 0;
        for (auto _ : state_) {
            double seconds = time(round);
            state_.SetIterationTime(seconds);
            rounds += seconds;
            triads += time([this] { triad(); });
        }
        state_.SetBytesProcessed(state_.iterations() * (CONTRIBUTIONS - 1) * static_cast<int64_t>(size_) *
                                 12);
        state_.counters["of_triad"] = (CONTRIBUTIONS - 1) * triads / rounds;
    }

  private:
    template <class Work> static double time(Work work)
    {
        auto begin = std::chrono::steady_clock::now();
        work();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    void triad()
    {
        qsc_parallel_for(
            pool_, 0, size_, 32768,
            [](void *ctx, size_t lo, size_t hi) {
                auto &bench = *static_cast<Bench *>(ctx);
                float *__restrict a = bench.a_.data();
                const float *__restrict b = bench.b_.data(), *__restrict c = bench.c_.data();
                for (size_t i = lo; i < hi; i++)
                    a[i] = b[i] + 3 * c[i];
            },
            this);
    }

    benchmark::State &state_;
    size_t size_;
    int threads_;
    qsc_pool *pool_ = nullptr;
    std::vector<float> a_ = std::vector<float>(size_), b_ = a_, c_ = a_; // of the triad
};

void add(float *__restrict to, const float *__restrict from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] += from[i];
}

std::vector<std::vector<float>> vectors(const Bench &bench)
{
    return std::vector<std::vector<float>>(static_cast<size_t>(bench.threads()),
                                           std::vector<float>(bench.size()));
}

// In place where a kind has shards of floats, else by adding a vector of the thread's own.
template <class Init> void accumulate(benchmark::State &state, Init init)
{
    Bench bench(state);
    qsc_gradbuf buffers;
    if (init(&buffers, bench.size(), static_cast<uint32_t>(bench.threads())) != 0)
        std::abort();
    auto values = vectors(bench);
    bool failed = qsc_gradbuf_open(&buffers, CONTRIBUTIONS) != 0;
    bench.run(
        [&](uint32_t index) {
            float *grad = nullptr;
            if (qsc_gradbuf_begin(&buffers, index, &grad) != 0)
                std::abort();
            benchmark::DoNotOptimize(grad);
            const float *own = values[static_cast<size_t>(bench.thread())].data();
            if (!grad && qsc_gradbuf_add(&buffers, index, 0, own, bench.size()) != 0)
                std::abort();
            qsc_gradbuf_commit(&buffers, index);
        },
        [&] {
            float *sum = nullptr;
            failed |= qsc_gradbuf_wait(&buffers, &sum) != 0;
            qsc_gradbuf_release(&buffers);
            failed |= qsc_gradbuf_open(&buffers, CONTRIBUTIONS) != 0;
        });
    if (failed)
        state.SkipWithError("a round failed");
    qsc_gradbuf_fini(&buffers);
}

void accumulate_qsc(benchmark::State &state)
{
    accumulate(state, qsc_gradbuf_init);
}

void accumulate_bf16(benchmark::State &state)
{
    accumulate(state, qsc_gradbuf_init_bf16);
}

void accumulate_striped(benchmark::State &state)
{
    accumulate(state, [](qsc_gradbuf *buffers, size_t size, uint32_t) {
        return qsc_gradbuf_init_striped(buffers, size);
    });
}

void accumulate_atomic(benchmark::State &state)
{
    accumulate(state, [](qsc_gradbuf *buffers, size_t size, uint32_t) {
        return qsc_gradbuf_init_atomic(buffers, size);
    });
}

void accumulate_pthread(benchmark::State &state)
{
    Bench bench(state);
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    std::vector<float> sum(bench.size());
    auto shards = vectors(bench);
    bench.run(
        [&](uint32_t index) {
            if (index == 0)
                return; // what the others do not need to do either: the first is moved in
            pthread_mutex_lock(&mutex);
            add(sum.data(), shards[static_cast<size_t>(bench.thread())].data(), bench.size());
            pthread_mutex_unlock(&mutex);
        },
        [] {});
}

void accumulate_apart(benchmark::State &state)
{
    Bench bench(state);
    auto sums = vectors(bench), shards = vectors(bench);
    bench.run(
        [&](uint32_t index) {
            size_t own = static_cast<size_t>(bench.thread());
            if (index != 0)
                add(sums[own].data(), shards[own].data(), bench.size());
        },
        [] {});
}

void sizes(benchmark::internal::Benchmark *benchmark)
{
    benchmark->ArgsProduct({{100000, 22713216}, {1, 2}})->UseManualTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK(accumulate_qsc)->Name("gradbuf/accumulate_16/qsc")->Apply(sizes);
BENCHMARK(accumulate_bf16)->Name("gradbuf/accumulate_16/bf16")->Apply(sizes);
BENCHMARK(accumulate_striped)->Name("gradbuf/accumulate_16/striped")->Apply(sizes);
BENCHMARK(accumulate_atomic)->Name("gradbuf/accumulate_16/atomic")->Apply(sizes);
BENCHMARK(accumulate_pthread)->Name("gradbuf/accumulate_16/pthread")->Apply(sizes);
BENCHMARK(accumulate_apart)->Name("gradbuf/accumulate_16/apart")->Apply(sizes);
} // namespace
