/* Two foreign threads run graphs on one pool: each a wide one of its own, some of whose nodes run a graph
 * themselves and one of which cancels some runs, and both a little one that only one at a time can have.
 * Oracle: in each run each node runs once, after its predecessors in the same run, whose values it sees; who
 * is refused has run nothing; of a cancelled run nothing comes after what was dropped; the next run begins
 * anew. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/task_graph.h>
#include <sched.h>
#include <stdlib.h>

enum { THREADS = 3, FOREIGN = 2, ROUNDS = STRESS_SIZE(60, 1), LAYERS = 6, WIDTH = 4, NODES = LAYERS * WIDTH };

struct web;

struct node {
    struct web *web;
    int number;
    long round; // plain, as all that follows: the last run that ran it; the graph must order it
    const void *by;
};

// Layers of nodes, each of which waits for its neighbours in the layer before.
struct web {
    qsc_pool *pool;
    qsc_task_graph *graph;
    struct web *inner; // run by the nodes of one column, one after the other; NULL: none
    long round;        // set before a run
    bool cancels;
    qsc_group *group; // to cancel
    struct node nodes[NODES];
    _Atomic long met; // relaxed: nodes whose predecessors ran on different threads
};

static _Thread_local char self; // its address is the thread's name

static bool wait_for_each_other(int before, int node)
{
    int distance = abs(before % WIDTH - node % WIDTH);
    return before / WIDTH + 1 == node / WIDTH && distance <= 1;
}

static void check_complete(const struct web *web)
{
    for (int i = 0; i < NODES; i++)
        assert(web->nodes[i].round == web->round);
}

static void run_inner(struct web *inner)
{
    inner->round++;
    int error = qsc_task_graph_run(inner->pool, inner->graph);
    assert(error == 0);
    check_complete(inner);
}

static void run_node(void *arg)
{
    struct node *me = arg;
    struct web *web = me->web;
    assert(qsc_pool_worker_index(web->pool) >= 0);
    assert(me->round < web->round); // once a run
    const void *by = NULL;
    for (int before = 0; before < NODES; before++)
        if (wait_for_each_other(before, me->number)) {
            assert(web->nodes[before].round == web->round);
            if (by && by != web->nodes[before].by)
                atomic_fetch_add_explicit(&web->met, 1, memory_order_relaxed);
            by = web->nodes[before].by;
        }
    if (me->number % 5 == 0)
        sched_yield();
    if (web->inner && me->number % WIDTH == 0)
        run_inner(web->inner);
    me->round = web->round;
    me->by = &self;
    if (web->cancels && me->number == NODES / 2) {
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL); // what comes after it waits for it alone
        qsc_group_cancel(web->pool, web->group);
    }
}

static void create(struct web *web, qsc_pool *pool, struct web *inner)
{
    struct qsc_task_graph_node nodes[NODES];
    struct qsc_task_graph_edge edges[NODES * 3];
    size_t edge_count = 0;
    *web = (struct web){.pool = pool, .inner = inner};
    for (int i = 0; i < NODES; i++) {
        web->nodes[i] = (struct node){.web = web, .number = i};
        nodes[i] = (struct qsc_task_graph_node){run_node, &web->nodes[i]};
        for (int before = 0; before < NODES; before++)
            if (wait_for_each_other(before, i))
                edges[edge_count++] = (struct qsc_task_graph_edge){(uint32_t)before, (uint32_t)i};
    }
    int error = qsc_task_graph_create(&web->graph, nodes, NODES, edges, edge_count);
    assert(error == 0);
}

static void check_cancelled(const struct web *web)
{
    assert(web->nodes[NODES / 2].round == web->round);
    for (int i = 0; i < NODES; i++) {
        assert(!wait_for_each_other(NODES / 2, i) || web->nodes[i].round < web->round);
        for (int before = 0; before < NODES; before++)
            assert(!wait_for_each_other(before, i) || web->nodes[before].round >= web->nodes[i].round);
    }
}

static void run_cancelled(void *arg)
{
    struct web *web = arg;
    int error = qsc_task_graph_run(web->pool, web->graph);
    assert(error == ECANCELED);
}

static void drive(struct web *web, int round)
{
    web->round++;
    web->cancels = round % 4 == 3;
    if (web->cancels) {
        qsc_group group = QSC_GROUP_INIT;
        qsc_task task;
        web->group = &group;
        qsc_task_spawn(web->pool, &group, &task, run_cancelled, web);
        qsc_group_wait(web->pool, &group);
        check_cancelled(web);
    } else {
        int error = qsc_task_graph_run(web->pool, web->graph);
        assert(error == 0);
        check_complete(web);
    }
}

// A graph of one node.
struct turnstile {
    qsc_task_graph *graph;
    qsc_pool *pool;
    long passed; // plain: the runs must order it
};

static void pass(void *arg)
{
    long *passed = arg, before = *passed;
    sched_yield();
    *passed = before + 1;
}

struct member {
    struct web web, inner;
    struct turnstile *turnstile;
    long passed;
};

static void *run(void *arg)
{
    struct member *me = arg;
    struct turnstile *turnstile = me->turnstile;
    create(&me->inner, turnstile->pool, NULL);
    create(&me->web, turnstile->pool, &me->inner);
    for (int round = 0; round < ROUNDS; round++) {
        drive(&me->web, round);
        int error = qsc_task_graph_run(turnstile->pool, turnstile->graph);
        assert(error == 0 || error == EBUSY);
        me->passed += error == 0;
    }
    qsc_task_graph_destroy(me->web.graph);
    qsc_task_graph_destroy(me->inner.graph);
    return NULL;
}

static long batch(void)
{
    struct turnstile turnstile = {0};
    int error = qsc_pool_create(&turnstile.pool, &(struct qsc_pool_config){.threads = THREADS});
    assert(error == 0);
    error = qsc_task_graph_create(&turnstile.graph, &(struct qsc_task_graph_node){pass, &turnstile.passed}, 1,
                                  NULL, 0);
    assert(error == 0);
    static struct member members[FOREIGN];
    for (int i = 0; i < FOREIGN; i++)
        members[i] = (struct member){.turnstile = &turnstile};
    stress_threads(FOREIGN, run, members, sizeof *members);

    long passed = 0, met = 0;
    for (int i = 0; i < FOREIGN; i++) {
        passed += members[i].passed;
        met += members[i].web.met;
    }
    assert(turnstile.passed == passed);
    qsc_task_graph_destroy(turnstile.graph);
    qsc_pool_destroy(turnstile.pool);
    return met;
}

int main(void)
{
    return stress_repeat("nodes after predecessors on different threads", batch, 500);
}
