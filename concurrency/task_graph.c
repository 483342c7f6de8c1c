/* task_graph.c
 *
 * A node's count of pending predecessors is set for all nodes before the first of them is spawned, which
 * hands it to whoever runs the node's predecessors. It reaches zero once in a run, so each node is begun
 * once. A cancelled run leaves counts behind, which the next run sets anew. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pool_internal.h>
#include <quiesce/concurrency/task_graph.h>

#include <errno.h>
#include <stdio.h>

struct node {
    qsc_task task;
    void (*run)(void *);
    void *arg;
    qsc_task_graph *graph;
    uint32_t *successors; // indices
    uint32_t successor_count;
    uint32_t predecessors;
    _Atomic uint32_t pending; // predecessors that have not ended in this run
};

struct qsc_task_graph {
    _Atomic bool running;
    bool cancelled; // the run, or the last one
    qsc_pool *pool; // of the run, as is the group
    qsc_group group;
    uint32_t node_count, root_count;
    size_t edge_count;
    uint32_t *order; // in which the nodes might run one by one: first the roots, which wait for nobody
    struct node nodes[];
};

static int link_nodes(qsc_task_graph *graph, const struct qsc_task_graph_edge *edges, uint32_t *successors)
{
    struct node *nodes = graph->nodes;
    for (size_t i = 0; i < graph->edge_count; i++) {
        if (edges[i].from >= graph->node_count || edges[i].to >= graph->node_count)
            return EINVAL;
        nodes[edges[i].from].successor_count++;
        nodes[edges[i].to].predecessors++;
    }
    for (uint32_t i = 0; i < graph->node_count; i++) {
        nodes[i].successors = successors;
        successors += nodes[i].successor_count;
        nodes[i].successor_count = 0;
    }
    for (size_t i = 0; i < graph->edge_count; i++) {
        struct node *from = &nodes[edges[i].from];
        from->successors[from->successor_count++] = edges[i].to;
    }
    return 0;
}

static void await_all_predecessors(qsc_task_graph *graph)
{
    for (uint32_t i = 0; i < graph->node_count; i++)
        // relaxed: handed over by the spawns that follow
        atomic_store_explicit(&graph->nodes[i].pending, graph->nodes[i].predecessors, memory_order_relaxed);
}

// Fills in the order, which holds all nodes unless there is a cycle: A. B. Kahn, "Topological sorting of
// large networks", Communications of the ACM 5, 1962.
static int sort(qsc_task_graph *graph)
{
    uint32_t sorted = 0;
    await_all_predecessors(graph);
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (graph->nodes[i].predecessors == 0)
            graph->order[sorted++] = i;
    graph->root_count = sorted;
    for (uint32_t next = 0; next < sorted; next++) {
        const struct node *node = &graph->nodes[graph->order[next]];
        for (uint32_t i = 0; i < node->successor_count; i++)
            if (atomic_fetch_sub_explicit(&graph->nodes[node->successors[i]].pending, 1,
                                          memory_order_relaxed) == 1)
                graph->order[sorted++] = node->successors[i];
    }
    return sorted == graph->node_count ? 0 : EDEADLK;
}

int qsc_task_graph_create(qsc_task_graph **created, const struct qsc_task_graph_node *nodes,
                          size_t node_count, const struct qsc_task_graph_edge *edges, size_t edge_count)
{
    if (node_count > UINT32_MAX || edge_count > UINT32_MAX)
        return EINVAL;
    size_t bytes = sizeof(qsc_task_graph) + node_count * sizeof(struct node);
    qsc_task_graph *graph = qsc_alloc_zeroed(1, bytes + (node_count + edge_count) * sizeof(uint32_t));
    if (!graph)
        return ENOMEM;
    graph->node_count = (uint32_t)node_count;
    graph->edge_count = edge_count;
    graph->order = (uint32_t *)&graph->nodes[node_count];
    for (size_t i = 0; i < node_count; i++) {
        graph->nodes[i].run = nodes[i].run;
        graph->nodes[i].arg = nodes[i].arg;
        graph->nodes[i].graph = graph;
    }
    int error = link_nodes(graph, edges, graph->order + node_count);
    if (!error)
        error = sort(graph);
    if (error)
        qsc_free(graph);
    else
        *created = graph;
    return error;
}

void qsc_task_graph_destroy(qsc_task_graph *graph)
{
    qsc_free(graph);
}

static void run_node(void *arg);

static void spawn(struct node *node)
{
    qsc_task_graph *graph = node->graph;
    qsc_task_spawn(graph->pool, &graph->group, &node->task, run_node, node);
}

// Returns one of the successors that may begin now, or NULL, and spawns the others.
static struct node *release_successors(const struct node *node)
{
    struct node *ready = NULL;
    for (uint32_t i = 0; i < node->successor_count; i++) {
        struct node *successor = &node->graph->nodes[node->successors[i]];
        // release: what this node did; acquire: what the other predecessors did. Pairs with itself.
        if (atomic_fetch_sub_explicit(&successor->pending, 1, memory_order_acq_rel) != 1)
            continue;
        if (ready)
            spawn(ready);
        ready = successor;
    }
    return ready;
}

static void run_node(void *arg)
{
    struct node *node = arg;
    const qsc_task_graph *graph = node->graph;
    do {
        node->run(node->arg);
        node = release_successors(node);
    } while (node && !qsc_task_cancelled(graph->pool));
}

// Runs the graph in the caller's slot.
static void run(void *arg)
{
    qsc_task_graph *graph = arg;
    const struct group *above = qsc_pool_slot(graph->pool)->running;
    await_all_predecessors(graph);
    for (uint32_t i = 0; i < graph->root_count; i++)
        spawn(&graph->nodes[graph->order[i]]);
    qsc_group_wait(graph->pool, &graph->group);
    graph->cancelled = qsc_pool_is_cancelled(graph->pool, above);
}

int qsc_task_graph_run(qsc_pool *pool, qsc_task_graph *graph)
{
    // acquire: pairs with the store below, of the run before
    if (atomic_exchange_explicit(&graph->running, true, memory_order_acquire))
        return EBUSY;
    graph->pool = pool;
    qsc_pool_run_in_slot(pool, run, graph);
    bool cancelled = graph->cancelled;
    // release: pairs with the exchange above, of the next run
    atomic_store_explicit(&graph->running, false, memory_order_release);
    return cancelled ? ECANCELED : 0;
}

int qsc_task_graph_dump(const qsc_task_graph *graph, char *text, size_t size)
{
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < graph->node_count; i++)
        waiting += atomic_load_explicit(&graph->nodes[i].pending, memory_order_relaxed) != 0;
    if (!atomic_load_explicit(&graph->running, memory_order_relaxed))
        return snprintf(text, size, "%u nodes, %zu edges", graph->node_count, graph->edge_count);
    return snprintf(text, size, "%u nodes, %zu edges, running, %u nodes wait for others", graph->node_count,
                    graph->edge_count, waiting);
}
