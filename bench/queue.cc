// What an item's way through a queue costs: in and out again by one thread, from one thread to another, and
// there and back. Ours that waits beside a ring under a mutex with two condition variables; of those that do
// not wait, whoever finds them full or empty pauses and tries again.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <pthread.h>
#include <quiesce/concurrency/mpmc.h>
#include <quiesce/concurrency/mpsc.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/queue.h>
#include <quiesce/concurrency/spsc.h>
#include <vector>

namespace
{
constexpr size_t CAPACITY = 1024;

// Who finds a queue that does not wait full or empty looks again when some items have gone by: ends that
// follow each other closely pay for a cache line with every item.
constexpr unsigned PAUSES = 64;

template <int (*init)(qsc_queue *, size_t)> class Waiting
{
  public:
    Waiting()
    {
        if (init(&queue_, CAPACITY) != 0)
            std::abort();
    }
    ~Waiting()
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
using Qsc = Waiting<qsc_queue_init>;
using QscSpsc = Waiting<qsc_queue_init_spsc>;

template <class Core, int (*init)(Core *, size_t), void (*fini)(Core *), int (*trypush)(Core *, void *),
          int (*trypop)(Core *, void **)>
class Trying
{
  public:
    Trying()
    {
        if (init(&queue_, CAPACITY) != 0)
            std::abort();
    }
    ~Trying()
    {
        fini(&queue_);
    }
    void push(void *item)
    {
        for (unsigned spent = 0; trypush(&queue_, item) != 0;)
            qsc_port_turn(&spent, PAUSES);
    }
    void *pop()
    {
        void *item = nullptr;
        for (unsigned spent = 0; trypop(&queue_, &item) != 0;)
            qsc_port_turn(&spent, PAUSES);
        return item;
    }

  private:
    Core queue_;
};
using Mpmc = Trying<qsc_mpmc, qsc_mpmc_init, qsc_mpmc_fini, qsc_mpmc_trypush, qsc_mpmc_trypop>;
using Spsc = Trying<qsc_spsc, qsc_spsc_init, qsc_spsc_fini, qsc_spsc_trypush, qsc_spsc_trypop>;

// Unbounded: the producer has as many nodes as the others have places, and waits for the one that it needs.
class Mpsc
{
  public:
    void push(void *item)
    {
        Node &node = nodes_[next_++ % CAPACITY];
        for (unsigned spent = 0; __atomic_load_n(&node.item, __ATOMIC_ACQUIRE);)
            qsc_port_turn(&spent, PAUSES);
        __atomic_store_n(&node.item, item, __ATOMIC_RELAXED);
        qsc_mpsc_push(&queue_, &node.node);
    }
    void *pop()
    {
        qsc_mpsc_node *node = nullptr;
        for (unsigned spent = 0; qsc_mpsc_trypop(&queue_, &node) != 0;)
            qsc_port_turn(&spent, PAUSES);
        void **item = &reinterpret_cast<Node *>(node)->item;
        void *got = *item;
        __atomic_store_n(item, nullptr, __ATOMIC_RELEASE);
        return got;
    }

  private:
    struct Node {
        qsc_mpsc_node node; // the first member
        void *item;
    };
    qsc_mpsc queue_ = {};
    size_t next_ = 0;
    std::vector<Node> nodes_ = std::vector<Node>(CAPACITY);
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
BENCHMARK_TEMPLATE(push_pop, QscSpsc)->Name("queue/push_pop/qsc_spsc");
BENCHMARK_TEMPLATE(push_pop, Mpmc)->Name("queue/push_pop/mpmc");
BENCHMARK_TEMPLATE(push_pop, Spsc)->Name("queue/push_pop/spsc");
BENCHMARK_TEMPLATE(push_pop, Mpsc)->Name("queue/push_pop/mpsc");
BENCHMARK_TEMPLATE(push_pop, Pthread)->Name("queue/push_pop/pthread");
BENCHMARK_TEMPLATE(stream, Qsc)->Name("queue/stream/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(stream, QscSpsc)->Name("queue/stream/qsc_spsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(stream, Mpmc)->Name("queue/stream/mpmc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(stream, Spsc)->Name("queue/stream/spsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(stream, Mpsc)->Name("queue/stream/mpsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(stream, Pthread)->Name("queue/stream/pthread")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(ping_pong, Qsc)->Name("queue/ping_pong/qsc")->Threads(2)->UseRealTime();
BENCHMARK_TEMPLATE(ping_pong, Pthread)->Name("queue/ping_pong/pthread")->Threads(2)->UseRealTime();
} // namespace
