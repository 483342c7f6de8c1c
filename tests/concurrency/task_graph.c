#include "failing.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/task_graph.h>
#include <string.h>

enum { MANY = 1000 };

static qsc_pool *pool;
static qsc_task_graph *graph;

struct step {
    int began, runs;
};

static atomic_int ticks;
static struct step steps[MANY];
static struct qsc_task_graph_node nodes[MANY];
static struct qsc_task_graph_edge edges[2 * MANY];

static void step(void *arg)
{
    struct step *me = arg;
    me->began = atomic_fetch_add(&ticks, 1);
    me->runs++;
}

static void reset(void)
{
    atomic_store(&ticks, 0);
    memset(steps, 0, sizeof steps);
    for (int i = 0; i < MANY; i++)
        nodes[i] = (struct qsc_task_graph_node){step, &steps[i]};
}

TestSuite(task_graph, .init = reset, .timeout = 60);

static void make(int threads)
{
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = threads}), 0);
}

static void create(uint32_t node_count, size_t edge_count)
{
    cr_assert_eq(qsc_task_graph_create(&graph, nodes, node_count, edges, edge_count), 0);
}

static void destroy(void)
{
    qsc_task_graph_destroy(graph);
    qsc_pool_destroy(pool);
}

static void run_and_check(uint32_t node_count, size_t edge_count, int times)
{
    for (int run = 1; run <= times; run++) {
        cr_assert_eq(qsc_task_graph_run(pool, graph), 0);
        for (uint32_t i = 0; i < node_count; i++)
            cr_assert_eq(steps[i].runs, run, "node %u in run %d", i, run);
        for (size_t i = 0; i < edge_count; i++)
            cr_assert_lt(steps[edges[i].from].began, steps[edges[i].to].began);
    }
}

static void check(uint32_t node_count, size_t edge_count)
{
    for (int threads = 1; threads <= 4; threads *= 2) {
        reset();
        make(threads);
        create(node_count, edge_count);
        run_and_check(node_count, edge_count, 5);
        destroy();
    }
}

Test(task_graph, of_no_node_or_one)
{
    check(0, 0);
    check(1, 0);
}

Test(task_graph, diamond)
{
    edges[0] = (struct qsc_task_graph_edge){3, 1};
    edges[1] = (struct qsc_task_graph_edge){3, 2};
    edges[2] = (struct qsc_task_graph_edge){1, 0};
    edges[3] = (struct qsc_task_graph_edge){2, 0};
    check(4, 4);
}

Test(task_graph, edge_that_is_given_twice_counts_once)
{
    edges[0] = edges[1] = edges[2] = (struct qsc_task_graph_edge){1, 0};
    check(2, 3);
}

Test(task_graph, many_before_one_and_after_one)
{
    for (uint32_t i = 0; i < MANY - 2; i++) {
        edges[2 * i] = (struct qsc_task_graph_edge){MANY - 1, i};
        edges[2 * i + 1] = (struct qsc_task_graph_edge){i, MANY - 2};
    }
    check(MANY, 2 * (MANY - 2));
}

Test(task_graph, chain_and_nodes_without_edges)
{
    for (uint32_t i = 0; i < MANY / 2; i++)
        edges[i] = (struct qsc_task_graph_edge){i + 1, i};
    check(MANY, MANY / 2);
}

static int create_error(uint32_t node_count, size_t edge_count)
{
    return qsc_task_graph_create(&graph, nodes, node_count, edges, edge_count);
}

Test(task_graph, refuses_cycles_and_edges_that_name_no_node)
{
    failing_at(-1);
    edges[0] = (struct qsc_task_graph_edge){0, 0};
    cr_assert_eq(create_error(1, 1), EDEADLK);
    cr_assert_eq(create_error(0, 1), EINVAL);
    edges[0] = (struct qsc_task_graph_edge){0, 1};
    edges[1] = (struct qsc_task_graph_edge){1, 2};
    edges[2] = (struct qsc_task_graph_edge){2, 1};
    cr_assert_eq(create_error(3, 3), EDEADLK);
    cr_assert_eq(create_error(2, 2), EINVAL);
    edges[1] = (struct qsc_task_graph_edge){2, 1};
    cr_assert_eq(create_error(2, 2), EINVAL);
    cr_assert_eq(qsc_task_graph_create(&graph, nodes, (size_t)UINT32_MAX + 1, edges, 0), EINVAL);
    cr_assert_eq(qsc_task_graph_create(&graph, nodes, 1, edges, (size_t)UINT32_MAX + 1), EINVAL);
    cr_assert_eq(failing_live(), 0);
    failing_off();
    qsc_task_graph_destroy(NULL);
}

Test(task_graph, survives_each_allocation_that_fails_and_runs_without_any)
{
    make(2);
    edges[0] = (struct qsc_task_graph_edge){0, 1};
    for (long k = 0; k == 0 || failing_happened(); k++) {
        failing_at(k);
        cr_assert_eq(create_error(2, 1), failing_happened() ? ENOMEM : 0);
    }
    cr_assert_eq(failing_live(), 1);
    failing_at(0);
    cr_assert_eq(qsc_task_graph_run(pool, graph), 0);
    cr_assert_not(failing_happened());
    failing_off();
    destroy();
}

// More than a thread's deque holds: some run where they are spawned, in a thread that finds no memory.
Test(task_graph, runs_whole_without_memory)
{
    make(1);
    for (uint32_t i = 0; i < MANY - 1; i++)
        edges[i] = (struct qsc_task_graph_edge){0, i + 1};
    create(MANY, MANY - 1);
    failing_at(0);
    cr_assert_eq(qsc_task_graph_run(pool, graph), 0);
    cr_assert(failing_happened());
    failing_off();
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(steps[i].runs, 1);
    destroy();
}

static void run_itself(void *result)
{
    *(int *)result = qsc_task_graph_run(pool, graph);
}

Test(task_graph, refuses_to_run_within_itself)
{
    int result = 0;
    make(2);
    nodes[0] = (struct qsc_task_graph_node){run_itself, &result};
    create(1, 0);
    cr_assert_eq(qsc_task_graph_run(pool, graph), 0);
    cr_assert_eq(result, EBUSY);
    destroy();
}

struct stay {
    atomic_bool begun, may_end;
};

static void stay(void *arg)
{
    struct stay *me = arg;
    atomic_store(&me->begun, true);
    AWAIT(me->may_end);
}

static void *run_elsewhere(void *result)
{
    run_itself(result);
    return NULL;
}

Test(task_graph, refuses_a_second_thread_as_long_as_it_runs)
{
    for (int threads = 1; threads <= 2; threads++) {
        struct stay first = {0};
        char text[100];
        int result;
        make(threads);
        nodes[0] = (struct qsc_task_graph_node){stay, &first};
        edges[0] = (struct qsc_task_graph_edge){0, 1};
        create(2, 1);
        qsc_task_graph_dump(graph, text, sizeof text);
        cr_assert_str_eq(text, "2 nodes, 1 edges");
        pthread_t other = start(run_elsewhere, &result);
        AWAIT(first.begun);
        qsc_task_graph_dump(graph, text, sizeof text);
        cr_assert_str_eq(text, "2 nodes, 1 edges, running, 1 nodes wait for others");
        cr_assert_eq(qsc_task_graph_run(pool, graph), EBUSY);
        atomic_store(&first.may_end, true);
        pthread_join(other, NULL);
        cr_assert_eq(result, 0);
        cr_assert_eq(qsc_task_graph_run(pool, graph), 0);
        destroy();
    }
}

static void cancel(void *group)
{
    qsc_group_cancel(pool, group);
}

Test(task_graph, cancelled_with_the_group_of_its_task_and_run_again)
{
    make(2);
    qsc_group group = QSC_GROUP_INIT;
    nodes[1] = (struct qsc_task_graph_node){cancel, &group};
    for (uint32_t i = 0; i < 3; i++)
        edges[i] = (struct qsc_task_graph_edge){i, i + 1};
    create(4, 3);
    for (int run = 1; run <= 10; run++) {
        qsc_task task;
        int result = 0;
        qsc_task_spawn(pool, &group, &task, run_itself, &result);
        qsc_group_wait(pool, &group);
        cr_assert_eq(result, ECANCELED);
        cr_assert_eq(steps[0].runs, run);
        cr_assert_eq(steps[2].runs + steps[3].runs, 0);
    }
    destroy();
}

Test(task_graph, of_a_pool_may_run_on_another)
{
    make(2);
    create(3, 0);
    run_and_check(3, 0, 1);
    qsc_pool_destroy(pool);
    make(1);
    reset();
    run_and_check(3, 0, 1);
    destroy();
}
