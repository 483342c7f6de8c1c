// What a condition variable costs, ours with our mutex beside the C library's with its own: a signal for
// nobody, and a turn handed there and back between two threads.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <pthread.h>
#include <quiesce/concurrency/condvar.h>

namespace
{
class Qsc
{
  public:
    void lock()
    {
        qsc_mutex_lock(&mutex_);
    }
    void unlock()
    {
        qsc_mutex_unlock(&mutex_);
    }
    void wait()
    {
        qsc_condvar_wait(&condvar_, &mutex_);
    }
    void signal()
    {
        qsc_condvar_signal(&condvar_);
    }

  private:
    qsc_mutex mutex_ = QSC_MUTEX_INIT;
    qsc_condvar condvar_ = QSC_CONDVAR_INIT;
};

class Pthread
{
  public:
    void lock()
    {
        pthread_mutex_lock(&mutex_);
    }
    void unlock()
    {
        pthread_mutex_unlock(&mutex_);
    }
    void wait()
    {
        pthread_cond_wait(&condvar_, &mutex_);
    }
    void signal()
    {
        pthread_cond_signal(&condvar_);
    }

  private:
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condvar_ = PTHREAD_COND_INITIALIZER;
};

template <class Monitor> void signal_nobody(benchmark::State &state)
{
    static Monitor monitor;
    for (auto _ : state) {
        monitor.signal();
        benchmark::ClobberMemory();
    }
}

template <class Monitor> void ping_pong(benchmark::State &state)
{
    static Monitor monitor;
    static int turn;
    for (auto _ : state) {
        monitor.lock();
        while (turn != state.thread_index())
            monitor.wait();
        turn = !turn;
        monitor.unlock();
        monitor.signal();
    }
}

BENCHMARK_TEMPLATE(signal_nobody, Qsc)->Name("condvar/signal_nobody/qsc");
BENCHMARK_TEMPLATE(signal_nobody, Pthread)->Name("condvar/signal_nobody/pthread");
BENCHMARK_TEMPLATE(ping_pong, Qsc)->Name("condvar/ping_pong/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(ping_pong, Pthread)->Name("condvar/ping_pong/pthread")->Threads(2)->UseRealTime();
} // namespace
