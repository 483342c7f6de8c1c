// What a barrier costs, ours beside the C library's: for one thread, and for two that come all the time.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <pthread.h>
#include <quiesce/concurrency/barrier.h>

namespace
{
template <unsigned threads> class Qsc
{
  public:
    bool wait()
    {
        return qsc_barrier_wait(&barrier_);
    }

  private:
    qsc_barrier barrier_ = QSC_BARRIER_INIT(threads);
};

template <unsigned threads> class Pthread
{
  public:
    Pthread()
    {
        pthread_barrier_init(&barrier_, nullptr, threads);
    }
    bool wait()
    {
        return pthread_barrier_wait(&barrier_) == PTHREAD_BARRIER_SERIAL_THREAD;
    }

  private:
    pthread_barrier_t barrier_;
};

// All threads make the same number of rounds.
template <class Barrier> void wait(benchmark::State &state)
{
    alignas(64) static Barrier barrier;
    for (auto _ : state)
        benchmark::DoNotOptimize(barrier.wait());
}

BENCHMARK_TEMPLATE(wait, Qsc<1>)->Name("barrier/wait_alone/qsc");
BENCHMARK_TEMPLATE(wait, Pthread<1>)->Name("barrier/wait_alone/pthread");
BENCHMARK_TEMPLATE(wait, Qsc<2>)->Name("barrier/wait/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(wait, Pthread<2>)->Name("barrier/wait/pthread")->Threads(2)->UseRealTime();
} // namespace
