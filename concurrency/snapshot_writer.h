/* snapshot_writer.h (internal): the publishers' side of a snapshot cell, shared by snapshot.c,
 * snapshot_labels.c, snapshot_part.c and reclaimer.c.
 *
 * The life of a version: named, by one label after another (current, canary, previous); then `retired`, by
 * whoever took the last label from it; then `waiting`, taken there by the reclaiming thread, which lets a
 * grace period pass and destroys it as soon as no slot holds it, in one turn or many. */
#ifndef QUIESCE_CONCURRENCY_SNAPSHOT_WRITER_H
#define QUIESCE_CONCURRENCY_SNAPSHOT_WRITER_H

#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/snapshot.h>

#include <pthread.h>
#include <stdatomic.h>

#define QSC_HASHES (UINT64_C(1) << 32)

struct version {
    struct qsc_version
        published; // what readers get; first, so that a pointer to it is a pointer to the whole
    void (*destroy)(void *);
    _Atomic uint64_t share; // of the canary: it gets the keys whose hash is below; all are below QSC_HASHES
    uint64_t replaced_ns;   // when readers stopped getting it; 0: they have not
    uint64_t retirement;    // its number among the retired, from 1
    struct version *newer;  // the next in its queue
};

struct version_queue {
    struct version *oldest;
    struct version *newest; // meaningless while oldest is NULL
};

struct latency {
    uint64_t count, total_ns, last_ns, max_ns;
};

// A word to sleep on until something has happened. Changed and read under the lock; the kernel compares.
struct event {
    _Atomic uint32_t count;
    uint32_t sleepers;
};

struct qsc_snapshot_writer {
    qsc_mutex lock; // guards everything but `bounds` and `waiting`; never held over a call that waits
    struct qsc_snapshot_config bounds;
    uint64_t last_id;
    struct version *previous;             // named so; readers do not get it
    uint64_t named_versions, named_bytes; // without those of parts
    uint64_t retirements;                 // so far
    uint64_t gone;                        // the first so many retired versions are destroyed
    struct version_queue retired;
    enum {
        OPEN,
        CHECKING, // fini asks whether anything is in use
        IN_USE,   // the reclaiming thread's answers
        IDLE,
        CLOSING, // destroy what is left, then end
    } state;
    struct event work;     // for the reclaiming thread: something was retired, or somebody waits
    struct event progress; // for those who wait: something was destroyed, or a question answered

    uint64_t live_versions, live_versions_max;
    uint64_t live_bytes, live_bytes_max;
    uint64_t reclaimed;
    struct latency publish, grace_period;
    uint64_t oldest_pin_id, oldest_pin_since_ns;
    int32_t oldest_pin_owner;

    struct version_queue waiting; // the reclaiming thread's own, except that it appends under the lock
    pthread_t reclaimer;
};

// Sleeps until the event or the deadline. The lock is held at the call and at the return, not in between.
// Returns 0, perhaps for no reason, or what the port returned; ETIMEDOUT matters.
int qsc_event_wait(struct qsc_snapshot_writer *writer, struct event *event, const struct timespec *deadline);

// Unlocks, then wakes whoever waits for the event.
void qsc_event_signal_unlock(struct qsc_snapshot_writer *writer, struct event *event);

static inline uint64_t qsc_version_id(const struct version *version)
{
    return version ? version->published.id : 0;
}

// Not under the lock. NULL: no memory.
struct version *qsc_version_create(const void *object, uint64_t bytes, void (*destroy)(void *));

// A label of a cell, &cell->current or &cell->canary: the version that it names, or NULL; and naming another
// one, or none. Under the lock, as all that follows.
static inline struct version *qsc_label_get(const struct qsc_version *const *label)
{
    return (struct version *)__atomic_load_n(label, __ATOMIC_RELAXED);
}

static inline void qsc_label_set(const struct qsc_version **label, struct version *version)
{
    // release: pairs with the acquire in qsc_snapshot_enter and with those in snapshot.c
    __atomic_store_n(label, version ? &version->published : NULL, __ATOMIC_RELEASE);
}

// Publishes a version under the label, if the bounds allow it, and retires the one that had it. Returns 0;
// EAGAIN; E2BIG.
int qsc_version_publish(qsc_snapshot *cell, const struct qsc_version **label, struct version *version);

// Unlocks. If there was no error, *id is the version's, and the reclaiming thread is woken; otherwise the
// version is freed. Returns the error.
int qsc_version_publish_unlock(struct qsc_snapshot_writer *writer, struct version *version, int error,
                               uint64_t *id);

// Counts so many more versions (1, or 0 for a part) and bytes as alive, if the bounds allow it. Returns 0;
// EAGAIN; E2BIG.
int qsc_live_admit(struct qsc_snapshot_writer *writer, uint64_t versions, uint64_t bytes);

// Leaves a version that no label names any more to the reclaiming thread, once readers cannot get it: it may
// have its grace period at once.
void qsc_version_retire(struct qsc_snapshot_writer *writer, struct version *version);

void qsc_latency_record(struct latency *latency, uint64_t ns);

// The body of the reclaiming thread; `arg` is its struct qsc_snapshot_writer.
void *qsc_reclaimer_run(void *arg);

#endif
