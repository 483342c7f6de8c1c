/* A cell that holds the current version of an immutable object, and lets a writer replace it under its
 * readers.
 *
 * Readers see one whole version for as long as they look, without waiting and without writing to memory that
 * another reader touches. There are two ways to look: enter/leave  for a glance: nothing in between may
 * sleep, because it holds up every grace period of the process; pin/unpin    for work: a pinned version stays
 * whole however long it takes and wherever the handle goes. A publisher hands over an object and goes on: old
 * versions are destroyed, each as soon as nobody can reach it, by the cell's own thread. The versions alive
 * at once are bounded; when the bound is reached it is the publisher who is told so or waits, never a reader.
 *
 * docs/snapshot.md is the guide, with the proof. */
#ifndef QUIESCE_CONCURRENCY_SNAPSHOT_H
#define QUIESCE_CONCURRENCY_SNAPSHOT_H

#include <quiesce/concurrency/rcu.h>

#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One published version. Immutable; valid between enter and leave, or from pin to unpin. */
struct qsc_version {
    const void *object;
    uint64_t id;         /* 1, 2, 3, ... in the order of publication; never reused */
    uint64_t parent;     /* id of the version it replaced, 0 for the first */
    uint64_t created_ns; /* CLOCK_MONOTONIC when its publication began */
    uint64_t bytes;      /* as stated by the publisher */
};

struct qsc_snapshot_writer; /* the publishers' side: lock, bounds, figures, the reclaiming thread */

/* Readers touch `current` alone. It stands in the middle of two cache lines' worth, so that nothing outside
 * the cell shares its line, wherever the cell lies. The fields are the implementation's. */
typedef struct {
    const void *before[8];
    const struct qsc_version *current;
    struct qsc_snapshot_writer *writer;
    const void *after[6];
} qsc_snapshot;

/* A pinned version. All-zero bytes hold nothing. A handle may be copied and passed on; it is released once.
 */
typedef struct {
    const struct qsc_version *version;
    void *slot;
} qsc_pin;

/* Bounds on the versions alive at once: the current one, and those replaced but not yet destroyed. 0:
 * unbounded. */
struct qsc_snapshot_config {
    uint32_t max_live_versions; /* 0, or at least 2: the old and the new one are alive together */
    uint64_t max_live_bytes;
};

struct qsc_snapshot_latency {
    uint64_t count;
    uint64_t last_ns, max_ns, mean_ns;
};

struct qsc_snapshot_stats {
    uint64_t current_id; /* 0 before the first publication */
    uint64_t published, reclaimed;
    uint64_t live_versions, live_versions_max; /* a version is alive until its destructor has returned */
    uint64_t live_bytes, live_bytes_max;
    /* The oldest replaced version that was still pinned when the reclaiming thread last looked (it looks at
     * once after a grace period and then at growing intervals of at most 5 ms); 0 if none was. The age is the
     * time since that version was replaced: each of its pins is at least that old, and what its holder sees
     * is that much out of date. The owner is the kernel's id (gettid) of the thread that took the pin, which
     * may have exited. */
    uint64_t oldest_pin_id;
    uint64_t oldest_pin_age_ns;
    int32_t oldest_pin_owner;
    struct qsc_snapshot_latency
        grace_period;                    /* waited by the reclaiming thread; one may serve several versions */
    struct qsc_snapshot_latency publish; /* from the call until readers get the new version */
};

/* Makes an empty cell and starts its reclaiming thread.
 * Returns: 0; EINVAL for max_live_versions 1; ENOMEM; what pthread_create returned.
 * Blocks: no. Progress: blocking (allocates). Memory order: the caller hands the cell to other threads by its
 * own means. Threads: one. Not inside: anything. `config` may be NULL: unbounded. */
int qsc_snapshot_init(qsc_snapshot *cell, const struct qsc_snapshot_config *config)
    __attribute__((warn_unused_result));

/* Destroys every version, the current one included, ends the reclaiming thread and frees the cell's memory.
 * Returns: 0; EBUSY while a version is pinned: then the cell stays as it was and may be used on.
 * Blocks: for a grace period and the destructors. Progress: blocking.
 * Memory order: all that readers and destructors did happens before the return.
 * Threads: one, when no other uses the cell (an unpin may still come, and decides between 0 and EBUSY).
 * Not inside: a read section, or a destructor of this cell. */
int qsc_snapshot_fini(qsc_snapshot *cell) __attribute__((warn_unused_result));

/* Prepares the calling thread, so that its first enter or pin costs what every other costs.
 * Returns: 0; ENOMEM; EAGAIN when no hook for the thread's exit can be installed.
 * Blocks: briefly, on liburcu's registry lock. Progress: blocking (allocates). Memory order: none.
 * Threads: any; calling it again is free. Not inside: a signal handler. */
int qsc_snapshot_register_thread(void) __attribute__((warn_unused_result));

/* Enters a read section and returns the current version, whole until the matching leave. Sections nest, also
 * those of different cells; each enter looks anew. Returns: the version; NULL before the first publication
 * (leave must follow all the same). Blocks: no. Progress: wait-free. Memory order: acquire; pairs with the
 * release in publish. Threads: any. Not inside: a signal handler. Before leave nothing that sleeps may be
 * called: it would hold up every grace period. */
static inline const struct qsc_version *qsc_snapshot_enter(qsc_snapshot *cell)
{
    qsc_rcu_read_lock();
    return __atomic_load_n(&cell->current, __ATOMIC_ACQUIRE); /* pairs with the store in publish_locked */
}

/* Leaves the section; the version that enter returned must not be touched any more.
 * Returns: nothing. Blocks: no. Progress: wait-free. Memory order: all accesses in the section happen before
 * the version's destructor. Threads: the one that entered. */
static inline void qsc_snapshot_leave(qsc_snapshot *cell)
{
    (void)cell;
    qsc_rcu_read_unlock();
}

/* Pins the current version: it stays whole until unpin, across sleeping, other threads and the end of this
 * one. A thread may hold any number of pins. Returns: 0; ENOENT before the first publication; ENOMEM when the
 * thread's first pin, or one more than it ever held at once, needs memory and there is none; EAGAIN as
 * qsc_snapshot_register_thread. `*pin` is written in every case. Blocks: no. Progress: wait-free, in steps
 * bounded by the pins that the thread holds; allocates when that number reaches a new height. Memory order:
 * acquire; pairs with the release in publish. Threads: any. Not inside: a signal handler. */
int qsc_snapshot_pin(qsc_snapshot *cell, qsc_pin *pin) __attribute__((warn_unused_result));

/* Releases a pin and clears the handle; does nothing to a handle that holds nothing.
 * Returns: nothing. Blocks: no. Progress: wait-free, one store. Memory order: release; all that this thread
 * did with the version happens before its destructor. Threads: any, not only the one that pinned; one per
 * pin. */
static inline void qsc_snapshot_unpin(qsc_pin *pin)
{
    if (pin->slot) /* pairs with the load in pin_slots_find, and with the reclaiming thread's in
                      pin_slots_holder */
        __atomic_store_n((void **)pin->slot, (void *)0, __ATOMIC_RELEASE);
    pin->version = NULL;
    pin->slot = NULL;
}

/* Makes `object` the current version. On success the cell owns it, and calls destroy(object), if given, on
 * its own thread once no reader can reach it. The object must not be written any more. Returns: 0, and the
 * version's id in `*id` (NULL: not wanted); otherwise the object stays the caller's: EAGAIN when the bounds
 * are reached, ENOMEM, or E2BIG when the object and the version it is to replace exceed max_live_bytes
 * together, so that waiting would not help. Blocks: no reader, grace period or destructor is waited for;
 * publishers of one cell take turns under a lock that is held for a few stores. Progress: blocking. Memory
 * order: release; pairs with the acquire in enter and pin. Threads: any; also inside a read section, holding
 * pins, or in a destructor. `bytes`: what counts against the bound. */
int qsc_snapshot_publish(qsc_snapshot *cell, const void *object, uint64_t bytes, void (*destroy)(void *),
                         uint64_t *id) __attribute__((warn_unused_result));

/* As publish, provided that the current version is still the one with the id `expected` (0: the cell is
 * empty). Returns: as publish; ESTALE when another version is current. The rest: as publish. */
int qsc_snapshot_publish_if(qsc_snapshot *cell, uint64_t expected, const void *object, uint64_t bytes,
                            void (*destroy)(void *), uint64_t *id) __attribute__((warn_unused_result));

/* As publish, but waits for room, and after publication until every older version has been destroyed.
 * Returns: 0 when both came about before the deadline (absolute, CLOCK_MONOTONIC; NULL: none); ETIMEDOUT when
 * there was no room: the object stays the caller's; EINPROGRESS when it is published and the cell's, but an
 * older version is still in use; EDEADLK inside a read section, which it would wait for: nothing is
 * published; ENOMEM, E2BIG as publish. Blocks: as said; meanwhile others publish freely. Progress: blocking.
 * Memory order: release; on 0 also: all uses of older versions happen before the return.
 * Threads: any. Not inside: a destructor of this cell; and a caller that holds a pin of an older version
 * waits for itself until the deadline. */
int qsc_snapshot_publish_until(qsc_snapshot *cell, const void *object, uint64_t bytes,
                               void (*destroy)(void *), const struct timespec *deadline, uint64_t *id)
    __attribute__((warn_unused_result));

/* Fills in the figures as of one moment.
 * Returns: nothing. Blocks: briefly, on the publishers' lock. Progress: blocking. Memory order: none.
 * Threads: any. Units: nanoseconds and bytes. */
void qsc_snapshot_stats(qsc_snapshot *cell, struct qsc_snapshot_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
