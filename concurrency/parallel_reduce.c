/* parallel_reduce.c: the chunks are the leaves of a binary tree whose shape follows from their number alone.
 * Each node leaves its right half to whoever has time and computes the left one itself; the right one's
 * result lies on its stack. */
#include <quiesce/concurrency/pool_internal.h>

struct reduction {
    size_t begin, end, grain, chunks;
    size_t size; // of a partial result
    void *result;
    void (*body)(void *ctx, size_t lo, size_t hi, void *partial);
    void (*combine)(void *ctx, void *left, const void *right);
    void *ctx;
    qsc_pool *pool;
    const struct group *above; // of the caller
};

struct part {
    const struct reduction *whole;
    size_t first, count; // chunks
    void *result;
};

// What is seen to be cancelled may lack partial results.
static bool is_cancelled(const struct reduction *whole)
{
    return qsc_pool_is_cancelled(whole->pool, whole->above);
}

static void reduce(void *arg)
{
    const struct part *part = arg;
    const struct reduction *whole = part->whole;
    if (is_cancelled(whole))
        return;
    if (part->count == 1) {
        size_t lo = whole->begin + part->first * whole->grain;
        whole->body(whole->ctx, lo, whole->end - lo > whole->grain ? lo + whole->grain : whole->end,
                    part->result);
        return;
    }
    _Alignas(max_align_t) unsigned char partial[whole->size];
    struct part left = {whole, part->first, part->count - part->count / 2, part->result};
    struct part right = {whole, part->first + left.count, part->count / 2, partial};
    qsc_group group = QSC_GROUP_INIT;
    qsc_task task;
    qsc_task_spawn(whole->pool, &group, &task, reduce, &right);
    reduce(&left);
    qsc_group_wait(whole->pool, &group);
    if (!is_cancelled(whole))
        whole->combine(whole->ctx, part->result, partial);
}

static void run(void *arg)
{
    struct reduction *whole = arg;
    whole->above = qsc_pool_slot(whole->pool)->running;
    reduce(&(struct part){whole, 0, whole->chunks, whole->result});
}

void qsc_parallel_reduce(qsc_pool *pool, size_t begin, size_t end, size_t grain, void *result, size_t size,
                         void (*body)(void *ctx, size_t lo, size_t hi, void *partial),
                         void (*combine)(void *ctx, void *left, const void *right), void *ctx)
{
    if (begin >= end)
        return;
    struct reduction whole = {.begin = begin,
                              .end = end,
                              .grain = grain ? grain : 1,
                              .size = size,
                              .result = result,
                              .body = body,
                              .combine = combine,
                              .ctx = ctx,
                              .pool = pool};
    whole.chunks = (end - begin - 1) / whole.grain + 1;
    qsc_pool_run_in_slot(pool, run, &whole);
}
