// What forking and joining costs on 1 and 2 threads, ours beside the tasks and loops of the compiler's own
// OpenMP and of oneTBB, where that is installed: one task and its join, trees of tasks with next to no work
// in each, regular (Fibonacci numbers) and not (queens, an unbalanced tree), and a loop whose bodies do
// nothing.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <cmath>
#include <omp.h>
#include <quiesce/concurrency/pool.h>
#include <string>
#ifdef QSC_BENCH_TBB
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#endif

namespace
{
constexpr long fib_result(int n)
{
    long result = 0;
    for (long next = 1; n > 0; n--) {
        long before = result;
        result = next;
        next += before;
    }
    return result;
}

class Pool
{
  public:
    explicit Pool(const benchmark::State &state)
    {
        qsc_pool_config config = {};
        config.threads = static_cast<int>(state.range(0));
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

template <int N> void fib_qsc(benchmark::State &state)
{
    Pool pool(state);
    pool.inside([&] {
        for (auto _ : state) {
            Fib root = {pool, N, 0};
            fib(&root);
            if (root.result != fib_result(N))
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

template <int N> void fib_openmp(benchmark::State &state)
{
#pragma omp parallel num_threads(static_cast <int>(state.range(0)))
#pragma omp single
    for (auto _ : state)
        if (fib_tasks(N) != fib_result(N))
            state.SkipWithError("wrong result");
}

// All placements of queens on a board, row by row.
struct Queens {
    static constexpr int SIZE = 12, MOST = SIZE;
    static constexpr long LEAVES = 14200;
    uint32_t columns, left, right;
    int row;

    static Queens root()
    {
        return {0, 0, 0, 0};
    }
    bool counts() const
    {
        return row == SIZE;
    }
    int expand(Queens *children) const
    {
        int count = 0;
        for (uint32_t free = ~(columns | left | right) & ((1U << SIZE) - 1U); free; free &= free - 1) {
            uint32_t queen = free & -free;
            children[count++] = {columns | queen, (left | queen) << 1, (right | queen) >> 1, row + 1};
        }
        return count;
    }
};

// An unbalanced tree after S. Olivier et al., "UTS: an unbalanced tree search benchmark", LCPC 2006: the tree
// T1 (geometric, 4 children on average, depth 10) but for the hash, which is splitmix64 in the place of
// SHA-1.
struct Unbalanced {
    static constexpr int DEPTH = 10, MOST = 100;
    static constexpr long LEAVES = 0; // not known beforehand, but the same for all
    uint64_t state;
    int depth;

    static Unbalanced root()
    {
        return {19, 0};
    }
    bool counts() const
    {
        return true;
    }
    static uint64_t mix(uint64_t x)
    {
        x += 0x9e3779b97f4a7c15;
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
        x = (x ^ x >> 27) * 0x94d049bb133111eb;
        return x ^ x >> 31;
    }
    int expand(Unbalanced *children) const
    {
        if (depth == DEPTH)
            return 0;
        static const double scale = 1 / std::log(1 - 1 / 5.0);
        double uniform = static_cast<double>(state >> 11) * 0x1p-53;
        int count = depth == 0 ? 4 : static_cast<int>(std::log(1 - uniform) * scale);
        count = count < MOST ? count : MOST;
        for (int i = 0; i < count; i++)
            children[i] = {mix(state + static_cast<uint64_t>(i) * 0xd1342543de82ef95), depth + 1};
        return count;
    }
};

// The nodes that count, of the tree below one: each child a task but the last.
template <class Node> struct Visit {
    qsc_pool *pool;
    Node node;
    long found;
};

template <class Node> void visit(void *arg)
{
    auto *me = static_cast<Visit<Node> *>(arg);
    Node children[Node::MOST];
    Visit<Node> visits[Node::MOST];
    qsc_task tasks[Node::MOST];
    qsc_group group = QSC_GROUP_INIT;
    int count = me->node.expand(children);
    for (int i = 0; i < count; i++) {
        visits[i] = {me->pool, children[i], 0};
        if (i < count - 1)
            qsc_task_spawn(me->pool, &group, &tasks[i], visit<Node>, &visits[i]);
        else
            visit<Node>(&visits[i]);
    }
    qsc_group_wait(me->pool, &group);
    me->found = me->node.counts();
    for (int i = 0; i < count; i++)
        me->found += visits[i].found;
}

template <class Node> long visit_openmp(const Node &node)
{
    Node children[Node::MOST];
    long found[Node::MOST];
    int count = node.expand(children);
    for (int i = 0; i < count - 1; i++) {
#pragma omp task shared(children, found) firstprivate(i)
        found[i] = visit_openmp(children[i]);
    }
    if (count > 0)
        found[count - 1] = visit_openmp(children[count - 1]);
#pragma omp taskwait
    long sum = node.counts();
    for (int i = 0; i < count; i++)
        sum += found[i];
    return sum;
}

template <class Node> void check(benchmark::State &state, long found)
{
    static long expected = Node::LEAVES;
    if (expected == 0)
        expected = found;
    if (found != expected)
        state.SkipWithError("wrong result");
    state.counters["found"] = static_cast<double>(found);
}

template <class Node> void tree_qsc(benchmark::State &state)
{
    Pool pool(state);
    pool.inside([&] {
        for (auto _ : state) {
            Visit<Node> root = {pool, Node::root(), 0};
            visit<Node>(&root);
            check<Node>(state, root.found);
        }
    });
}

template <class Node> void tree_openmp(benchmark::State &state)
{
#pragma omp parallel num_threads(static_cast <int>(state.range(0)))
#pragma omp single
    for (auto _ : state)
        check<Node>(state, visit_openmp(Node::root()));
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

#ifdef QSC_BENCH_TBB
void spawn_wait_tbb(benchmark::State &state)
{
    tbb::task_arena(static_cast<int>(state.range(0))).execute([&] {
        for (auto _ : state) {
            tbb::task_group group;
            group.run([] { nothing(nullptr); });
            group.wait();
        }
    });
}

long fib_tbb_tasks(long n)
{
    if (n < 2)
        return n;
    long left, right;
    tbb::task_group group;
    group.run([&] { left = fib_tbb_tasks(n - 1); });
    right = fib_tbb_tasks(n - 2);
    group.wait();
    return left + right;
}

template <int N> void fib_tbb(benchmark::State &state)
{
    tbb::task_arena(static_cast<int>(state.range(0))).execute([&] {
        for (auto _ : state)
            if (fib_tbb_tasks(N) != fib_result(N))
                state.SkipWithError("wrong result");
    });
}

template <class Node> long visit_tbb(const Node &node)
{
    Node children[Node::MOST];
    long found[Node::MOST];
    int count = node.expand(children);
    tbb::task_group group;
    for (int i = 0; i < count - 1; i++)
        group.run([&, i] { found[i] = visit_tbb(children[i]); });
    if (count > 0)
        found[count - 1] = visit_tbb(children[count - 1]);
    group.wait();
    long sum = node.counts();
    for (int i = 0; i < count; i++)
        sum += found[i];
    return sum;
}

template <class Node> void tree_tbb(benchmark::State &state)
{
    tbb::task_arena(static_cast<int>(state.range(0))).execute([&] {
        for (auto _ : state)
            check<Node>(state, visit_tbb(Node::root()));
    });
}

void parallel_for_tbb(benchmark::State &state)
{
    tbb::task_arena(static_cast<int>(state.range(0))).execute([&] {
        for (auto _ : state)
            tbb::parallel_for(
                tbb::blocked_range<size_t>(0, 16, 1),
                [](const tbb::blocked_range<size_t> &range) {
                    no_chunk(nullptr, range.begin(), range.end());
                },
                tbb::simple_partitioner());
    });
}
#endif

void each(const char *name, void (*qsc)(benchmark::State &), void (*openmp)(benchmark::State &),
          void (*tbb)(benchmark::State &), benchmark::TimeUnit unit)
{
    const struct {
        const char *name;
        void (*run)(benchmark::State &);
    } all[] = {{"/qsc", qsc}, {"/openmp", openmp}, {"/tbb", tbb}};
    for (const auto &one : all)
        if (one.run)
            benchmark::RegisterBenchmark((std::string("pool/") + name + one.name).c_str(), one.run)
                ->Arg(1)
                ->Arg(2)
                ->UseRealTime()
                ->Unit(unit);
}

#ifdef QSC_BENCH_TBB
#define TBB(function) function
#else
#define TBB(function) nullptr
#endif

[[maybe_unused]] const bool registered = [] {
    each("spawn_wait", spawn_wait_qsc, spawn_wait_openmp, TBB(spawn_wait_tbb), benchmark::kNanosecond);
    each("fib_25", fib_qsc<25>, fib_openmp<25>, TBB(fib_tbb<25>), benchmark::kMillisecond);
    each("fib_32", fib_qsc<32>, fib_openmp<32>, TBB(fib_tbb<32>), benchmark::kMillisecond);
    each("nqueens_12", tree_qsc<Queens>, tree_openmp<Queens>, TBB(tree_tbb<Queens>), benchmark::kMillisecond);
    each("uts_t1", tree_qsc<Unbalanced>, tree_openmp<Unbalanced>, TBB(tree_tbb<Unbalanced>),
         benchmark::kMillisecond);
    each("parallel_for_16", parallel_for_qsc, parallel_for_openmp, TBB(parallel_for_tbb),
         benchmark::kNanosecond);
    return true;
}();
} // namespace
