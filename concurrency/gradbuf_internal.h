/* gradbuf_internal.h: what the kinds of gradient buffers share. gradbuf.c has the rounds and the waiting; the
 * kinds differ in where a contribution is until it is in the sum, and in who adds it when:
 *
 *   gradbuf_ordered.c    in a shard; block by block in the order of the indices (the floats, and bf16)
 *   gradbuf_rows.c       likewise, of a table of which a contribution touches few rows
 *   gradbuf_unordered.c  nowhere: it is added at once, under locks or word by word */
#ifndef QUIESCE_CONCURRENCY_GRADBUF_INTERNAL_H
#define QUIESCE_CONCURRENCY_GRADBUF_INTERNAL_H

#include <quiesce/concurrency/eventcount.h>
#include <quiesce/concurrency/gradbuf.h>
#include <quiesce/concurrency/mutex.h>

#include <stdatomic.h>
#include <stdbool.h>

// Floats in a block: two blocks (of shard and accumulator) fit in a second-level cache with room to spare. A
// model checker sets 1, to have several blocks in a short vector.
#ifndef QSC_GRADBUF_BLOCK
#define QSC_GRADBUF_BLOCK 8192
#endif

struct slot {
    _Alignas(64) _Atomic uint64_t turn;
    _Atomic uint64_t blocks_left; // of the committed contribution
    void *shard;
    // Written by begin and add, read by those who add it up after the commit
    float *to;        // the accumulator of its round
    bool first, last; // of its round
    uint32_t touched; // rows, of gradbuf_rows.c: how many, and which
    uint32_t *rows;   // (capacity + 1)
    uint32_t *place;  // (rows of the table): where a row is in the shard, if it is in it
};

struct block {
    _Alignas(64) _Atomic uint64_t turn; // of gradbuf_ordered.c
    qsc_mutex mutex;                    // of gradbuf_unordered.c
    uint32_t touched[2];                // of gradbuf_rows.c: how many rows of each accumulator
};

// The table's shape, and the rows that the sums have.
struct table {
    size_t columns;
    uint32_t rows, capacity, rows_a_block;
    uint32_t *indices;    // all of these arrays, and the slots'
    uint32_t *touched[2]; // (rows): by accumulator; a block's stand where its rows begin
    uint32_t *place;      // (rows): where a row stands among its block's, if it does
};

struct gradbuf;

struct gradbuf_kind {
    // The accumulator of the round that is being opened is the caller's.
    void (*open)(struct gradbuf *buffers);
    // May the contribution begin? What qsc_gradbuf_begin waits for.
    bool (*may_begin)(struct gradbuf *buffers, uint64_t ticket);
    // It begins. Returns 0 or EINVAL, and the shard that may be written in place, or NULL.
    int (*begin)(struct gradbuf *buffers, uint32_t index, float **grad);
    // Returns 0, EINVAL or ENOSPC. The range is within the vector.
    int (*add)(struct gradbuf *buffers, uint32_t index, size_t offset, const float *values, size_t count);
    void (*commit)(struct gradbuf *buffers, uint32_t index);
    // Of the kinds of gradbuf_ordered.c: adds one block of a contribution.
    void (*add_block)(struct gradbuf *buffers, struct slot *slot, size_t block);
};

struct gradbuf {
    const struct gradbuf_kind *kind;
    size_t size, stride; // floats in a vector, and from one vector to the next
    size_t block_count;
    uint32_t shards;
    float *accumulators; // two
    char *shard_memory;
    struct slot *slots;
    struct block *blocks;
    struct table *table; // of gradbuf_rows.c
    // Written by open, read by the producers that were started after it
    uint64_t opened; // rounds since init or reset, like the two below
    uint64_t base;
    uint32_t contributions;
    _Atomic uint32_t uncommitted; // of gradbuf_unordered.c: contributions of the round
    _Atomic uint64_t complete, released;
    _Atomic bool aborted;
    struct qsc_eventcount changed; // a slot is free, a round complete or released, all is aborted
};
_Static_assert(sizeof(struct gradbuf) <= sizeof(qsc_gradbuf), "the header's storage");

static inline struct gradbuf *gradbuf_of(qsc_gradbuf *buffers_storage)
{
    return (struct gradbuf *)buffers_storage;
}

static inline float *accumulator(struct gradbuf *buffers, uint64_t round)
{
    return buffers->accumulators + (round & 1) * buffers->stride;
}

static inline struct slot *slot_of(struct gradbuf *buffers, uint64_t ticket)
{
    return &buffers->slots[ticket % buffers->shards];
}

/* Makes buffers of that kind: accumulators of `size` floats, `blocks` blocks, `shards` shards of so many
 * bytes. Returns 0 or ENOMEM. */
__attribute__((warn_unused_result)) int qsc_gradbuf_init_kind(struct gradbuf *buffers,
                                                              const struct gradbuf_kind *kind, size_t size,
                                                              size_t blocks, uint32_t shards,
                                                              size_t shard_bytes);

/* The kinds of gradbuf_ordered.c share all but where a contribution is kept and how a block of it is added.
 */
void qsc_gradbuf_open_ordered(struct gradbuf *buffers);
bool qsc_gradbuf_shard_is_free(struct gradbuf *buffers, uint64_t ticket);
/* The slot of contribution `index`, which begins in it, or NULL: it was added long ago. */
struct slot *qsc_gradbuf_take_slot(struct gradbuf *buffers, uint32_t index);
void qsc_gradbuf_commit_ordered(struct gradbuf *buffers, uint32_t index);

#endif
