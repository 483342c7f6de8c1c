// bystander.h: a second thread, asleep. glibc leaves out the atomic accesses of its locks while a process has
// only one thread, which no program that needs a lock ever sees.
#ifndef QUIESCE_BENCH_BYSTANDER_H
#define QUIESCE_BENCH_BYSTANDER_H

#include <condition_variable>
#include <mutex>
#include <thread>

namespace
{
class Bystander
{
  public:
    Bystander() : thread_([this] { sleep(); })
    {
    }
    ~Bystander()
    {
        {
            std::lock_guard<std::mutex> hold(mutex_);
            done_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

  private:
    void sleep()
    {
        std::unique_lock<std::mutex> hold(mutex_);
        wake_.wait(hold, [this] { return done_; });
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    bool done_ = false;
    std::thread thread_; // last: it uses the others
} bystander;
} // namespace

#endif
