/* A graph of one node or three, run by one thread or two. Oracle: each node has run once when the run
 * returns, after its predecessors, and sees what those wrote, and the run before. */
#include "assumed/pool.h"
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/task_graph.h>

static qsc_pool pool;
static qsc_task_graph *graph;
static int runs[3]; // plain: the graph must order them

static void create(const struct qsc_task_graph_node *nodes, size_t node_count,
                   const struct qsc_task_graph_edge *edges, size_t edge_count)
{
    int error = qsc_task_graph_create(&graph, nodes, node_count, edges, edge_count);
    assert(error == 0);
}

static void run(void)
{
    int error = qsc_task_graph_run(&pool, graph);
    assert(error == 0);
}

static void count(void *runs_of_node)
{
    ++*(int *)runs_of_node;
}

static void count_after_two(void *unused)
{
    (void)unused;
    runs[2]++;
    assert(runs[0] == runs[2] && runs[1] == runs[2]);
}

static void count_after_first(void *runs_of_node)
{
    count(runs_of_node);
    assert(runs[0] == *(int *)runs_of_node);
}

// Two roots, and what waits for both.
static void fan_in(void)
{
    create((struct qsc_task_graph_node[]){{count, &runs[0]}, {count, &runs[1]}, {count_after_two, NULL}}, 3,
           (struct qsc_task_graph_edge[]){{0, 2}, {1, 2}}, 2);
    for (int i = 1; i <= 2; i++) {
        run();
        assert(runs[2] == i);
    }
    qsc_task_graph_destroy(graph);
}

// One root, after which two may begin.
static void fan_out(void)
{
    create((struct qsc_task_graph_node[]){{count, &runs[0]},
                                          {count_after_first, &runs[1]},
                                          {count_after_first, &runs[2]}},
           3, (struct qsc_task_graph_edge[]){{0, 1}, {0, 2}}, 2);
    run();
    assert(runs[1] == 1 && runs[2] == 1);
    qsc_task_graph_destroy(graph);
}

static void *run_unless_busy(void *completed)
{
    int error = qsc_task_graph_run(&pool, graph);
    assert(error == 0 || error == EBUSY);
    *(bool *)completed = error == 0;
    return NULL;
}

// One after the other, or one alone.
static void two_run(void)
{
    bool first, second;
    create(&(struct qsc_task_graph_node){count, &runs[0]}, 1, NULL, 0);
    pthread_t other = scenario_start(run_unless_busy, &first);
    run_unless_busy(&second);
    scenario_join(other);
    assert(first + second > 0 && runs[0] == first + second);
    qsc_task_graph_destroy(graph);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"fan-in", fan_in},
        {"fan-out", fan_out},
        {"two-run", two_run},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
