/* task_graph.h: tasks with dependencies, built once and run as often as one likes.
 *
 *     enum { LOAD, LEFT, RIGHT, STORE };
 *     const struct qsc_task_graph_node nodes[] = {
 *         {load, &job}, {left, &job}, {right, &job}, {store, &job}};
 *     const struct qsc_task_graph_edge edges[] = {
 *         {LOAD, LEFT}, {LOAD, RIGHT}, {LEFT, STORE}, {RIGHT, STORE}};
 *     error = qsc_task_graph_create(&graph, nodes, 4, edges, 4);
 *     error = qsc_task_graph_run(pool, graph);
 *
 * A graph is made whole, in one call, and does not change: there is none with half of its edges, none with a
 * cycle. Each node counts the predecessors that have not ended yet; the thread that ends the last of them
 * goes on with the node, or leaves it to others if it has one to go on with.
 *
 * A run cannot be given up, as its nodes use the graph. To cancel it, by a node of it, for one: run the
 * graph from a task and cancel the group of that task. */
#ifndef QUIESCE_CONCURRENCY_TASK_GRAPH_H
#define QUIESCE_CONCURRENCY_TASK_GRAPH_H

#include <quiesce/concurrency/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qsc_task_graph qsc_task_graph;

/* A node: run(arg) is called once in each run of the graph. */
struct qsc_task_graph_node {
    void (*run)(void *arg);
    void *arg;
};

/* An edge: node `to` begins when node `from` has returned. Both are indices. */
struct qsc_task_graph_edge {
    uint32_t from, to;
};

/* Makes a graph of nodes[0 .. node_count-1] and edges[0 .. edge_count-1], which are copied; there may be none
 * of either, and several edges between the same two nodes count as one.
 * Returns 0, EINVAL (an edge names no node, or there are more than UINT32_MAX of either), EDEADLK (the edges
 * have a cycle: its nodes would wait for each other), or ENOMEM.
 * Does not block but for the allocation, the only one. Time: linear. Any thread. */
__attribute__((warn_unused_result)) int
qsc_task_graph_create(qsc_task_graph **graph, const struct qsc_task_graph_node *nodes, size_t node_count,
                      const struct qsc_task_graph_edge *edges, size_t edge_count);

/* Frees a graph that no thread runs; NULL is ignored. Does not block. Any thread. */
void qsc_task_graph_destroy(qsc_task_graph *graph);

/* Runs each node once, none before its predecessors have returned, and waits for all; those that do not
 * depend on each other may run at the same time, in any order. The nodes are tasks of a group of its own,
 * below the caller's: they may spawn, wait, run loops and other graphs. The run allocates nothing itself; of
 * a spawn see qsc_task_spawn.
 * Returns 0; EBUSY when the graph is being run, by another thread or by a task above this one: nothing was
 * run; ECANCELED when the caller's group, or one above it, is cancelled: nodes that had not begun were
 * dropped, with all that come after them. The graph can be run again, whatever was returned.
 * Blocks. Progress: blocking. Memory order: what happened before the call happens before each node, a node
 * before its successors, all of them before the return, and that before the next run. Any thread. Not inside
 * of an RCU section. */
__attribute__((warn_unused_result)) int qsc_task_graph_run(qsc_pool *pool, qsc_task_graph *graph);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_task_graph_dump(const qsc_task_graph *graph, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
