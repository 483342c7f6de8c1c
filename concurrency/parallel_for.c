/* parallel_for.c
 *
 * The chunks lie in lanes, in each of them in ascending order behind a counter: one lane for all threads, or,
 * in a static loop, lane i of N for the thread in slot i, who goes on to the others' when his own is empty.
 * Threads that find nothing better to do come to help. The helpers are tasks in a binary tree, each of which
 * spawns its two children before it takes chunks: they are woken in logarithmic time, and a loop that nobody
 * has time to help with spawns two. */
#include <quiesce/concurrency/pool_internal.h>

struct helper {
    qsc_task task;
    struct loop *loop;
    size_t number;
};

struct lane {
    _Alignas(64) _Atomic size_t next; // the lane's chunk to be taken next: its number / the number of lanes
};

struct loop {
    size_t begin, end, grain, chunks;
    size_t shares; // a guided loop's thread takes the number of chunks left by this; otherwise 0, and it
                   // takes one
    size_t lane_count;
    struct lane *lanes;
    void (*body)(void *ctx, size_t lo, size_t hi);
    void *ctx;
    qsc_pool *pool;
    qsc_group group;
    const struct group *above; // of the caller
    struct helper *helpers;
    size_t helper_count;
};

// All accesses to a lane are relaxed: what the bodies read was handed over with the task, what they wrote is
// by the group.
static bool is_empty(const struct loop *loop, size_t lane)
{
    return atomic_load_explicit(&loop->lanes[lane].next, memory_order_relaxed) * loop->lane_count + lane >=
           loop->chunks;
}

static bool is_exhausted(const struct loop *loop)
{
    size_t lane = 0;
    while (lane < loop->lane_count && is_empty(loop, lane))
        lane++;
    return lane == loop->lane_count;
}

static void run_chunks(const struct loop *loop, size_t first, size_t count)
{
    size_t lo = loop->begin + first * loop->grain;
    loop->body(loop->ctx, lo, first + count < loop->chunks ? lo + count * loop->grain : loop->end);
}

static bool is_cancelled(const struct loop *loop)
{
    return qsc_pool_is_cancelled(loop->pool, loop->above);
}

static void take_chunks_of(struct loop *loop, size_t lane)
{
    size_t chunk;
    while (!is_cancelled(loop) &&
           (chunk = atomic_fetch_add_explicit(&loop->lanes[lane].next, 1, memory_order_relaxed) *
                        loop->lane_count +
                    lane) < loop->chunks)
        run_chunks(loop, chunk, 1);
}

// The size of each follows from its first chunk, so that all come out the same, whoever takes them.
static void take_shares(struct loop *loop)
{
    _Atomic size_t *next = &loop->lanes[0].next;
    size_t first = atomic_load_explicit(next, memory_order_relaxed);
    while (first < loop->chunks && !is_cancelled(loop)) {
        size_t share = (loop->chunks - first) / loop->shares, count = share ? share : 1;
        if (atomic_compare_exchange_weak_explicit(next, &first, first + count, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            run_chunks(loop, first, count);
            first = atomic_load_explicit(next, memory_order_relaxed);
        }
    }
}

static void take_chunks(struct loop *loop)
{
    if (loop->shares) {
        take_shares(loop);
        return;
    }
    size_t own = loop->lane_count > 1 ? (size_t)qsc_pool_worker_index(loop->pool) : 0;
    for (size_t i = 0; i < loop->lane_count; i++)
        take_chunks_of(loop, (own + i) % loop->lane_count);
}

static void help(void *arg);

static void spawn_helpers(struct loop *loop, size_t first)
{
    for (size_t i = first; i < first + 2 && i < loop->helper_count; i++) {
        if (is_exhausted(loop))
            return;
        struct helper *helper = &loop->helpers[i];
        helper->loop = loop;
        helper->number = i;
        qsc_task_spawn(loop->pool, &loop->group, &helper->task, help, helper);
    }
}

static void help(void *arg)
{
    struct helper *helper = arg;
    spawn_helpers(helper->loop, 2 * helper->number + 2);
    take_chunks(helper->loop);
}

// Runs the loop in the caller's slot.
static void run(void *arg)
{
    struct loop *loop = arg;
    struct helper helpers[loop->helper_count + 1];
    struct lane lanes[loop->lane_count];
    loop->above = qsc_pool_slot(loop->pool)->running;
    loop->helpers = helpers;
    loop->lanes = lanes;
    for (size_t i = 0; i < loop->lane_count; i++)
        atomic_init(&lanes[i].next, 0);
    spawn_helpers(loop, 0);
    take_chunks(loop);
    qsc_group_wait(loop->pool, &loop->group);
}

static void run_loop(struct loop *loop)
{
    if (loop->begin >= loop->end)
        return;
    if (loop->grain == 0)
        loop->grain = 1;
    loop->chunks = (loop->end - loop->begin - 1) / loop->grain + 1;
    size_t threads = (size_t)qsc_pool_threads(loop->pool);
    loop->helper_count = (threads < loop->chunks ? threads : loop->chunks) - 1;
    qsc_pool_run_in_slot(loop->pool, run, loop);
}

void qsc_parallel_for(qsc_pool *pool, size_t begin, size_t end, size_t grain,
                      void (*body)(void *ctx, size_t lo, size_t hi), void *ctx)
{
    run_loop(&(struct loop){
        .begin = begin, .end = end, .grain = grain, .lane_count = 1, .body = body, .ctx = ctx, .pool = pool});
}

void qsc_parallel_for_static(qsc_pool *pool, size_t begin, size_t end, size_t grain,
                             void (*body)(void *ctx, size_t lo, size_t hi), void *ctx)
{
    run_loop(&(struct loop){.begin = begin,
                            .end = end,
                            .grain = grain,
                            .lane_count = (size_t)qsc_pool_threads(pool),
                            .body = body,
                            .ctx = ctx,
                            .pool = pool});
}

void qsc_parallel_for_guided(qsc_pool *pool, size_t begin, size_t end, size_t grain,
                             void (*body)(void *ctx, size_t lo, size_t hi), void *ctx)
{
    run_loop(&(struct loop){.begin = begin,
                            .end = end,
                            .grain = grain,
                            .shares = 2 * (size_t)qsc_pool_threads(pool),
                            .lane_count = 1,
                            .body = body,
                            .ctx = ctx,
                            .pool = pool});
}
