/* gradbuf.c: rounds, and what is waited for. The kinds stand in files of their own, gradbuf_internal.h.
 *
 * Two rounds are alive at most, each in an accumulator of its own: one is filled, one is read. Nothing is
 * ever set back (but by reset), so a thread that is late in one round cannot mistake the next for it. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/gradbuf_internal.h>
#include <quiesce/concurrency/text.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void *allocate(size_t count, size_t bytes)
{
    size_t all;
    return __builtin_mul_overflow(count, bytes, &all) ? NULL : qsc_alloc_aligned(all, 64);
}

// Rounded up to whole cache lines. Returns false if that is too much.
static bool round_up(size_t *count, size_t a_line)
{
    if (__builtin_add_overflow(*count, a_line - 1, count))
        return false;
    *count &= ~(a_line - 1);
    return true;
}

int qsc_gradbuf_init_kind(struct gradbuf *buffers, const struct gradbuf_kind *kind, size_t size,
                          size_t blocks, uint32_t shards, size_t shard_bytes)
{
    qsc_gradbuf *storage = (qsc_gradbuf *)buffers;
    *buffers =
        (struct gradbuf){.kind = kind, .size = size, .stride = size, .block_count = blocks, .shards = shards};
    if (!round_up(&buffers->stride, 64 / sizeof(float)) || !round_up(&shard_bytes, 64) ||
        !(buffers->accumulators = allocate(buffers->stride, 2 * sizeof(float))) ||
        !(buffers->blocks = allocate(blocks, sizeof *buffers->blocks)) ||
        (shards && (!(buffers->shard_memory = allocate(shards, shard_bytes)) ||
                    !(buffers->slots = allocate(shards, sizeof *buffers->slots))))) {
        qsc_gradbuf_fini(storage);
        return ENOMEM;
    }
    memset(buffers->blocks, 0, blocks * sizeof *buffers->blocks);
    for (uint32_t i = 0; i < shards; i++)
        buffers->slots[i] = (struct slot){.shard = buffers->shard_memory + i * shard_bytes};
    qsc_gradbuf_reset(storage);
    return 0;
}

void qsc_gradbuf_fini(qsc_gradbuf *buffers_storage)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    qsc_free(buffers->accumulators);
    qsc_free(buffers->shard_memory);
    qsc_free(buffers->slots);
    qsc_free(buffers->blocks);
    if (buffers->table)
        qsc_free(buffers->table->indices);
    qsc_free(buffers->table);
}

void qsc_gradbuf_reset(qsc_gradbuf *buffers_storage)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    for (uint32_t i = 0; i < buffers->shards; i++) {
        atomic_init(&buffers->slots[i].turn, 2 * (uint64_t)i);
        atomic_init(&buffers->slots[i].blocks_left, buffers->block_count);
    }
    for (size_t i = 0; i < buffers->block_count; i++)
        atomic_init(&buffers->blocks[i].turn, 0);
    buffers->opened = 0;
    buffers->base = 0;
    buffers->contributions = 0;
    atomic_init(&buffers->uncommitted, 0);
    atomic_init(&buffers->complete, 0);
    atomic_init(&buffers->released, 0);
    atomic_init(&buffers->aborted, false);
}

// What a call may wait for. All conditions are read with seq_cst: against a sleeper's prepare, see
// eventcount.h.
typedef bool condition(struct gradbuf *buffers, uint64_t which);

static bool round_may_open(struct gradbuf *buffers, uint64_t round)
{
    // pair with the increments of the last commit, in the kinds, and of release: the accumulator is ours
    return atomic_load_explicit(&buffers->complete, memory_order_seq_cst) == round &&
           atomic_load_explicit(&buffers->released, memory_order_seq_cst) + 1 >= round;
}

static bool round_is_complete(struct gradbuf *buffers, uint64_t round)
{
    // pairs with the increment of the last commit, in the kinds
    return atomic_load_explicit(&buffers->complete, memory_order_seq_cst) > round;
}

static int look(struct gradbuf *buffers, condition *holds, uint64_t which)
{
    if (atomic_load_explicit(&buffers->aborted, memory_order_seq_cst)) // pairs with the store in abort
        return ECANCELED;
    return holds(buffers, which) ? 0 : EAGAIN;
}

static int wait_until(struct gradbuf *buffers, condition *holds, uint64_t which,
                      const struct timespec *deadline, const qsc_cancel *cancel)
{
    int error = look(buffers, holds, which), given_up = 0;
    while (error == EAGAIN && !given_up) {
        uint32_t key = qsc_eventcount_prepare(&buffers->changed);
        error = look(buffers, holds, which);
        if (error == EAGAIN)
            given_up = qsc_eventcount_wait_cancellable(&buffers->changed, key, deadline, cancel);
        else
            qsc_eventcount_leave(&buffers->changed);
    }
    return error == EAGAIN ? given_up : error;
}

static int open_round(struct gradbuf *buffers, uint32_t contributions)
{
    buffers->base += buffers->contributions;
    buffers->contributions = contributions;
    buffers->opened++;
    buffers->kind->open(buffers);
    return 0;
}

int qsc_gradbuf_open_cancellable(qsc_gradbuf *buffers_storage, uint32_t contributions,
                                 const struct timespec *deadline, const qsc_cancel *cancel)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (contributions == 0)
        return EINVAL;
    int error = wait_until(buffers, round_may_open, buffers->opened, deadline, cancel);
    return error ? error : open_round(buffers, contributions);
}

int qsc_gradbuf_open_until(qsc_gradbuf *buffers_storage, uint32_t contributions,
                           const struct timespec *deadline)
{
    return qsc_gradbuf_open_cancellable(buffers_storage, contributions, deadline, NULL);
}

int qsc_gradbuf_open(qsc_gradbuf *buffers_storage, uint32_t contributions)
{
    return qsc_gradbuf_open_cancellable(buffers_storage, contributions, NULL, NULL);
}

int qsc_gradbuf_tryopen(qsc_gradbuf *buffers_storage, uint32_t contributions)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (contributions == 0)
        return EINVAL;
    int error = look(buffers, round_may_open, buffers->opened);
    return error ? error : open_round(buffers, contributions);
}

int qsc_gradbuf_begin_cancellable(qsc_gradbuf *buffers_storage, uint32_t index, float **grad,
                                  const struct timespec *deadline, const qsc_cancel *cancel)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (index >= buffers->contributions)
        return EINVAL;
    int error = wait_until(buffers, buffers->kind->may_begin, buffers->base + index, deadline, cancel);
    return error ? error : buffers->kind->begin(buffers, index, grad);
}

int qsc_gradbuf_begin_until(qsc_gradbuf *buffers_storage, uint32_t index, float **grad,
                            const struct timespec *deadline)
{
    return qsc_gradbuf_begin_cancellable(buffers_storage, index, grad, deadline, NULL);
}

int qsc_gradbuf_begin(qsc_gradbuf *buffers_storage, uint32_t index, float **grad)
{
    return qsc_gradbuf_begin_cancellable(buffers_storage, index, grad, NULL, NULL);
}

int qsc_gradbuf_trybegin(qsc_gradbuf *buffers_storage, uint32_t index, float **grad)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (index >= buffers->contributions)
        return EINVAL;
    int error = look(buffers, buffers->kind->may_begin, buffers->base + index);
    return error ? error : buffers->kind->begin(buffers, index, grad);
}

int qsc_gradbuf_add(qsc_gradbuf *buffers_storage, uint32_t index, size_t offset, const float *values,
                    size_t count)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (offset > buffers->size || count > buffers->size - offset)
        return EINVAL;
    return buffers->kind->add(buffers, index, offset, values, count);
}

void qsc_gradbuf_commit(qsc_gradbuf *buffers_storage, uint32_t index)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (!atomic_load_explicit(&buffers->aborted, memory_order_relaxed))
        buffers->kind->commit(buffers, index);
}

int qsc_gradbuf_wait_cancellable(qsc_gradbuf *buffers_storage, float **sum, const struct timespec *deadline,
                                 const qsc_cancel *cancel)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    uint64_t round = atomic_load_explicit(&buffers->released, memory_order_relaxed);
    int error = wait_until(buffers, round_is_complete, round, deadline, cancel);
    if (!error)
        *sum = accumulator(buffers, round);
    return error;
}

int qsc_gradbuf_wait_until(qsc_gradbuf *buffers_storage, float **sum, const struct timespec *deadline)
{
    return qsc_gradbuf_wait_cancellable(buffers_storage, sum, deadline, NULL);
}

int qsc_gradbuf_wait(qsc_gradbuf *buffers_storage, float **sum)
{
    return qsc_gradbuf_wait_cancellable(buffers_storage, sum, NULL, NULL);
}

int qsc_gradbuf_trywait(qsc_gradbuf *buffers_storage, float **sum)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    uint64_t round = atomic_load_explicit(&buffers->released, memory_order_relaxed);
    int error = look(buffers, round_is_complete, round);
    if (!error)
        *sum = accumulator(buffers, round);
    return error;
}

void qsc_gradbuf_release(qsc_gradbuf *buffers_storage)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    // seq_cst: pairs with the load in round_may_open, before the look for sleepers in notify
    atomic_fetch_add_explicit(&buffers->released, 1, memory_order_seq_cst);
    qsc_eventcount_notify(&buffers->changed, UINT32_MAX);
}

void qsc_gradbuf_abort(qsc_gradbuf *buffers_storage)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    // seq_cst: pairs with the load in look, before the look for sleepers in notify
    atomic_store_explicit(&buffers->aborted, true, memory_order_seq_cst);
    qsc_eventcount_notify(&buffers->changed, UINT32_MAX);
}

int qsc_gradbuf_dump(const qsc_gradbuf *buffers_storage, char *at, size_t size)
{
    const struct gradbuf *buffers = (const struct gradbuf *)buffers_storage;
    struct text text = {at, size, 0};
    char waiters[100];
    (void)qsc_eventcount_dump(&buffers->changed, waiters, sizeof waiters);
    qsc_text_add(&text, "%s%" PRIu64 " rounds complete, %" PRIu64 " released, %s; ",
                 atomic_load_explicit(&buffers->aborted, memory_order_relaxed) ? "aborted, " : "",
                 atomic_load_explicit(&buffers->complete, memory_order_relaxed),
                 atomic_load_explicit(&buffers->released, memory_order_relaxed), waiters);
    if (!buffers->shards)
        qsc_text_add(&text, "%" PRIu32 " contributions to come",
                     atomic_load_explicit(&buffers->uncommitted, memory_order_relaxed));
    else
        qsc_text_add(&text, "shards:");
    for (uint32_t i = 0; i < buffers->shards; i++) {
        uint64_t turn = atomic_load_explicit(&buffers->slots[i].turn, memory_order_relaxed);
        qsc_text_add(&text, " %s%" PRIu64, turn & 1 ? "adding " : "", turn / 2);
    }
    return (int)text.length;
}
