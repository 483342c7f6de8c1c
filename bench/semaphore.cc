// What a semaphore costs, ours, also with a token that could cancel each wait, beside the C library's: a unit
// taken and given back by one thread, by two that share one unit, and handed there and back between two
// threads.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <quiesce/concurrency/semaphore.h>
#include <semaphore.h>

namespace
{
class Qsc
{
  public:
    void post()
    {
        qsc_semaphore_post(&semaphore_, 1);
    }
    bool trywait()
    {
        return qsc_semaphore_trywait(&semaphore_, 1);
    }
    void wait()
    {
        qsc_semaphore_wait(&semaphore_, 1);
    }

  protected:
    qsc_semaphore semaphore_ = QSC_SEMAPHORE_INIT(0);
};

class QscCancellable : public Qsc
{
  public:
    void wait()
    {
        benchmark::DoNotOptimize(qsc_semaphore_wait_cancellable(&semaphore_, 1, nullptr, &request_));
    }

  private:
    qsc_cancel server_ = QSC_CANCEL_INIT;
    qsc_cancel request_ = QSC_CANCEL_CHILD(&server_);
};

class Posix
{
  public:
    Posix()
    {
        sem_init(&semaphore_, 0, 0);
    }
    void post()
    {
        sem_post(&semaphore_);
    }
    bool trywait()
    {
        return sem_trywait(&semaphore_) == 0;
    }
    void wait()
    {
        while (sem_wait(&semaphore_) != 0)
            ;
    }

  private:
    sem_t semaphore_;
};

template <class Semaphore> struct alignas(64) Lonely {
    Semaphore semaphore;
};
template <class Semaphore> Lonely<Semaphore> there;
template <class Semaphore> Lonely<Semaphore> back;
template <class Semaphore> Lonely<Semaphore> unit;

template <class Semaphore> void post_wait(benchmark::State &state)
{
    Semaphore &semaphore = there<Semaphore>.semaphore;
    for (auto _ : state) {
        semaphore.post();
        semaphore.wait();
    }
}

template <class Semaphore> void post_trywait(benchmark::State &state)
{
    Semaphore &semaphore = there<Semaphore>.semaphore;
    for (auto _ : state) {
        semaphore.post();
        benchmark::DoNotOptimize(semaphore.trywait());
    }
}

// One unit, as if it were a lock with nothing inside.
template <class Semaphore> void contended(benchmark::State &state)
{
    Semaphore &semaphore = unit<Semaphore>.semaphore;
    if (state.thread_index() == 0)
        semaphore.post();
    for (auto _ : state) {
        semaphore.wait();
        semaphore.post();
    }
    if (state.thread_index() == 0)
        semaphore.wait();
    state.SetItemsProcessed(state.iterations());
}

template <class Semaphore> void ping_pong(benchmark::State &state)
{
    Semaphore &out = (state.thread_index() == 0 ? there<Semaphore> : back<Semaphore>).semaphore;
    Semaphore &in = (state.thread_index() == 0 ? back<Semaphore> : there<Semaphore>).semaphore;
    for (auto _ : state) {
        if (state.thread_index() == 0)
            out.post();
        in.wait();
        if (state.thread_index() == 1)
            out.post();
    }
}

BENCHMARK_TEMPLATE(post_wait, Qsc)->Name("semaphore/post_wait/qsc");
BENCHMARK_TEMPLATE(post_wait, QscCancellable)->Name("semaphore/post_wait/qsc_cancellable");
BENCHMARK_TEMPLATE(post_wait, Posix)->Name("semaphore/post_wait/posix");
BENCHMARK_TEMPLATE(post_trywait, Qsc)->Name("semaphore/post_trywait/qsc");
BENCHMARK_TEMPLATE(post_trywait, Posix)->Name("semaphore/post_trywait/posix");
BENCHMARK_TEMPLATE(contended, Qsc)->Name("semaphore/contended/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(contended, Posix)->Name("semaphore/contended/posix")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(ping_pong, Qsc)->Name("semaphore/ping_pong/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(ping_pong, QscCancellable)
    ->Name("semaphore/ping_pong/qsc_cancellable")
    ->Threads(2)
    ->UseRealTime();
BENCHMARK_TEMPLATE(ping_pong, Posix)->Name("semaphore/ping_pong/posix")->Threads(2)->UseRealTime();
} // namespace
