// What forking and joining costs on 1 and 2 threads, ours beside the tasks and loops of the compiler's own
// OpenMP: one task and its join, a tree of 242785 tasks with next to no work in each, and a loop whose bodies
// do nothing.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <omp.h>
#include <quiesce/concurrency/pool.h>

namespace
{
constexpr int FIB = 25;
constexpr long FIB_RESULT = 75025;

class Pool
{
  public:
    explicit Pool(const benchmark::State &state)
    {
        qsc_pool_config config = {static_cast<int>(state.range(0)), 0};
        if (qsc_pool_create(&pool_, &config) != 0)
            std::abort();
    }
    ~Pool()
    {
        qsc_pool_destroy(pool_);
    }
    operator qsc_pool *()
    {
        return pool_;
    }
    // Runs `call` in a slot, as a task would.
    template <class Call> void inside(Call call)
    {
        qsc_parallel_for(
            pool_, 0, 1, 1, [](void *ctx, size_t, size_t) { (*static_cast<Call *>(ctx))(); }, &call);
    }

  private:
    qsc_pool *pool_ = nullptr;
};

void nothing(void *)
{
}

void no_chunk(void *ctx, size_t lo, size_t)
{
    benchmark::DoNotOptimize(ctx);
    benchmark::DoNotOptimize(lo);
}

void spawn_wait_qsc(benchmark::State &state)
{
    Pool pool(state);
    pool.inside([&] {
        for (auto _ : state) {
            qsc_group group = QSC_GROUP_INIT;
            qsc_task task;
            qsc_task_spawn(pool, &group, &task, nothing, nullptr);
            qsc_group_wait(pool, &group);
        }
    });
}

void spawn_wait_openmp(benchmark::State &state)
{
#pragma omp parallel num_threads(static_cast <int>(state.range(0)))
#pragma omp single
    for (auto _ : state) {
#pragma omp task
        nothing(nullptr);
#pragma omp taskwait
    }
}

struct Fib {
    qsc_pool *pool;
    long n, result;
};

void fib(void *arg)
{
    Fib *me = static_cast<Fib *>(arg);
    if (me->n < 2) {
        me->result = me->n;
        return;
    }
    Fib left = {me->pool, me->n - 1, 0}, right = {me->pool, me->n - 2, 0};
    qsc_group group = QSC_GROUP_INIT;
    qsc_task task;
    qsc_task_spawn(me->pool, &group, &task, fib, &left);
    fib(&right);
    qsc_group_wait(me->pool, &group);
    me->result = left.result + right.result;
}

void fib_qsc(benchmark::State &state)
{
    Pool pool(state);
    pool.inside([&] {
        for (auto _ : state) {
            Fib root = {pool, FIB, 0};
            fib(&root);
            if (root.result != FIB_RESULT)
                state.SkipWithError("wrong result");
        }
    });
}

long fib_tasks(long n)
{
    if (n < 2)
        return n;
    long left, right;
#pragma omp task shared(left)
    left = fib_tasks(n - 1);
    right = fib_tasks(n - 2);
#pragma omp taskwait
    return left + right;
}

void fib_openmp(benchmark::State &state)
{
#pragma omp parallel num_threads(static_cast <int>(state.range(0)))
#pragma omp single
    for (auto _ : state)
        if (fib_tasks(FIB) != FIB_RESULT)
            state.SkipWithError("wrong result");
}

void parallel_for_qsc(benchmark::State &state)
{
    Pool pool(state);
    for (auto _ : state)
        qsc_parallel_for(pool, 0, 16, 1, no_chunk, nullptr);
}

void parallel_for_openmp(benchmark::State &state)
{
    for (auto _ : state) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(static_cast <int>(state.range(0)))
        for (size_t i = 0; i < 16; i++)
            no_chunk(nullptr, i, i + 1);
    }
}

BENCHMARK(spawn_wait_qsc)->Name("pool/spawn_wait/qsc")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(spawn_wait_openmp)->Name("pool/spawn_wait/openmp")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(fib_qsc)->Name("pool/fib_25/qsc")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(fib_openmp)
    ->Name("pool/fib_25/openmp")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(parallel_for_qsc)->Name("pool/parallel_for_16/qsc")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(parallel_for_openmp)->Name("pool/parallel_for_16/openmp")->Arg(1)->Arg(2)->UseRealTime();
} // namespace
