/* gradbuf_ordered.c: contributions added in the order of their indices, by whoever commits.
 *
 * They are numbered through all rounds: ticket = base of the round + index. Ticket t uses slot t mod shards,
 * whose turn tells who has it:
 *   2t      free for contribution t, or being written
 *   2t + 1  committed, being added
 * and becomes 2(t + shards) when all blocks of t are added. The vector is cut into blocks, each with a turn
 * of its own:
 *   2t      contribution t is the next to be added here
 *   2t + 1  a thread is adding it
 * so block by block the contributions are added one after the other in the order of their tickets, while
 * different blocks may be added by different threads. Whoever commits t offers its work to every block;
 * whoever has added t - 1 to a block looks whether t is committed. Both look after they have written
 * (seq_cst), so at least one sees the other, and the compare-and-swap on the block's turn picks one of two.
 */
#include <quiesce/concurrency/bf16.h>
#include <quiesce/concurrency/gradbuf_internal.h>

#include <errno.h>
#include <string.h>

void qsc_gradbuf_open_ordered(struct gradbuf *buffers)
{
    (void)buffers; // the first contribution overwrites what the accumulator has
}

bool qsc_gradbuf_shard_is_free(struct gradbuf *buffers, uint64_t ticket)
{
    // seq_cst: against a sleeper's prepare, see eventcount.h; pairs with the store in finish_contribution
    return atomic_load_explicit(&slot_of(buffers, ticket)->turn, memory_order_seq_cst) >= 2 * ticket;
}

struct slot *qsc_gradbuf_take_slot(struct gradbuf *buffers, uint32_t index)
{
    uint64_t ticket = buffers->base + index;
    struct slot *slot = slot_of(buffers, ticket);
    if (atomic_load_explicit(&slot->turn, memory_order_relaxed) != 2 * ticket)
        return NULL;
    slot->to = accumulator(buffers, buffers->opened - 1);
    slot->first = index == 0;
    slot->last = index + 1 == buffers->contributions;
    return slot;
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
    for (;;) {
        // seq_cst: pairs with the store below, after commit's store of the slot's turn
        uint64_t turn = atomic_load_explicit(&block->turn, memory_order_seq_cst), ticket = turn / 2;
        struct slot *slot = slot_of(buffers, ticket);
        // seq_cst: pairs with the store in qsc_gradbuf_commit_ordered, after the store below
        if (turn & 1 || atomic_load_explicit(&slot->turn, memory_order_seq_cst) != 2 * ticket + 1)
            return;
        // relaxed: the turn was acquired above
        if (!atomic_compare_exchange_strong_explicit(&block->turn, &turn, turn + 1, memory_order_relaxed,
                                                     memory_order_relaxed))
            return;
        buffers->kind->add_block(buffers, slot, index);
        // seq_cst: pairs with the load above, also as a release of the sum so far
        atomic_store_explicit(&block->turn, 2 * (ticket + 1), memory_order_seq_cst);
        // acq_rel: pairs with itself, all blocks' adding happens before what the last one lets happen
        if (atomic_fetch_sub_explicit(&slot->blocks_left, 1, memory_order_acq_rel) == 1)
            finish_contribution(buffers, slot, ticket);
    }
}

void qsc_gradbuf_commit_ordered(struct gradbuf *buffers, uint32_t index)
{
    uint64_t ticket = buffers->base + index;
    // seq_cst: pairs with the load in add_due
    atomic_store_explicit(&slot_of(buffers, ticket)->turn, 2 * ticket + 1, memory_order_seq_cst);
    for (size_t i = 0; i < buffers->block_count; i++)
        add_due(buffers, i);
}

static size_t block_floats(const struct gradbuf *buffers, size_t block)
{
    size_t left = buffers->size - block * QSC_GRADBUF_BLOCK;
    return left < QSC_GRADBUF_BLOCK ? left : QSC_GRADBUF_BLOCK;
}

// The first contribution is written in the accumulator itself: nothing is zeroed or copied.
static float *floats_at(const struct slot *slot)
{
    return slot->first ? slot->to : slot->shard;
}

static int begin_floats(struct gradbuf *buffers, uint32_t index, float **grad)
{
    struct slot *slot = qsc_gradbuf_take_slot(buffers, index);
    if (!slot)
        return EINVAL;
    *grad = floats_at(slot);
    return 0;
}

static int put_floats(struct gradbuf *buffers, uint32_t index, size_t offset, const float *values,
                      size_t count)
{
    memcpy(floats_at(slot_of(buffers, buffers->base + index)) + offset, values, count * sizeof *values);
    return 0;
}

static void add_floats(struct gradbuf *buffers, struct slot *slot, size_t block)
{
    size_t begin = block * QSC_GRADBUF_BLOCK, count = block_floats(buffers, block);
    float *restrict to = slot->to + begin;
    const float *restrict from = (const float *)slot->shard + begin;
    for (size_t i = 0; !slot->first && i < count; i++)
        to[i] += from[i];
}

static int begin_bf16(struct gradbuf *buffers, uint32_t index, float **grad)
{
    *grad = NULL;
    return qsc_gradbuf_take_slot(buffers, index) ? 0 : EINVAL;
}

static int put_bf16(struct gradbuf *buffers, uint32_t index, size_t offset, const float *values, size_t count)
{
    const struct slot *slot = slot_of(buffers, buffers->base + index);
    qsc_bf16_round((uint16_t *)slot->shard + offset, values, count);
    return 0;
}

static void add_bf16(struct gradbuf *buffers, struct slot *slot, size_t block)
{
    size_t begin = block * QSC_GRADBUF_BLOCK, count = block_floats(buffers, block);
    const uint16_t *from = (const uint16_t *)slot->shard + begin;
    if (slot->first)
        qsc_bf16_widen(slot->to + begin, from, count);
    else
        qsc_bf16_add(slot->to + begin, from, count);
}

static int init(qsc_gradbuf *buffers_storage, const struct gradbuf_kind *kind, size_t size, uint32_t shards,
                size_t element)
{
    size_t bytes;
    if (size == 0 || shards == 0)
        return EINVAL;
    if (__builtin_mul_overflow(size, element, &bytes))
        return ENOMEM;
    return qsc_gradbuf_init_kind(gradbuf_of(buffers_storage), kind, size, (size - 1) / QSC_GRADBUF_BLOCK + 1,
                                 shards, bytes);
}

int qsc_gradbuf_init(qsc_gradbuf *buffers_storage, size_t size, uint32_t shards)
{
    static const struct gradbuf_kind floats = {qsc_gradbuf_open_ordered,
                                               qsc_gradbuf_shard_is_free,
                                               begin_floats,
                                               put_floats,
                                               qsc_gradbuf_commit_ordered,
                                               add_floats};
    return init(buffers_storage, &floats, size, shards, sizeof(float));
}

int qsc_gradbuf_init_bf16(qsc_gradbuf *buffers_storage, size_t size, uint32_t shards)
{
    static const struct gradbuf_kind bf16 = {qsc_gradbuf_open_ordered,
                                             qsc_gradbuf_shard_is_free,
                                             begin_bf16,
                                             put_bf16,
                                             qsc_gradbuf_commit_ordered,
                                             add_bf16};
    return init(buffers_storage, &bf16, size, shards, sizeof(uint16_t));
}
