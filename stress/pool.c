/* Two foreign threads drive one pool: trees of groups on the heap that are freed at once, groups waited for
 * in another order than spawned, nested loops of all schedules, reductions, and tasks that only an idle
 * worker can run because the thread that spawned them stands still, of all priorities. Oracle: every task and
 * chunk runs once, and before its wait returns; partial results are combined with their neighbours; no two
 * threads are in one slot; a thread that waits for a group begins nothing that is not below it; a worker
 * begins urgent tasks first, and others after 32 at most. */
#define _GNU_SOURCE // sched_getaffinity
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/pool.h>
#include <quiesce/concurrency/port.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum {
    THREADS = STRESS_THREADS(3, 2),
    FOREIGN = STRESS_THREADS(2, 1),
    SPARES = FOREIGN, // as many as threads may be in blocking sections
    ROUNDS = STRESS_SIZE(40, 1),
    DEPTH = STRESS_THREADS(5, 1),
    CHUNKS = STRESS_THREADS(12, 2)
};

struct world {
    qsc_pool *pool;
    _Atomic(void *) inside[THREADS + SPARES]; // which thread runs tasks in the slot
    _Atomic long stolen;                      // tasks begun by another thread than spawned them
};

struct node {
    struct world *world;
    struct node *parent; // the node that waits for this one's group
    qsc_group *group;
    qsc_task task;
    void *spawner;
    int depth;
    long sum; // plain, like `runs`: the spawn and the join must order them
    int runs;
    _Atomic int ran; // relaxed: the same for those who may not yet know
};

static _Thread_local char self;          // its address is the thread's name
static _Thread_local qsc_group *awaited; // by the innermost wait on this thread's stack

static void *begin(struct node *me)
{
    struct world *world = me->world;
    int slot = qsc_pool_worker_index(world->pool);
    assert(slot >= 0 && slot < qsc_pool_slots(world->pool));
    void *before = atomic_exchange_explicit(&world->inside[slot], &self, memory_order_relaxed);
    assert(before == NULL || before == &self);
    const struct node *above = me;
    while (awaited && above && above->group != awaited)
        above = above->parent;
    assert(above);
    me->runs++;
    if (me->spawner != &self)
        atomic_fetch_add_explicit(&world->stolen, 1, memory_order_relaxed);
    return before;
}

static void end(struct node *me, void *before)
{
    int slot = qsc_pool_worker_index(me->world->pool);
    atomic_store_explicit(&me->world->inside[slot], before, memory_order_relaxed);
    atomic_store_explicit(&me->ran, 1, memory_order_relaxed);
}

static void spawn(struct node *parent, qsc_group *group, struct node *child, void (*run)(void *))
{
    *child = (struct node){.world = parent->world,
                           .parent = parent,
                           .group = group,
                           .spawner = &self,
                           .depth = parent->depth - 1};
    qsc_task_spawn(parent->world->pool, group, &child->task, run, child);
}

static void join(struct node *me, qsc_group *group)
{
    qsc_group *outer = awaited;
    awaited = group;
    qsc_group_wait(me->world->pool, group);
    awaited = outer;
}

static void tree(void *arg)
{
    struct node *me = arg;
    void *before = begin(me);
    me->sum = 1;
    if (me->depth > 0) {
        struct {
            qsc_group group;
            struct node child[2];
        } *fork = calloc(1, sizeof *fork);
        assert(fork);
        spawn(me, &fork->group, &fork->child[0], tree);
        spawn(me, &fork->group, &fork->child[1], tree);
        if (me->depth % 2)
            sched_yield();
        join(me, &fork->group);
        for (int i = 0; i < 2; i++) {
            assert(fork->child[i].runs == 1);
            me->sum += fork->child[i].sum;
        }
        free(fork);
    }
    end(me, before);
}

static void check_tree(const struct node *root)
{
    assert(root->runs == 1 && root->sum == (2L << root->depth) - 1);
}

// The group spawned into last is waited for last; one grows by a task of its own.
struct family {
    struct node node, late;
};

static void grow(void *arg)
{
    struct family *me = arg;
    void *before = begin(&me->node);
    spawn(me->node.parent, me->node.group, &me->late, tree);
    end(&me->node, before);
    sched_yield(); // whoever waits for it to have run may be faster
}

static void crossed(struct node *me)
{
    qsc_group a = QSC_GROUP_INIT, b = QSC_GROUP_INIT;
    struct node a1, a2, b1;
    struct family b2;
    spawn(me, &a, &a1, tree);
    spawn(me, &a, &a2, tree);
    spawn(me, &b, &b1, tree);
    b2.node = (struct node){.world = me->world, .parent = me, .group = &b, .spawner = &self};
    qsc_task_spawn(me->world->pool, &b, &b2.node.task, grow, &b2);
    join(me, &a);
    check_tree(&a1);
    check_tree(&a2);
    join(me, &b);
    check_tree(&b1);
    assert(b2.node.runs == 1);
    check_tree(&b2.late);
}

struct loop {
    struct node node; // its parent called the loop
    int hits[CHUNKS][CHUNKS];
    int row;
};

typedef void parallel_for(qsc_pool *, size_t, size_t, size_t, void (*)(void *, size_t, size_t), void *);
static parallel_for *const schedules[] = {qsc_parallel_for, qsc_parallel_for_static, qsc_parallel_for_guided};

static void touch(void *ctx, size_t lo, size_t hi)
{
    struct loop *loop = ctx;
    assert(lo < hi && lo % 3 == 0 && (hi % 3 == 0 || hi == CHUNKS));
    for (size_t i = lo; i < hi; i++)
        loop->hits[loop->row][i]++;
}

static void nest(void *ctx, size_t lo, size_t hi)
{
    struct loop *outer = ctx;
    for (size_t row = lo; row < hi; row++) {
        struct loop inner = {.row = (int)row};
        schedules[row % 3](outer->node.world->pool, 0, CHUNKS, 3, touch, &inner);
        for (int i = 0; i < CHUNKS; i++)
            outer->hits[row][i] += inner.hits[row][i];
    }
}

static void loops(struct node *me)
{
    for (int i = 0; i < 3; i++) {
        struct loop loop = {.node = *me};
        schedules[i](me->world->pool, 0, CHUNKS, 1, nest, &loop);
        for (int row = 0; row < CHUNKS; row++)
            for (int k = 0; k < CHUNKS; k++)
                assert(loop.hits[row][k] == 1);
    }
}

struct range {
    size_t lo, hi;
    long number; // of the reduction: what another one left on the stack is found out
};

static _Atomic long reductions; // relaxed: only to number them

static void cover(void *number, size_t lo, size_t hi, void *partial)
{
    *(struct range *)partial = (struct range){lo, hi, *(const long *)number};
}

static void append(void *number, void *left, const void *right)
{
    struct range *into = left;
    const struct range *next = right;
    assert(into->number == *(const long *)number && next->number == into->number);
    assert(into->hi == next->lo);
    into->hi = next->hi;
}

static void reduction(struct node *me)
{
    struct range all;
    long number = atomic_fetch_add_explicit(&reductions, 1, memory_order_relaxed);
    qsc_parallel_reduce(me->world->pool, 0, CHUNKS, 1, &all, sizeof all, cover, append, &number);
    assert(qsc_task_cancelled(me->world->pool) || (all.lo == 0 && all.hi == CHUNKS));
}

// A task that reduces again and again is cancelled by another one of its group; what is spawned then is
// dropped.
struct search {
    struct node node, dropped;
    qsc_task found;
};

static void reduce_until_cancelled(void *arg)
{
    struct search *search = arg;
    while (!qsc_task_cancelled(search->node.world->pool))
        reduction(&search->node);
    qsc_group below = QSC_GROUP_INIT;
    spawn(&search->node, &below, &search->dropped, tree);
    join(&search->node, &below);
    assert(search->dropped.runs == 0);
}

static void cancel(void *arg)
{
    struct search *search = arg;
    for (int i = 0; i < 3; i++)
        sched_yield(); // the other task may begin
    qsc_group_cancel(search->node.world->pool, search->node.group);
}

static void cancelled(struct node *me)
{
    qsc_group group = QSC_GROUP_INIT;
    struct search search = {.node = {.world = me->world, .parent = me, .group = &group, .spawner = &self}};
    qsc_task_spawn(me->world->pool, &group, &search.found, cancel, &search);
    qsc_task_spawn(me->world->pool, &group, &search.node.task, reduce_until_cancelled, &search);
    join(me, &group);
    struct node after;
    spawn(me, &group, &after, tree);
    join(me, &group);
    check_tree(&after);
}

// Only a worker can run the child: we stand still until it has.
static void hand_over(struct node *me)
{
    qsc_group group = QSC_GROUP_INIT;
    struct node child;
    spawn(me, &group, &child, tree);
    while (!atomic_load_explicit(&child.ran, memory_order_relaxed))
        sched_yield();
    join(me, &group);
    check_tree(&child);
}

// The spawns of a thread in a slot go to its deque, those of a foreign one do not.
static void hand_over_in_slot(void *ctx, size_t lo, size_t hi)
{
    assert(lo == 0 && hi == 1);
    hand_over(ctx);
}

// Where there is one thread, another task can run only in a spare thread, which may be needed no more when it
// comes to the task that this one spawns.
static void hand_over_blocking(void *ctx, size_t lo, size_t hi)
{
    struct node *me = ctx;
    assert(lo == 0 && hi == 1);
    qsc_group group = QSC_GROUP_INIT;
    struct family child;
    child.node = (struct node){.world = me->world, .parent = me, .group = &group, .spawner = &self};
    qsc_task_spawn(me->world->pool, &group, &child.node.task, grow, &child);
    qsc_pool_blocking_begin(me->world->pool);
    while (!atomic_load_explicit(&child.node.ran, memory_order_relaxed))
        sched_yield();
    qsc_pool_blocking_end(me->world->pool);
    join(me, &group);
    assert(child.node.runs == 1);
    check_tree(&child.late);
}

static void crossed_in_slot(void *ctx, size_t lo, size_t hi)
{
    assert(lo == 0 && hi == 1);
    crossed(ctx);
}

// The spawns come at every moment of the only worker's falling asleep.
static void hand_over_in_time(void *ctx, size_t lo, size_t hi)
{
    assert(lo == 0 && hi == 1);
    for (int i = 0; i < STRESS_SIZE(150, 1); i++) {
        for (int wait = 0; wait < STRESS_SIZE(2 * i, 0); wait++)
            qsc_port_pause();
        hand_over(ctx);
    }
}

// What the only worker begins while it is held up: the tasks come low ones first, and so does one look in 32.
struct urgencies {
    qsc_pool *pool;
    qsc_group groups[QSC_PRIORITIES];
    qsc_task held, tasks[QSC_PRIORITIES];
    _Atomic int begun, may_go_on, ran; // relaxed: the group orders the rest
    int order[QSC_PRIORITIES];         // plain: which came when
    int high_first;
};

static void hold(void *arg)
{
    struct urgencies *me = arg;
    atomic_store_explicit(&me->begun, 1, memory_order_relaxed);
    while (!atomic_load_explicit(&me->may_go_on, memory_order_relaxed))
        sched_yield();
}

static void note(struct urgencies *me, enum qsc_priority priority)
{
    me->order[priority] = atomic_fetch_add_explicit(&me->ran, 1, memory_order_relaxed);
}

static void note_normal(void *arg)
{
    note(arg, QSC_PRIORITY_NORMAL);
}

static void note_high(void *arg)
{
    note(arg, QSC_PRIORITY_HIGH);
}

static void note_low(void *arg)
{
    note(arg, QSC_PRIORITY_LOW);
}

static void hold_worker(struct urgencies *me)
{
    atomic_store_explicit(&me->begun, 0, memory_order_relaxed);
    atomic_store_explicit(&me->may_go_on, 0, memory_order_relaxed);
    atomic_store_explicit(&me->ran, 0, memory_order_relaxed);
    qsc_task_spawn(me->pool, &me->groups[QSC_PRIORITY_NORMAL], &me->held, hold, me);
    while (!atomic_load_explicit(&me->begun, memory_order_relaxed))
        sched_yield();
}

static void let_worker_go(struct urgencies *me, int tasks)
{
    atomic_store_explicit(&me->may_go_on, 1, memory_order_relaxed);
    while (atomic_load_explicit(&me->ran, memory_order_relaxed) < tasks)
        sched_yield();
    for (int i = 0; i < QSC_PRIORITIES; i++)
        qsc_group_wait(me->pool, &me->groups[i]);
}

static void urgent_first(void *arg, size_t lo, size_t hi)
{
    struct urgencies *me = arg;
    assert(lo == 0 && hi == 1);
    for (int round = 0; round < 32; round++) {
        hold_worker(me);
        qsc_task_spawn(me->pool, &me->groups[QSC_PRIORITY_LOW], &me->tasks[0], note_low, me);
        qsc_task_spawn(me->pool, &me->groups[QSC_PRIORITY_NORMAL], &me->tasks[1], note_normal, me);
        qsc_task_spawn(me->pool, &me->groups[QSC_PRIORITY_HIGH], &me->tasks[2], note_high, me);
        let_worker_go(me, QSC_PRIORITIES);
        me->high_first += me->order[QSC_PRIORITY_HIGH] < me->order[QSC_PRIORITY_NORMAL] &&
                          me->order[QSC_PRIORITY_NORMAL] < me->order[QSC_PRIORITY_LOW];
    }
}

struct chain {
    struct urgencies *urgencies;
    qsc_group *group;
    qsc_task tasks[100];
    int length;
};

static void go_on(void *arg)
{
    struct chain *chain = arg;
    if (!atomic_load_explicit(&chain->urgencies->ran, memory_order_relaxed)) {
        assert(chain->length < 33); // since the worker was let go it has begun each of them by a look
        qsc_task_spawn(chain->urgencies->pool, chain->group, &chain->tasks[chain->length++], go_on, chain);
    }
}

// A chain of tasks that goes on until another one, less urgent or from elsewhere, has had its turn.
static void none_starves(struct urgencies *me, enum qsc_priority of_chain, enum qsc_priority of_other)
{
    struct chain chain = {.urgencies = me, .group = &me->groups[of_chain], .length = 1};
    hold_worker(me);
    qsc_task_spawn(me->pool, chain.group, &chain.tasks[0], go_on, &chain);
    qsc_task_spawn(me->pool, &me->groups[of_other], &me->tasks[0],
                   of_other == QSC_PRIORITY_LOW ? note_low : note_normal, me);
    let_worker_go(me, 1);
}

static void priorities(qsc_pool *pool)
{
    struct urgencies me = {.pool = pool};
    for (int i = 0; i < QSC_PRIORITIES; i++)
        qsc_group_set_priority(&me.groups[i], (enum qsc_priority)i);
    qsc_parallel_for(pool, 0, 1, 1, urgent_first, &me);
    assert(me.high_first > 16);
    none_starves(&me, QSC_PRIORITY_HIGH, QSC_PRIORITY_NORMAL);
    none_starves(&me, QSC_PRIORITY_HIGH, QSC_PRIORITY_LOW);
    none_starves(&me, QSC_PRIORITY_NORMAL, QSC_PRIORITY_LOW);
}

// A task spawns one into its own group and leaves it in the deque of the only worker, where an urgent one
// comes first, which waits until the other has run: only the thread that waits for the group can run it.
struct leaving {
    struct family family;
    qsc_group urgent;
    qsc_task task;
    _Atomic int urgent_waits;
};

static void wait_for_late(void *arg)
{
    const struct leaving *me = arg;
    while (!atomic_load_explicit(&me->family.late.ran, memory_order_relaxed))
        sched_yield();
}

static void grow_and_leave(void *arg)
{
    struct leaving *me = arg;
    grow(&me->family);
    while (!atomic_load_explicit(&me->urgent_waits, memory_order_relaxed))
        sched_yield();
}

static void left_behind(void *ctx, size_t lo, size_t hi)
{
    struct node *node = ctx;
    qsc_pool *pool = node->world->pool;
    assert(lo == 0 && hi == 1);
    for (int i = 0; i < STRESS_SIZE(30, 3); i++) {
        qsc_group group = QSC_GROUP_INIT;
        struct leaving me = {.urgent = QSC_GROUP_INIT};
        me.family.node =
            (struct node){.world = node->world, .parent = node, .group = &group, .spawner = &self};
        qsc_group_set_priority(&me.urgent, QSC_PRIORITY_HIGH);
        qsc_task_spawn(pool, &group, &me.family.node.task, grow_and_leave, &me);
        while (!atomic_load_explicit(&me.family.node.ran, memory_order_relaxed))
            sched_yield();
        qsc_task_spawn(pool, &me.urgent, &me.task, wait_for_late, &me);
        atomic_store_explicit(&me.urgent_waits, 1, memory_order_relaxed);
        join(node, &group);
        check_tree(&me.family.late);
        qsc_group_wait(pool, &me.urgent);
    }
}

static void drive(struct node *me)
{
    qsc_group group = QSC_GROUP_INIT;
    struct node root;
    spawn(me, &group, &root, tree);
    join(me, &group);
    check_tree(&root);
    crossed(me);
    qsc_parallel_for(me->world->pool, 0, 1, 1, crossed_in_slot, me);
    loops(me);
    reduction(me);
    cancelled(me);
}

struct member {
    struct world *shared, *alone;
    int number;
};

static void *run(void *arg)
{
    struct member *me = arg;
    struct node shared = {.world = me->shared, .depth = DEPTH + 1}, alone = {.world = me->alone, .depth = 3};
    for (int round = 0; round < ROUNDS; round++) {
        drive(&shared);
        if ((round + me->number) % 4 == 0)
            nanosleep(&(struct timespec){.tv_nsec = 60000}, NULL); // let the workers fall asleep
        shared.depth = 1;
        hand_over(&shared);
        qsc_parallel_for(me->shared->pool, 0, 1, 1, hand_over_in_slot, &shared);
        shared.depth = DEPTH + 1;
        drive(&alone);
        alone.depth = 1;
        qsc_parallel_for(me->alone->pool, 0, 1, 1, hand_over_blocking, &alone);
        alone.depth = 3;
    }
    return NULL;
}

static void keep_to_processor(void *ctx, size_t lo, size_t hi)
{
    struct node *me = ctx;
    cpu_set_t mine;
    assert(lo < hi);
    sched_yield(); // others may come
    int error = sched_getaffinity(0, sizeof mine, &mine);
    assert(error == 0);
    assert(qsc_pool_worker_index(me->world->pool) == 0 || CPU_COUNT(&mine) == 1);
}

// All workers on one processor; and none, when the second of them is to go where it may not.
static void pinned(void)
{
    struct world world = {0};
    struct node me = {.world = &world};
    cpu_set_t allowed;
    int error = sched_getaffinity(0, sizeof allowed, &allowed), cpus[] = {0, -1};
    assert(error == 0);
    while (!CPU_ISSET((size_t)cpus[0], &allowed))
        cpus[0]++;
    struct qsc_pool_config config = {.threads = THREADS, .cpus = cpus, .cpu_count = 1};
    error = qsc_pool_create(&world.pool, &config);
    assert(error == 0);
    qsc_parallel_for(world.pool, 0, 100, 1, keep_to_processor, &me);
    qsc_pool_destroy(world.pool);
    config.cpu_count = 2;
    error = qsc_pool_create(&world.pool, &config);
    assert(error == EINVAL);
}

static void create(struct world *world, int threads)
{
    int error =
        qsc_pool_create(&world->pool, &(struct qsc_pool_config){.threads = threads, .spares = SPARES});
    assert(error == 0);
}

static long batch(void)
{
    struct world shared = {0}, alone = {0}, pair = {0};
    create(&shared, THREADS);
    create(&alone, 1);
    struct member members[FOREIGN];
    for (int i = 0; i < FOREIGN; i++)
        members[i] = (struct member){&shared, &alone, i};
    stress_threads(FOREIGN, run, members, sizeof *members);
    create(&pair, 2);
    struct node node = {.world = &pair, .depth = 1};
    qsc_parallel_for(pair.pool, 0, 1, 1, hand_over_in_time, &node);
    qsc_parallel_for(pair.pool, 0, 1, 1, left_behind, &node);
    priorities(pair.pool);
    pinned();
    qsc_pool_destroy(pair.pool);
    qsc_pool_destroy(shared.pool);
    qsc_pool_destroy(alone.pool);
    return shared.stolen;
}

int main(void)
{
    return stress_repeat("tasks run by another thread than spawned them", batch, 1000);
}
