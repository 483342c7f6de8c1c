/* A cell that holds the current version of an immutable object, and lets writers replace it under its
 * readers.
 *
 * Readers see one whole version for as long as they look, without waiting, and without writing to memory
 * that another reader touches. There are two ways to look:
 *   - enter/leave, for a glance: nothing in between may sleep, because it holds up every grace period of
 *     the process;
 *   - pin/unpin, for work: a pinned version stays whole however long that takes, and wherever the handle
 *     goes.
 *
 * A publisher hands an object over and goes on. Replaced versions are destroyed by the cell's own thread,
 * each as soon as nobody can reach it. The versions alive at once are bounded, and when a bound is reached
 * it is the publisher who is told so, or waits, never a reader.
 *
 * docs/snapshot.md is the guide, and holds the proof. */
#ifndef QUIESCE_CONCURRENCY_SNAPSHOT_H
#define QUIESCE_CONCURRENCY_SNAPSHOT_H

#include <quiesce/concurrency/cancel.h>
#include <quiesce/concurrency/rcu.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One published version. Immutable; valid from enter to leave, or from pin to unpin. */
struct qsc_version {
    const void *object;
    uint64_t id;         /* 1, 2, 3, ... in the order of publication; never reused */
    uint64_t parent;     /* id of the version that was current when it was published, 0 for the first */
    uint64_t created_ns; /* CLOCK_MONOTONIC when its publication began */
    uint64_t bytes;      /* as its publisher stated: without parts (snapshot_part.h) */
};

struct qsc_snapshot_writer;

/* Readers touch `current` and `canary` alone. They stand in the middle of twice a cache line, so that both
 * are in one line and nothing outside of the cell shares it, wherever the cell lies. All fields are the
 * implementation's. */
typedef struct {
    const void *before[8];
    const struct qsc_version *current;
    const struct qsc_version *canary;
    struct qsc_snapshot_writer *writer;
    const void *after[5];
} __attribute__((aligned(16))) qsc_snapshot;

/* A pinned version. All-zero bytes hold nothing. The handle may be passed on, and is released once. */
typedef struct {
    const struct qsc_version *version;
    void *slot;
} qsc_pin;

/* Bounds on what is alive at once: the current version, others that a label names (snapshot_labels.h), and
 * those replaced but not yet destroyed. 0 is no bound. */
struct qsc_snapshot_config {
    uint32_t max_live_versions; /* 0, or at least 2: the old and the new one are alive together */
    uint64_t max_live_bytes;
};

struct qsc_snapshot_latency {
    uint64_t count;
    uint64_t last_ns, max_ns, mean_ns;
};

/* The oldest pin is that of the version replaced longest ago which no label names and which was still pinned
 * when the reclaiming thread last looked; it looks after each grace period, then at growing intervals, to 5
 * ms, or to fifty times what the look takes if that is more (thousands of pins). Its age is the time since
 * readers got that version for the last time, as the current one or the canary. So every pin of it is at
 * least that old, and its holder's view is that much out of date; a pin of a version that a label names has
 * no age, however long it lasts. The owner is the kernel's id (gettid) of the thread that took the pin, which
 * may have exited since. All three are 0 when no such version was pinned. */
struct qsc_snapshot_stats {
    uint64_t current_id;             /* 0 before the first publication */
    uint64_t canary_id, previous_id; /* 0 where there is none */
    double canary_share;
    uint64_t published, reclaimed;
    uint64_t live_versions, live_versions_max; /* a version is alive until its destructor has ended */
    uint64_t live_bytes, live_bytes_max;       /* of versions and of parts (snapshot_part.h) */
    uint64_t oldest_pin_id;
    uint64_t oldest_pin_age_ns;
    int32_t oldest_pin_owner;
    struct qsc_snapshot_latency publish;      /* from the call until readers get the new version */
    struct qsc_snapshot_latency grace_period; /* on the reclaiming thread; one may serve several versions */
};

/* Makes an empty cell and starts its reclaiming thread. `config` may be NULL: unbounded.
 * Returns: 0; EINVAL for max_live_versions 1; ENOMEM; EAGAIN when no thread can be started.
 * Blocks: no. Progress: blocking (allocates, starts a thread).
 * Memory order: none; the caller hands the cell to other threads by means of its own.
 * Threads: one. */
int qsc_snapshot_init(qsc_snapshot *cell, const struct qsc_snapshot_config *config)
    __attribute__((warn_unused_result));

/* Destroys every version, the current one included, ends the reclaiming thread and frees the cell's memory.
 * Returns: 0; EBUSY while a version is pinned: then the cell is as before and may be used on.
 * Blocks: for a grace period and the destructors; it cannot give up, as half a cell would be left.
 * Progress: blocking.
 * Memory order: everything that readers and destructors did happens before the return of 0.
 * Threads: one, while no other uses the cell, except that an unpin may come at any time.
 * Not inside: a read section, or a destructor of this cell. */
int qsc_snapshot_fini(qsc_snapshot *cell) __attribute__((warn_unused_result));

/* Prepares the calling thread, so that its first enter or pin costs what every later one does.
 * Returns: 0; ENOMEM; EAGAIN when no hook for the thread's exit can be installed.
 * Blocks: briefly, on liburcu's registry lock. Progress: blocking (allocates). Memory order: none.
 * Threads: any; calling it again costs nothing. Not inside: a signal handler. */
int qsc_snapshot_register_thread(void) __attribute__((warn_unused_result));

/* Enters a read section and returns the current version, which is whole until the matching leave. Sections
 * nest, also those of different cells; each enter looks anew.
 * Returns: the version; NULL before the first publication (leave has to follow all the same).
 * Blocks: no. Progress: wait-free.
 * Memory order: acquire; pairs with the release of publish.
 * Threads: any. Not inside: a signal handler. Before leave nothing may be called that sleeps for long. */
static inline const struct qsc_version *qsc_snapshot_enter(qsc_snapshot *cell)
{
    qsc_rcu_read_lock();
    return __atomic_load_n(&cell->current, __ATOMIC_ACQUIRE); /* pairs with qsc_label_set */
}

/* Leaves the section; the version that enter returned must not be touched any more.
 * Returns: nothing. Blocks: no. Progress: wait-free.
 * Memory order: everything in the section happens before the version's destructor.
 * Threads: the one that entered. */
static inline void qsc_snapshot_leave(qsc_snapshot *cell)
{
    (void)cell;
    qsc_rcu_read_unlock();
}

/* Pins the current version: it stays whole until unpin, through sleep, in other threads, and after the end
 * of this one. A thread may hold any number of pins. *pin is written in every case.
 * Returns: 0; ENOENT before the first publication; ENOMEM or EAGAIN as qsc_snapshot_register_thread, and
 * ENOMEM too when the thread holds more pins than ever before and there is no memory to remember one more.
 * Blocks: no. Progress: wait-free, in steps bounded by the number of pins that the thread holds; allocates
 * when that number reaches a new height, in doubling steps.
 * Memory order: acquire; pairs with the release of publish.
 * Threads: any. Not inside: a signal handler. */
int qsc_snapshot_pin(qsc_snapshot *cell, qsc_pin *pin) __attribute__((warn_unused_result));

/* As qsc_snapshot_pin, but pins the canary if there is one and `key` is in its share (snapshot_labels.h). The
 * same key gets the same side while the canary and its share stay. A request pins once, by the key of what is
 * to stay on one side: a user, a conversation.
 * The rest: as qsc_snapshot_pin. */
int qsc_snapshot_pin_for(qsc_snapshot *cell, uint64_t key, qsc_pin *pin) __attribute__((warn_unused_result));

/* Releases a pin and clears the handle. A handle that holds nothing is left alone.
 * Returns: nothing. Blocks: no. Progress: wait-free: one store.
 * Memory order: release; everything that this thread did with the version happens before its destructor.
 * Threads: any, not only the one that took the pin; one for each pin. */
static inline void qsc_snapshot_unpin(qsc_pin *pin)
{
    if (pin->slot) /* pairs with the loads in qsc_pin_slots_find and qsc_pin_slots_hold */
        __atomic_store_n((void **)pin->slot, NULL, __ATOMIC_RELEASE);
    pin->version = NULL;
    pin->slot = NULL;
}

/* Makes `object` the current version. From then on the cell owns it: once no reader can reach it,
 * destroy(object) is called, if given, on the cell's own thread; again, while it asks for it with
 * qsc_snapshot_destroy_yield. Nobody may write the object any more.
 * Returns: 0, and the version's id in *id (NULL: not wanted). Otherwise the object stays the caller's:
 * EAGAIN when a bound is reached; E2BIG when the object and the versions that labels name, the one it would
 * replace included, exceed a bound by themselves, so that waiting would not help; ENOMEM.
 * Blocks: never for a reader, a grace period or a destructor; publishers of one cell take turns under a
 * lock that is held for a few stores. Progress: blocking.
 * Memory order: release; pairs with the acquire of enter and pin.
 * Threads: any; allowed inside a read section, with pins held, and in a destructor. */
int qsc_snapshot_publish(qsc_snapshot *cell, const void *object, uint64_t bytes, void (*destroy)(void *),
                         uint64_t *id) __attribute__((warn_unused_result));

/* As qsc_snapshot_publish, if the current version still is the one with the id `expected` (0: if there is
 * none).
 * Returns: as qsc_snapshot_publish; ESTALE when another version is current.
 * The rest: as qsc_snapshot_publish. */
int qsc_snapshot_publish_if(qsc_snapshot *cell, uint64_t expected, const void *object, uint64_t bytes,
                            void (*destroy)(void *), uint64_t *id) __attribute__((warn_unused_result));

/* As qsc_snapshot_publish, but waits for room before, and afterwards until every version replaced so far is
 * destroyed.
 * Returns: 0 when both came about before the deadline (absolute, CLOCK_MONOTONIC; NULL: none); EINPROGRESS
 * when the object is published and the cell's, but a replaced version is still in use. Otherwise nothing is
 * published and the object stays the caller's: ETIMEDOUT when there was no room in time; EDEADLK inside a
 * read section, which it would wait for; EINVAL for a deadline that is none; E2BIG and ENOMEM as
 * qsc_snapshot_publish.
 * Blocks: as said; other publishers are not held up meanwhile. Progress: blocking.
 * Memory order: release; on 0 all uses of replaced versions also happen before the return.
 * Threads: any. Not inside: a destructor of this cell. Who holds a pin of a replaced version waits for
 * himself. */
int qsc_snapshot_publish_until(qsc_snapshot *cell, const void *object, uint64_t bytes,
                               void (*destroy)(void *), const struct timespec *deadline, uint64_t *id)
    __attribute__((warn_unused_result));

/* As qsc_snapshot_publish_until, but gives up when `cancel` is cancelled, too (NULL: never).
 * Returns: as qsc_snapshot_publish_until; ECANCELED when it was cancelled and there was no room: then nothing
 * is published and the object stays the caller's. One that is published stays so: EINPROGRESS.
 * The rest: as qsc_snapshot_publish_until. */
int qsc_snapshot_publish_cancellable(qsc_snapshot *cell, const void *object, uint64_t bytes,
                                     void (*destroy)(void *), const struct timespec *deadline,
                                     const qsc_cancel *cancel, uint64_t *id)
    __attribute__((warn_unused_result));

/* For a destructor with so much to do that others should have their turn in between:
 *
 *     while (free_some_megabytes(model))
 *         if (qsc_snapshot_destroy_yield())
 *             return;
 *
 * Returns: true on a cell's or an RCU domain's thread: the destructor must return now, and is called again
 * with its object once grace periods, looks at the pins and other destructors have had theirs. False wherever
 * else it is called, for an object that was never published: there it goes on. Blocks: no. Progress:
 * wait-free. Memory order: none; all turns are the same thread's. Threads: any. Where a destructor calls
 * another one that yields, both must return, and come back to it. */
bool qsc_snapshot_destroy_yield(void) __attribute__((warn_unused_result));

/* Fills in the figures as they are at one moment.
 * Returns: nothing. Blocks: briefly, on the publishers' lock. Progress: blocking. Memory order: none.
 * Threads: any. */
void qsc_snapshot_get_stats(qsc_snapshot *cell, struct qsc_snapshot_stats *stats);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL. While the
 * publishers' lock is taken it says only that.
 * Returns: the length of the whole, as snprintf. Blocks: no. Progress: wait-free. Memory order: none.
 * Threads: any. Not inside: a signal handler. */
int qsc_snapshot_dump(qsc_snapshot *cell, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
