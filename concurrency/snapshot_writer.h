/* snapshot_writer.h (internal): the publishers' side of a snapshot cell, shared by snapshot.c and
 * reclaimer.c.
 *
 * The life of a version: current; then `replaced`, by a publisher; then `waiting`, taken there by the
 * reclaiming thread, which lets a grace period pass and destroys it as soon as no slot holds it, in one turn
 * or many. */
#ifndef QUIESCE_CONCURRENCY_SNAPSHOT_WRITER_H
#define QUIESCE_CONCURRENCY_SNAPSHOT_WRITER_H

#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/snapshot.h>

#include <pthread.h>
#include <stdatomic.h>

struct version {
    struct qsc_version
        published; // what readers get; first, so that a pointer to it is a pointer to the whole
    void (*destroy)(void *);
    uint64_t replaced_ns;
    struct version *newer; // the next in its queue
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
    uint64_t oldest_live_id; // no older version is alive
    struct version_queue replaced;
    enum {
        OPEN,
        CHECKING, // fini asks whether anything is in use
        IN_USE,   // the reclaiming thread's answers
        IDLE,
        CLOSING, // destroy what is left, then end
    } state;
    struct event work;     // for the reclaiming thread: something was replaced, or somebody waits
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

void qsc_version_append(struct version_queue *queue, struct version *version);
void qsc_latency_record(struct latency *latency, uint64_t ns);

// The body of the reclaiming thread; `arg` is its struct qsc_snapshot_writer.
void *qsc_reclaimer_run(void *arg);

#endif
