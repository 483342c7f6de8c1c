// What a barrier costs, ours beside the C library's and libgomp's: for one thread, and for two that come all
// the time.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <pthread.h>
#include <quiesce/concurrency/barrier.h>
#include <quiesce/concurrency/spinbarrier.h>

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

template <unsigned threads> class Spin
{
  public:
    bool wait()
    {
        return qsc_spinbarrier_wait(&barrier_);
    }

  private:
    qsc_spinbarrier barrier_ = QSC_SPINBARRIER_INIT(threads);
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

// libgomp's is for the threads of a team, so each iteration is a team's 1000 rounds, in real time.
template <class Wait> void in_team(benchmark::State &state, Wait wait)
{
    constexpr int rounds = 1000;
    for (auto _ : state) {
#pragma omp parallel num_threads(2)
        for (int i = 0; i < rounds; i++)
            wait();
    }
    state.SetItemsProcessed(state.iterations() * rounds);
}

void in_team_gomp(benchmark::State &state)
{
    in_team(state, [] {
#pragma omp barrier
    });
}

void in_team_spin(benchmark::State &state)
{
    static Spin<2> barrier;
    in_team(state, [] { benchmark::DoNotOptimize(barrier.wait()); });
}

BENCHMARK(in_team_gomp)->Name("barrier/rounds_1000/libgomp")->UseRealTime();
BENCHMARK(in_team_spin)->Name("barrier/rounds_1000/spinbarrier")->UseRealTime();
BENCHMARK_TEMPLATE(wait, Spin<1>)->Name("barrier/wait_alone/spinbarrier");
BENCHMARK_TEMPLATE(wait, Spin<2>)->Name("barrier/wait/spinbarrier")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(wait, Qsc<1>)->Name("barrier/wait_alone/qsc");
BENCHMARK_TEMPLATE(wait, Pthread<1>)->Name("barrier/wait_alone/pthread");
BENCHMARK_TEMPLATE(wait, Qsc<2>)->Name("barrier/wait/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(wait, Pthread<2>)->Name("barrier/wait/pthread")->Threads(2)->UseRealTime();
} // namespace
