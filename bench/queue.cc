// What an item's way through the queue costs, ours beside a ring under a mutex with two condition variables:
// in and out again by one thread, from one thread to another, and there and back.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <pthread.h>
#include <quiesce/concurrency/queue.h>
#include <vector>

namespace
{
constexpr size_t CAPACITY = 256;

class Qsc
{
  public:
    Qsc()
    {
        if (qsc_queue_init(&queue_, CAPACITY) != 0)
            std::abort();
    }
    ~Qsc()
    {
        qsc_queue_fini(&queue_);
    }
    void push(void *item)
    {
        benchmark::DoNotOptimize(qsc_queue_push(&queue_, item));
    }
    void *pop()
    {
        void *item = nullptr;
        benchmark::DoNotOptimize(qsc_queue_pop(&queue_, &item));
        return item;
    }

  private:
    qsc_queue queue_;
};

class Pthread
{
  public:
    void push(void *item)
    {
        pthread_mutex_lock(&mutex_);
        while (count_ == CAPACITY)
            pthread_cond_wait(&freed_, &mutex_);
        ring_[(first_ + count_++) % CAPACITY] = item;
        pthread_mutex_unlock(&mutex_);
        pthread_cond_signal(&filled_);
    }
    void *pop()
    {
        pthread_mutex_lock(&mutex_);
        while (count_ == 0)
            pthread_cond_wait(&filled_, &mutex_);
        void *item = ring_[first_++ % CAPACITY];
        count_--;
        pthread_mutex_unlock(&mutex_);
        pthread_cond_signal(&freed_);
        return item;
    }

  private:
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t filled_ = PTHREAD_COND_INITIALIZER, freed_ = PTHREAD_COND_INITIALIZER;
    size_t first_ = 0, count_ = 0;
    std::vector<void *> ring_ = std::vector<void *>(CAPACITY);
};

template <class Queue> Queue there;
template <class Queue> Queue back;

template <class Queue> void push_pop(benchmark::State &state)
{
    Queue &queue = there<Queue>;
    for (auto _ : state) {
        queue.push(&state);
        benchmark::DoNotOptimize(queue.pop());
    }
}

template <class Queue> void stream(benchmark::State &state)
{
    Queue &queue = there<Queue>;
    for (auto _ : state)
        if (state.thread_index() == 0)
            queue.push(&state);
        else
            benchmark::DoNotOptimize(queue.pop());
    if (state.thread_index() == 0)
        state.SetItemsProcessed(state.iterations());
}

template <class Queue> void ping_pong(benchmark::State &state)
{
    Queue &out = state.thread_index() == 0 ? there<Queue> : back<Queue>;
    Queue &in = state.thread_index() == 0 ? back<Queue> : there<Queue>;
    for (auto _ : state) {
        if (state.thread_index() == 0)
            out.push(&state);
        benchmark::DoNotOptimize(in.pop());
        if (state.thread_index() == 1)
            out.push(&state);
    }
}

BENCHMARK_TEMPLATE(push_pop, Qsc)->Name("queue/push_pop/qsc");
BENCHMARK_TEMPLATE(push_pop, Pthread)->Name("queue/push_pop/pthread");
BENCHMARK_TEMPLATE(stream, Qsc)->Name("queue/stream/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(stream, Pthread)->Name("queue/stream/pthread")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(ping_pong, Qsc)->Name("queue/ping_pong/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(ping_pong, Pthread)->Name("queue/ping_pong/pthread")->Threads(2)->UseRealTime();
} // namespace
