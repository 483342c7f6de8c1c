/* gradbuf.h: gradient-accumulation buffers: many threads produce contributions, and their sum comes out.
 *
 * A round sums `contributions` vectors of `size` floats. The driver opens it, producers begin and commit each
 * index once, from any threads and in any order; the reducer waits for the sum and releases it. There are two
 * accumulators: while the reducer reads round r, round r+1 may be opened and filled.
 *
 *     driver    qsc_gradbuf_open(b, n);
 *     producer  qsc_gradbuf_begin(b, index, &grad);
 *               ... overwrite grad[0, size), or qsc_gradbuf_add(b, index, offset, values, count) ...
 *               qsc_gradbuf_commit(b, index);
 *     reducer   qsc_gradbuf_wait(b, &sum); ... use sum[0, size) ...; qsc_gradbuf_release(b);
 *
 * Init chooses the kind; all that follows is the same for all:
 *
 *     made by        the bits of the sum depend on         begin waits  memory, in vectors
 *     init           the contributions and their indices   for a shard  2 + shards
 *     init_bf16      the same, each rounded to bf16 first  for a shard  2 + shards / 2
 *     init_rows      the same, in the rows that they have  for a shard  2, and the rows of `shards`
 *     init_striped   also on the order of arrival          never        2
 *     init_atomic    also on the order of arrival          never        2
 *
 * The first three are deterministic: sum = ((g0 + g1) + g2) + ... as if one thread had added in the order of
 * the indices. The last two are not, because addition of floats is not associative: each float is the sum of
 * all that was added to it, none lost, in whatever order it came. They need no memory for contributions under
 * way, and no thread waits for another but (striped) while that one adds to the same block.
 *
 * Deterministic kinds: index i is written to shard i mod shards, which is free once contribution i - shards
 * has been added (init: contribution 0 is written in the accumulator itself; nothing is ever zeroed or
 * copied). So qsc_gradbuf_begin of index i waits for the commit of index i - shards and of those before it,
 * and never for anything else. TO BE FREE OF DEADLOCK, indices i - shards and below must be begun by threads
 * that do not themselves wait behind index i. Any one of these is enough:
 *   - indices are begun in ascending order, whichever threads take them: then the lowest index not yet added
 *     has its shard and its thread is at work on it. Take them from one counter, or from qsc_parallel_for
 *     with grain 1, which hands out its chunks in ascending order;
 *   - shards >= contributions: then begin never waits for another contribution;
 *   - each producer takes one index and there are at least `contributions` threads.
 * With as many shards as threads all can work at once; with twice as many a slow one does not stop the others
 * early. The adding is done by the threads that commit, in blocks that follow each other through the vector
 * like a pipeline: block k of contribution i is added by the first thread that finds contribution i committed
 * and block k of i-1 added. No lock is held while adding, and begin waits for no adding but that of the shard
 * it needs.
 *
 * No RCU section may be held across the waiting calls, and no call may be made from a signal handler. */
#ifndef QUIESCE_CONCURRENCY_GRADBUF_H
#define QUIESCE_CONCURRENCY_GRADBUF_H

#include <quiesce/concurrency/cancel.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    unsigned char storage[192];
} __attribute__((aligned(64))) qsc_gradbuf;

/* Makes buffers for vectors of `size` floats with `shards` contributions in flight; the sums have the same
 * bits whatever the threads do.
 * Returns 0, EINVAL (size or shards is 0) or ENOMEM. Does not block.
 * Memory: (2 + shards) * size floats, aligned to 64 bytes, freed by qsc_gradbuf_fini. */
int qsc_gradbuf_init(qsc_gradbuf *buffers, size_t size, uint32_t shards) __attribute__((warn_unused_result));

/* As qsc_gradbuf_init, but contributions are kept in half the memory: each element is rounded to bf16 (8 bits
 * of precision, the range of a float; to nearest even; a NaN stays one) and then added in floats. An element
 * must be added once in a contribution. */
int qsc_gradbuf_init_bf16(qsc_gradbuf *buffers, size_t size, uint32_t shards)
    __attribute__((warn_unused_result));

/* As qsc_gradbuf_init, for a table of rows * columns floats of which a contribution touches `capacity` rows
 * at most, such as the embeddings of its words. Whole rows are added, any number of times each. The sum is
 * the table, in which the rows of qsc_gradbuf_touched hold the round's sums and others anything.
 * Returns 0, EINVAL (something is 0, or capacity is above rows) or ENOMEM. Does not block.
 * Memory: (2 * rows + shards * capacity) * columns floats and about (3 + shards) * rows words, freed by
 * qsc_gradbuf_fini. */
int qsc_gradbuf_init_rows(qsc_gradbuf *buffers, uint32_t rows, size_t columns, uint32_t shards,
                          uint32_t capacity) __attribute__((warn_unused_result));

/* Makes buffers for vectors of `size` floats to which contributions are added at once, block by block under
 * a lock for each block. NOT DETERMINISTIC: each block has its ranges in the order in which they came.
 * qsc_gradbuf_open zeroes the accumulator.
 * Returns 0, EINVAL (size is 0) or ENOMEM. Does not block.
 * Memory: 2 * size floats, freed by qsc_gradbuf_fini. */
int qsc_gradbuf_init_striped(qsc_gradbuf *buffers, size_t size) __attribute__((warn_unused_result));

/* As qsc_gradbuf_init_striped, but floats are added one by one, by compare-and-swap and without a lock. NOT
 * DETERMINISTIC: each float has its summands in the order in which they came. Costs a locked instruction for
 * each float: for sparse or small contributions. Source: B. Recht, C. Re, S. Wright and F. Niu, "Hogwild!: a
 * lock-free approach to parallelizing stochastic gradient descent", NIPS 2011. */
int qsc_gradbuf_init_atomic(qsc_gradbuf *buffers, size_t size) __attribute__((warn_unused_result));

/* Frees all memory. No thread may be inside a call or between begin and commit, or still use a sum. */
void qsc_gradbuf_fini(qsc_gradbuf *buffers);

/* Opens the next round, of `contributions` contributions: they may be begun as soon as this returns.
 * Returns 0, EINVAL (contributions is 0) or ECANCELED (aborted).
 * Waits until the round before is complete (all committed and added) and the one before that is released.
 * Blocking. One thread at a time. Memory order: hand the round to the producers by something that
 * synchronises (a spawn). */
int qsc_gradbuf_open(qsc_gradbuf *buffers, uint32_t contributions) __attribute__((warn_unused_result));
/* Does not wait: EAGAIN where open would. */
int qsc_gradbuf_tryopen(qsc_gradbuf *buffers, uint32_t contributions) __attribute__((warn_unused_result));
/* Gives up with ETIMEDOUT when CLOCK_MONOTONIC reaches `deadline` (absolute; NULL: never). */
int qsc_gradbuf_open_until(qsc_gradbuf *buffers, uint32_t contributions, const struct timespec *deadline)
    __attribute__((warn_unused_result));
/* Gives up when `cancel` is cancelled (NULL: never), too, with ECANCELED: then the buffers are as before the
 * call, unless aborted. */
int qsc_gradbuf_open_cancellable(qsc_gradbuf *buffers, uint32_t contributions,
                                 const struct timespec *deadline, const qsc_cancel *cancel)
    __attribute__((warn_unused_result));

/* Begins contribution `index` of the open round. qsc_gradbuf_init: *grad is the shard to write, `size` floats
 * of any content, 64-byte aligned, the caller's alone until its commit; other kinds: NULL.
 * Returns 0, EINVAL (index is not below the round's contributions) or ECANCELED (aborted). Waits for the
 * shard, that is for the contributions up to index - shards (see above). Blocking; at once when index <
 * shards, and where there are no shards. Any thread; each index once a round. */
int qsc_gradbuf_begin(qsc_gradbuf *buffers, uint32_t index, float **grad) __attribute__((warn_unused_result));
/* Does not wait: EAGAIN where begin would; the index may be begun later. */
int qsc_gradbuf_trybegin(qsc_gradbuf *buffers, uint32_t index, float **grad)
    __attribute__((warn_unused_result));
/* Gives up with ETIMEDOUT when CLOCK_MONOTONIC reaches `deadline` (absolute; NULL: never). */
int qsc_gradbuf_begin_until(qsc_gradbuf *buffers, uint32_t index, float **grad,
                            const struct timespec *deadline) __attribute__((warn_unused_result));
/* Gives up when `cancel` is cancelled (NULL: never), too, with ECANCELED: the index may be begun later,
 * unless aborted. */
int qsc_gradbuf_begin_cancellable(qsc_gradbuf *buffers, uint32_t index, float **grad,
                                  const struct timespec *deadline, const qsc_cancel *cancel)
    __attribute__((warn_unused_result));

/* Adds values[0, count) to elements offset .. offset + count of contribution `index`, between its begin and
 * its commit. Each element of a contribution once, in any pieces; striped, atomic: any number of times, or
 * never; rows: whole rows, likewise.
 * Returns 0; EINVAL (beyond the vector; rows: not whole rows); ENOSPC (rows: the contribution would touch
 * more than the capacity; the rows before that one are added).
 * Does not wait; striped: briefly, for a thread that adds to the same block. Progress: wait-free; atomic:
 * lock-free. Memory order: what is added happens before the sum is handed to the reducer. Any thread, several
 * at a time with different pieces of one contribution (rows: one at a time). */
int qsc_gradbuf_add(qsc_gradbuf *buffers, uint32_t index, size_t offset, const float *values, size_t count)
    __attribute__((warn_unused_result));

/* Ends contribution `index`: it is whole and will be in the sum. Any thread (also another than the one that
 * began). Does not wait for other threads, but in the deterministic kinds does its share of the adding: what
 * is due, of its own contribution and of those committed behind it. Lock-free. After an abort it does
 * nothing. Memory order: the writes to the shard, and what was added, happen before the sum is handed to the
 * reducer. */
void qsc_gradbuf_commit(qsc_gradbuf *buffers, uint32_t index);

/* Waits for the next complete round, in the order of opening: *sum are its `size` floats, 64-byte aligned,
 * the caller's (to read or write, cut among threads as it likes) until qsc_gradbuf_release. Returns 0 or
 * ECANCELED (aborted). Blocking. One thread at a time, each round once. */
int qsc_gradbuf_wait(qsc_gradbuf *buffers, float **sum) __attribute__((warn_unused_result));
/* Does not wait: EAGAIN while the round is incomplete. */
int qsc_gradbuf_trywait(qsc_gradbuf *buffers, float **sum) __attribute__((warn_unused_result));
/* Gives up with ETIMEDOUT when CLOCK_MONOTONIC reaches `deadline` (absolute; NULL: never). */
int qsc_gradbuf_wait_until(qsc_gradbuf *buffers, float **sum, const struct timespec *deadline)
    __attribute__((warn_unused_result));
/* Gives up when `cancel` is cancelled (NULL: never), too, with ECANCELED: the round may be waited for again,
 * unless aborted. */
int qsc_gradbuf_wait_cancellable(qsc_gradbuf *buffers, float **sum, const struct timespec *deadline,
                                 const qsc_cancel *cancel) __attribute__((warn_unused_result));

/* Of buffers made by qsc_gradbuf_init_rows: the rows that the contributions of the sum touched which the last
 * wait returned. *rows are their numbers, each once, until its release; row r's sum is at sum + r * columns.
 * Their order depends on the contributions and their indices only.
 * Returns how many. Does not block. The reducer. */
size_t qsc_gradbuf_touched(qsc_gradbuf *buffers, const uint32_t **rows);

/* Gives the sum that the last wait returned back: its accumulator serves the round after the next. Does not
 * block. */
void qsc_gradbuf_release(qsc_gradbuf *buffers);

/* Gives up all open rounds, for instance because a contribution could not be computed: every waiting and
 * every later open, begin and wait returns ECANCELED until qsc_gradbuf_reset. Does not block. Any thread, any
 * time. */
void qsc_gradbuf_abort(qsc_gradbuf *buffers);

/* Makes the buffers as after init, aborted or not: contributions and sums of unreleased rounds are forgotten.
 * No thread may be inside a call or between begin and commit, or still use a sum: join the producers first.
 */
void qsc_gradbuf_reset(qsc_gradbuf *buffers);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_gradbuf_dump(const qsc_gradbuf *buffers, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
