/* parallel_for.c
 *
 * The chunks are handed out by a counter, in ascending order; threads that find nothing better to do come to
 * help. The helpers are tasks in a binary tree, each of which spawns its two children before it takes chunks:
 * they are woken in logarithmic time, and a loop that nobody has time to help with spawns two. */
#include <quiesce/concurrency/pool_internal.h>

struct helper {
    qsc_task task;
    struct loop *loop;
    size_t number;
};

struct loop { // NOLINT(clang-analyzer-optin.performance.Padding): the counter has a line of its own
    _Alignas(64) _Atomic size_t next; // chunk
    _Alignas(64) size_t begin;
    size_t end, grain, chunks;
    void (*body)(void *ctx, size_t lo, size_t hi);
    void *ctx;
    qsc_pool *pool;
    qsc_group group;
    struct helper *helpers;
    size_t helper_count;
};

static void take_chunks(struct loop *loop)
{
    size_t chunk;
    // relaxed: what the bodies read was handed over with the task, what they wrote is by the group
    while ((chunk = atomic_fetch_add_explicit(&loop->next, 1, memory_order_relaxed)) < loop->chunks) {
        size_t lo = loop->begin + chunk * loop->grain;
        loop->body(loop->ctx, lo, loop->end - lo > loop->grain ? lo + loop->grain : loop->end);
    }
}

static void help(void *arg);

static void spawn_helpers(struct loop *loop, size_t first)
{
    for (size_t i = first; i < first + 2 && i < loop->helper_count; i++) {
        if (atomic_load_explicit(&loop->next, memory_order_relaxed) >= loop->chunks)
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
    loop->helpers = helpers;
    spawn_helpers(loop, 0);
    take_chunks(loop);
    qsc_group_wait(loop->pool, &loop->group);
}

void qsc_parallel_for(qsc_pool *pool, size_t begin, size_t end, size_t grain,
                      void (*body)(void *ctx, size_t lo, size_t hi), void *ctx)
{
    if (begin >= end)
        return;
    struct loop loop = {
        .begin = begin, .end = end, .grain = grain ? grain : 1, .body = body, .ctx = ctx, .pool = pool};
    loop.chunks = (end - begin - 1) / loop.grain + 1;
    size_t threads = (size_t)qsc_pool_threads(pool);
    loop.helper_count = (threads < loop.chunks ? threads : loop.chunks) - 1;
    struct slot *entered = NULL;
    if (qsc_pool_slot(pool) || (entered = qsc_pool_enter(pool))) {
        run(&loop);
        if (entered)
            qsc_pool_leave(entered);
    } else { // another foreign thread has slot 0: whoever of the pool comes first runs the loop
        qsc_group group = QSC_GROUP_INIT;
        qsc_task task;
        qsc_task_spawn(pool, &group, &task, run, &loop);
        qsc_group_wait(pool, &group);
    }
}
