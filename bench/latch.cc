// What a latch costs, ours beside a mutex and a condition variable (C++17 has no latch): counted down and
// waited for by one thread. What a sleep and a wake-up cost is the kernel's; bench-barrier has it.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <condition_variable>
#include <mutex>
#include <quiesce/concurrency/latch.h>

namespace
{
class Qsc
{
  public:
    void reset(unsigned count)
    {
        latch_ = QSC_LATCH_INIT(count);
    }
    void count_down()
    {
        qsc_latch_count_down(&latch_, 1);
    }
    void wait()
    {
        qsc_latch_wait(&latch_);
    }

  private:
    qsc_latch latch_ = QSC_LATCH_INIT(0);
};

class Std
{
  public:
    void reset(unsigned count)
    {
        count_ = count;
    }
    void count_down()
    {
        std::lock_guard<std::mutex> hold(mutex_);
        if (--count_ == 0)
            opened_.notify_all();
    }
    void wait()
    {
        std::unique_lock<std::mutex> hold(mutex_);
        opened_.wait(hold, [this] { return count_ == 0; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable opened_;
    unsigned count_ = 0;
};

template <class Latch> void count_down_wait(benchmark::State &state)
{
    static Latch latch;
    for (auto _ : state) {
        latch.reset(1);
        latch.count_down();
        latch.wait();
    }
}

BENCHMARK_TEMPLATE(count_down_wait, Qsc)->Name("latch/count_down_wait/qsc");
BENCHMARK_TEMPLATE(count_down_wait, Std)->Name("latch/count_down_wait/std_condition_variable");
} // namespace
