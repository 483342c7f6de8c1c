// What a run of a task graph costs, ours beside the flow graph of oneTBB, where that is installed, and the
// compiler's own OpenMP, whose tasks find their dependencies anew in each run: a chain, in which a node can
// only follow another, and a web of layers, in which each node waits for three. The nodes do nothing.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <omp.h>
#include <quiesce/concurrency/task_graph.h>
#include <string>
#include <vector>
#ifdef QSC_BENCH_TBB
#include <memory>
#include <tbb/flow_graph.h>
#include <tbb/task_arena.h>
#endif

namespace
{
struct Shape {
    uint32_t layers, width;

    uint32_t size() const
    {
        return layers * width;
    }
    // The neighbours in the layer before: one in a chain, three in a web, where the sides meet.
    std::vector<qsc_task_graph_edge> edges() const
    {
        std::vector<qsc_task_graph_edge> all;
        for (uint32_t i = width; i < size(); i++)
            for (uint32_t k = 0; k < (width < 3 ? 1 : 3); k++)
                all.push_back({(i / width - 1) * width + (i + k) % width, i});
        return all;
    }
};

constexpr Shape CHAIN = {256, 1}, WEB = {16, 16};

void nothing(void *)
{
}

void run_qsc(benchmark::State &state, Shape shape)
{
    qsc_pool_config config = {};
    config.threads = static_cast<int>(state.range(0));
    qsc_pool *pool;
    qsc_task_graph *graph;
    std::vector<qsc_task_graph_node> nodes(shape.size(), {nothing, nullptr});
    std::vector<qsc_task_graph_edge> edges = shape.edges();
    if (qsc_pool_create(&pool, &config) != 0 ||
        qsc_task_graph_create(&graph, nodes.data(), nodes.size(), edges.data(), edges.size()) != 0)
        std::abort();
    for (auto _ : state)
        if (qsc_task_graph_run(pool, graph) != 0)
            state.SkipWithError("not run");
    qsc_task_graph_destroy(graph);
    qsc_pool_destroy(pool);
}

void run_openmp(benchmark::State &state, Shape shape)
{
    std::vector<char> ended(shape.size());
    [[maybe_unused]] char *end = ended.data(); // in the clauses only
    uint32_t width = shape.width;
#pragma omp parallel num_threads(static_cast <int>(state.range(0)))
#pragma omp single
    for (auto _ : state) {
        for (uint32_t i = 0; i < shape.size(); i++) {
            if (i < width) {
#pragma omp task depend(out : end[i])
                nothing(nullptr);
                continue;
            }
            uint32_t before = (i / width - 1) * width, a = before + i % width, b = before + (i + 1) % width,
                     c = before + (i + 2) % width;
            if (width < 3) {
#pragma omp task depend(in : end[a]) depend(out : end[i])
                nothing(nullptr);
            } else {
#pragma omp task depend(in : end[a], end[b], end[c]) depend(out : end[i])
                nothing(nullptr);
            }
        }
#pragma omp taskwait
    }
}

#ifdef QSC_BENCH_TBB
void run_tbb(benchmark::State &state, Shape shape)
{
    using namespace tbb::flow;
    tbb::task_arena arena(static_cast<int>(state.range(0)));
    arena.execute([&] {
        graph all;
        broadcast_node<continue_msg> begin(all);
        std::vector<std::unique_ptr<continue_node<continue_msg>>> nodes;
        for (uint32_t i = 0; i < shape.size(); i++)
            nodes.push_back(std::make_unique<continue_node<continue_msg>>(
                all, [](const continue_msg &) { nothing(nullptr); }));
        for (uint32_t i = 0; i < shape.width; i++)
            make_edge(begin, *nodes[i]);
        for (const auto &edge : shape.edges())
            make_edge(*nodes[edge.from], *nodes[edge.to]);
        for (auto _ : state) {
            begin.try_put(continue_msg());
            all.wait_for_all();
        }
    });
}
#endif

void each(const char *name, Shape shape)
{
    const struct {
        const char *name;
        void (*run)(benchmark::State &, Shape);
    } all[] = {
        {"/qsc", run_qsc},
        {"/openmp", run_openmp},
#ifdef QSC_BENCH_TBB
        {"/tbb", run_tbb},
#endif
    };
    for (const auto &one : all)
        benchmark::RegisterBenchmark((std::string("task_graph/") + name + one.name).c_str(), one.run, shape)
            ->Arg(1)
            ->Arg(2)
            ->UseRealTime();
}

[[maybe_unused]] const bool registered = [] {
    each("chain_256", CHAIN);
    each("web_256", WEB);
    return true;
}();
} // namespace
