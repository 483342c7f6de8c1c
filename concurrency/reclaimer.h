/* reclaimer.h (internal): a thread that destroys what nobody can reach any more, and what is alive until it
 * has: the versions of a snapshot cell, the objects that were deferred to an RCU domain.
 *
 * The life of a node: `retired`, by whoever made its object unreachable; then `waiting`, taken there by the
 * thread, which lets a grace period pass and destroys it as soon as nothing holds it, in one turn or many. */
#ifndef QUIESCE_CONCURRENCY_RECLAIMER_H
#define QUIESCE_CONCURRENCY_RECLAIMER_H

#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/rcu_domain.h>

#include <pthread.h>
#include <stdatomic.h>

struct node_queue {
    struct qsc_rcu_node *oldest;
    struct qsc_rcu_node *newest; // meaningless while oldest is NULL
};

struct latency {
    uint64_t count, total_ns, last_ns, max_ns;
};

// A word to sleep on until something has happened. Changed and read under the lock; the kernel compares.
struct event {
    _Atomic uint32_t count;
    uint32_t sleepers;
};

// What holds a node after its grace period: of the version of a cell a pin.
struct hold {
    uint64_t id; // 0: nothing
    uint64_t since_ns;
    int32_t owner;
};

struct qsc_reclaimer {
    qsc_mutex lock; // guards everything but `waiting`; never held over a call that waits
    uint64_t max_live, max_live_bytes;
    uint64_t live, live_max; // objects that count against the bounds: until they are destroyed
    uint64_t live_bytes, live_bytes_max;
    uint64_t retirements; // so far
    uint64_t gone;        // the first so many retired nodes are destroyed
    uint64_t reclaimed;
    struct node_queue retired;
    enum {
        OPEN,
        CHECKING, // is anything held?
        IN_USE,   // the thread's answers
        IDLE,
        CLOSING, // destroy what is left, then end
    } state;
    struct event work;     // for the thread: something was retired, or somebody waits
    struct event progress; // for those who wait: something was destroyed, or a question answered
    struct latency grace_period;
    struct hold oldest_hold; // when the thread last looked

    bool (*is_held)(const struct qsc_rcu_node *node, struct hold *hold); // NULL: nothing ever is
    struct node_queue waiting; // the thread's own, except that it appends under the lock
    pthread_t thread;
};

// Starts the thread of a reclaimer that is zero but for its bounds and is_held. Returns 0; EAGAIN.
int qsc_reclaimer_start(struct qsc_reclaimer *reclaimer) __attribute__((warn_unused_result));

// The thread's body.
void *qsc_reclaimer_run(void *reclaimer);

// Has the thread destroy what is retired until nothing is alive, and waits for its end. Under the lock at the
// call; afterwards nobody uses the reclaimer.
void qsc_reclaimer_end_unlock(struct qsc_reclaimer *reclaimer);

// Sleeps until the event, the deadline or the token's cancellation. The lock is held at the call and at the
// return, not in between. Returns 0, perhaps for no reason, or what qsc_cancel_wait returned; ETIMEDOUT,
// ECANCELED and EINVAL matter.
int qsc_event_wait(struct qsc_reclaimer *reclaimer, struct event *event, const struct timespec *deadline,
                   const qsc_cancel *cancel);

// Unlocks, then wakes whoever waits for the event.
void qsc_event_signal_unlock(struct qsc_reclaimer *reclaimer, struct event *event);

// Counts so many more objects (1, or 0 for a part of a version) and bytes as alive, if the bounds allow it.
// Under the lock, as all that follows.
bool qsc_reclaimer_admit(struct qsc_reclaimer *reclaimer, uint64_t objects, uint64_t bytes);

// Leaves a node, whose object nobody finds any more, to the thread: it may have its grace period at once.
void qsc_reclaimer_retire(struct qsc_reclaimer *reclaimer, struct qsc_rcu_node *node, uint64_t bytes,
                          void (*destroy)(struct qsc_rcu_node *));

// Waits until the first so many retired nodes are destroyed. Returns 0, or the error by which the wait is
// over.
int qsc_reclaimer_wait(struct qsc_reclaimer *reclaimer, uint64_t retired, const struct timespec *deadline,
                       const qsc_cancel *cancel);

void qsc_latency_record(struct latency *latency, uint64_t ns);

// For a destructor, on the thread: asks for another turn; false elsewhere. And whether it has asked.
bool qsc_reclaimer_yield(void);
bool qsc_reclaimer_has_yielded(void);

#endif
