/* Gradient-accumulation buffers: many threads produce contributions, the sum comes out as if one thread had
 * added them in the order of their index. The bits of the sum depend on the contributions and their indices
 * only.
 *
 * A round sums `contributions` vectors of `size` floats: sum = ((g0 + g1) + g2) + ... The driver opens it,
 * producers begin and commit each index once, from any threads and in any order; the reducer waits for the
 * sum and releases it. There are two accumulators: while the reducer reads round r, round r+1 may be opened
 * and filled.
 *
 *     driver    qsc_gradbuf_open(b, n)
 *     producer  qsc_gradbuf_begin(b, index, &grad); ... overwrite grad[0, size) ...; qsc_gradbuf_commit(b,
 * index); reducer   qsc_gradbuf_wait(b, &sum); ... use sum[0, size) ...; qsc_gradbuf_release(b);
 *
 * Memory is (2 + shards) * size floats, whatever the number of contributions: index i is written to shard
 * i mod shards, which is free once contribution i - shards has been added (contribution 0 is written in the
 * accumulator itself: nothing is ever zeroed or copied). So qsc_gradbuf_begin of index i waits for the commit
 * of index i - shards and of those before it, and never for anything else. TO BE FREE OF DEADLOCK, indices i
 * - shards and below must be begun by threads that do not themselves wait behind index i. Any one of these is
 * enough:
 *   - indices are begun in ascending order, whichever threads take them: then the lowest index not yet added
 * has its shard and its thread is at work on it. Take them from one counter, or from qsc_parallel_for with
 * grain 1, which hands out its chunks in ascending order;
 *   - shards >= contributions: then begin never waits for another contribution;
 *   - each producer takes one index and there are at least `contributions` threads.
 * With as many shards as threads all can work at once; with twice as many a slow one does not stop the others
 * early.
 *
 * The adding is done by the threads that commit, in blocks that follow each other through the vector like a
 * pipeline: block k of contribution i is added by the first thread that finds contribution i committed and
 * block k of i-1 added. No lock is held while adding, and begin waits for no adding but that of the shard it
 * needs.
 *
 * No RCU section may be held across the waiting calls, and no call may be made from a signal handler. */
#ifndef QUIESCE_CONCURRENCY_GRADBUF_H
#define QUIESCE_CONCURRENCY_GRADBUF_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    unsigned char storage[192];
} __attribute__((aligned(64))) qsc_gradbuf;

/* Makes buffers for vectors of `size` floats with `shards` contributions in flight.
 * Returns 0, EINVAL (size or shards is 0) or ENOMEM. Does not block.
 * Memory: (2 + shards) * size floats, aligned to 64 bytes, freed by qsc_gradbuf_fini. */
int qsc_gradbuf_init(qsc_gradbuf *buffers, size_t size, uint32_t shards) __attribute__((warn_unused_result));

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

/* Begins contribution `index` of the open round: *grad is the shard to write, `size` floats of any content,
 * 64-byte aligned, the caller's alone until its commit. Returns 0, EINVAL (index is not below the round's
 * contributions) or ECANCELED (aborted). Waits for the shard, that is for the contributions up to index -
 * shards (see above). Blocking; at once when index < shards. Any thread; each index once a round. */
int qsc_gradbuf_begin(qsc_gradbuf *buffers, uint32_t index, float **grad) __attribute__((warn_unused_result));
/* Does not wait: EAGAIN where begin would; the index may be begun later. */
int qsc_gradbuf_trybegin(qsc_gradbuf *buffers, uint32_t index, float **grad)
    __attribute__((warn_unused_result));
/* Gives up with ETIMEDOUT when CLOCK_MONOTONIC reaches `deadline` (absolute; NULL: never). */
int qsc_gradbuf_begin_until(qsc_gradbuf *buffers, uint32_t index, float **grad,
                            const struct timespec *deadline) __attribute__((warn_unused_result));

/* Ends contribution `index`: its shard is whole and will be added. Any thread (also another than the one that
 * began). Does not wait for other threads, but does its share of the adding: what is due, of its own
 * contribution and of those committed behind it. Lock-free. After an abort it does nothing. Memory order: the
 * writes to the shard happen before the sum is handed to the reducer. */
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
