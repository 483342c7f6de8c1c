/* gradbuf.c
 *
 * Contributions are numbered through all rounds: ticket = base of the round + index. Ticket t uses slot t mod
 * shards, whose turn tells who has it: 2t      free for contribution t, or being written 2t + 1  committed,
 * being added and becomes 2(t + shards) when all blocks of t are added. The vector is cut into blocks, each
 * with a turn of its own: 2t      contribution t is the next to be added here 2t + 1  a thread is adding it
 * so block by block the contributions are added one after the other in the order of their tickets, while
 * different blocks may be added by different threads. Whoever commits t offers its work to every block;
 * whoever has added t - 1 to a block looks whether t is committed. Both look after they have written
 * (seq_cst), so at least one sees the other, and the compare-and-swap on the block's turn picks one of two.
 *
 * Nothing is ever set back (but by reset), so a thread that is late in one round cannot mistake the next for
 * it. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/eventcount.h>
#include <quiesce/concurrency/gradbuf.h>
#include <quiesce/concurrency/text.h>

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

// Floats in a block: two blocks (of shard and accumulator) fit in a second-level cache with room to spare. A
// model checker sets 1, to have several blocks in a short vector.
#ifndef QSC_GRADBUF_BLOCK
#define QSC_GRADBUF_BLOCK 8192
#endif

struct slot {
    _Alignas(64) _Atomic uint64_t turn;
    _Atomic uint64_t blocks_left; // of the committed contribution
    float *shard;
    // Written by begin, read by those who add after the commit
    const float *from; // NULL: was written in the accumulator
    float *to;
    bool last; // of its round
};

struct block {
    _Alignas(64) _Atomic uint64_t turn;
};

struct gradbuf {
    size_t size, stride; // floats in a vector, and from one vector to the next
    size_t block_count;
    uint32_t shards;
    float *vectors; // two accumulators, then the shards
    struct slot *slots;
    struct block *blocks;
    // Written by open, read by the producers that were started after it
    uint64_t opened; // rounds since init or reset, like the two below
    uint64_t base;
    uint32_t contributions;
    _Atomic uint64_t complete, released;
    _Atomic bool aborted;
    struct qsc_eventcount changed; // a slot is free, a round complete or released, all is aborted
};
_Static_assert(sizeof(struct gradbuf) <= sizeof(qsc_gradbuf), "the header's storage");

static struct gradbuf *gradbuf_of(qsc_gradbuf *buffers_storage)
{
    return (struct gradbuf *)buffers_storage;
}

static float *accumulator(struct gradbuf *buffers, uint64_t round)
{
    return buffers->vectors + (round & 1) * buffers->stride;
}

static struct slot *slot_of(struct gradbuf *buffers, uint64_t ticket)
{
    return &buffers->slots[ticket % buffers->shards];
}

int qsc_gradbuf_init(qsc_gradbuf *buffers_storage, size_t size, uint32_t shards)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (size == 0 || shards == 0)
        return EINVAL;
    memset(buffers, 0, sizeof *buffers);
    buffers->size = size;
    buffers->shards = shards;
    buffers->block_count = (size - 1) / QSC_GRADBUF_BLOCK + 1;
    size_t bytes;
    if (__builtin_add_overflow(size, 15, &buffers->stride))
        return ENOMEM;
    buffers->stride &= ~(size_t)15;
    if (__builtin_mul_overflow(buffers->stride, ((size_t)shards + 2) * sizeof(float), &bytes))
        return ENOMEM;
    buffers->vectors = qsc_alloc_aligned(bytes, 64);
    buffers->slots = qsc_alloc_aligned(shards * sizeof *buffers->slots, 64);
    buffers->blocks = qsc_alloc_aligned(buffers->block_count * sizeof *buffers->blocks, 64);
    if (!buffers->vectors || !buffers->slots || !buffers->blocks) {
        qsc_gradbuf_fini(buffers_storage);
        return ENOMEM;
    }
    for (uint32_t i = 0; i < shards; i++)
        buffers->slots[i].shard = buffers->vectors + (i + 2) * buffers->stride;
    qsc_gradbuf_reset(buffers_storage);
    return 0;
}

void qsc_gradbuf_fini(qsc_gradbuf *buffers_storage)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    qsc_free(buffers->vectors);
    qsc_free(buffers->slots);
    qsc_free(buffers->blocks);
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
    atomic_init(&buffers->complete, 0);
    atomic_init(&buffers->released, 0);
    atomic_init(&buffers->aborted, false);
}

// What a call may wait for. All conditions are read with seq_cst: against a sleeper's prepare, see
// eventcount.h.
typedef bool condition(struct gradbuf *buffers, uint64_t which);

static bool round_may_open(struct gradbuf *buffers, uint64_t round)
{
    // pair with the increments in finish_contribution and release: the accumulator is ours
    return atomic_load_explicit(&buffers->complete, memory_order_seq_cst) == round &&
           atomic_load_explicit(&buffers->released, memory_order_seq_cst) + 1 >= round;
}

static bool round_is_complete(struct gradbuf *buffers, uint64_t round)
{
    // pairs with the increment in finish_contribution
    return atomic_load_explicit(&buffers->complete, memory_order_seq_cst) > round;
}

static bool shard_is_free(struct gradbuf *buffers, uint64_t ticket)
{
    // pairs with the store in finish_contribution
    return atomic_load_explicit(&slot_of(buffers, ticket)->turn, memory_order_seq_cst) >= 2 * ticket;
}

static int look(struct gradbuf *buffers, condition *holds, uint64_t which)
{
    if (atomic_load_explicit(&buffers->aborted, memory_order_seq_cst)) // pairs with the store in abort
        return ECANCELED;
    return holds(buffers, which) ? 0 : EAGAIN;
}

static int wait_until(struct gradbuf *buffers, condition *holds, uint64_t which,
                      const struct timespec *deadline)
{
    int error = look(buffers, holds, which), given_up = 0;
    while (error == EAGAIN && !given_up) {
        uint32_t key = qsc_eventcount_prepare(&buffers->changed);
        error = look(buffers, holds, which);
        if (error == EAGAIN)
            given_up = qsc_eventcount_wait(&buffers->changed, key, deadline);
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
    return 0;
}

int qsc_gradbuf_open_until(qsc_gradbuf *buffers_storage, uint32_t contributions,
                           const struct timespec *deadline)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (contributions == 0)
        return EINVAL;
    int error = wait_until(buffers, round_may_open, buffers->opened, deadline);
    return error ? error : open_round(buffers, contributions);
}

int qsc_gradbuf_open(qsc_gradbuf *buffers_storage, uint32_t contributions)
{
    return qsc_gradbuf_open_until(buffers_storage, contributions, NULL);
}

int qsc_gradbuf_tryopen(qsc_gradbuf *buffers_storage, uint32_t contributions)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (contributions == 0)
        return EINVAL;
    int error = look(buffers, round_may_open, buffers->opened);
    return error ? error : open_round(buffers, contributions);
}

static int begin_contribution(struct gradbuf *buffers, uint32_t index, float **grad)
{
    uint64_t ticket = buffers->base + index;
    struct slot *slot = slot_of(buffers, ticket);
    if (atomic_load_explicit(&slot->turn, memory_order_relaxed) != 2 * ticket)
        return EINVAL; // it was added long ago
    slot->to = accumulator(buffers, buffers->opened - 1);
    slot->from = index == 0 ? NULL : slot->shard;
    slot->last = index + 1 == buffers->contributions;
    *grad = index == 0 ? slot->to : slot->shard;
    return 0;
}

int qsc_gradbuf_begin_until(qsc_gradbuf *buffers_storage, uint32_t index, float **grad,
                            const struct timespec *deadline)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (index >= buffers->contributions)
        return EINVAL;
    int error = wait_until(buffers, shard_is_free, buffers->base + index, deadline);
    return error ? error : begin_contribution(buffers, index, grad);
}

int qsc_gradbuf_begin(qsc_gradbuf *buffers_storage, uint32_t index, float **grad)
{
    return qsc_gradbuf_begin_until(buffers_storage, index, grad, NULL);
}

int qsc_gradbuf_trybegin(qsc_gradbuf *buffers_storage, uint32_t index, float **grad)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (index >= buffers->contributions)
        return EINVAL;
    int error = look(buffers, shard_is_free, buffers->base + index);
    return error ? error : begin_contribution(buffers, index, grad);
}

static void add(float *restrict to, const float *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

// All blocks of the contribution are added: the round may be complete, and the slot is free again.
static void finish_contribution(struct gradbuf *buffers, struct slot *slot, uint64_t ticket)
{
    atomic_store_explicit(&slot->blocks_left, buffers->block_count, memory_order_relaxed);
    // seq_cst, both: pair with the loads in the conditions, before the look for sleepers in notify
    if (slot->last)
        atomic_fetch_add_explicit(&buffers->complete, 1, memory_order_seq_cst);
    atomic_store_explicit(&slot->turn, 2 * (ticket + buffers->shards), memory_order_seq_cst);
    qsc_eventcount_notify(&buffers->changed, UINT32_MAX);
}

// Adds to one block whatever is committed and next in turn there, unless another thread is at it.
static void add_due(struct gradbuf *buffers, size_t index)
{
    struct block *block = &buffers->blocks[index];
    size_t begin = index * QSC_GRADBUF_BLOCK, left = buffers->size - begin;
    for (;;) {
        // seq_cst: pairs with the store below, after commit's store of the slot's turn
        uint64_t turn = atomic_load_explicit(&block->turn, memory_order_seq_cst), ticket = turn / 2;
        struct slot *slot = slot_of(buffers, ticket);
        // seq_cst: pairs with the store in commit, after the store below
        if (turn & 1 || atomic_load_explicit(&slot->turn, memory_order_seq_cst) != 2 * ticket + 1)
            return;
        // relaxed: the turn was acquired above
        if (!atomic_compare_exchange_strong_explicit(&block->turn, &turn, turn + 1, memory_order_relaxed,
                                                     memory_order_relaxed))
            return;
        if (slot->from)
            add(slot->to + begin, slot->from + begin, left < QSC_GRADBUF_BLOCK ? left : QSC_GRADBUF_BLOCK);
        // seq_cst: pairs with the load above, also as a release of the sum so far
        atomic_store_explicit(&block->turn, 2 * (ticket + 1), memory_order_seq_cst);
        // acq_rel: pairs with itself, all blocks' adding happens before what the last one lets happen
        if (atomic_fetch_sub_explicit(&slot->blocks_left, 1, memory_order_acq_rel) == 1)
            finish_contribution(buffers, slot, ticket);
    }
}

void qsc_gradbuf_commit(qsc_gradbuf *buffers_storage, uint32_t index)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    if (atomic_load_explicit(&buffers->aborted, memory_order_relaxed))
        return;
    uint64_t ticket = buffers->base + index;
    // seq_cst: pairs with the load in add_due
    atomic_store_explicit(&slot_of(buffers, ticket)->turn, 2 * ticket + 1, memory_order_seq_cst);
    for (size_t i = 0; i < buffers->block_count; i++)
        add_due(buffers, i);
}

int qsc_gradbuf_wait_until(qsc_gradbuf *buffers_storage, float **sum, const struct timespec *deadline)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    uint64_t round = atomic_load_explicit(&buffers->released, memory_order_relaxed);
    int error = wait_until(buffers, round_is_complete, round, deadline);
    if (!error)
        *sum = accumulator(buffers, round);
    return error;
}

int qsc_gradbuf_wait(qsc_gradbuf *buffers_storage, float **sum)
{
    return qsc_gradbuf_wait_until(buffers_storage, sum, NULL);
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
    qsc_text_add(&text, "%s%" PRIu64 " rounds complete, %" PRIu64 " released, %s; shards:",
                 atomic_load_explicit(&buffers->aborted, memory_order_relaxed) ? "aborted, " : "",
                 atomic_load_explicit(&buffers->complete, memory_order_relaxed),
                 atomic_load_explicit(&buffers->released, memory_order_relaxed), waiters);
    for (uint32_t i = 0; i < buffers->shards; i++) {
        uint64_t turn = atomic_load_explicit(&buffers->slots[i].turn, memory_order_relaxed);
        qsc_text_add(&text, " %s%" PRIu64, turn & 1 ? "adding " : "", turn / 2);
    }
    return (int)text.length;
}
