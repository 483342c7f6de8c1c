/* rcu_domain.h: destruction after a grace period, without waiting for it, and with a bound on what waits.
 *
 *     struct route {
 *         qsc_rcu_node node; // in the object itself: nothing is allocated, nothing can fail
 *         ...
 *     };
 *
 *     old = atomic_exchange(&current, new);                            // no reader finds it from here on
 *     error = qsc_rcu_defer(&routes, &old->node, sizeof *old, destroy);
 *
 * A domain has a thread, which takes what was deferred so far, lets one grace period of rcu.h pass for all of
 * it, and calls the destructors. Sections, grace periods and the registration of threads are those of rcu.h
 * and of the whole process; what a domain has of its own is its backlog, its bounds and its thread.
 *
 * A backlog without bound is what brings down programs that free by RCU: one slow reader, or one writer
 * faster than the thread, and memory is gone. So a domain is given bounds, in objects and in bytes, and who
 * defers more waits until there is room, or is told so. Nobody runs destructors in the writer's stead: he may
 * hold the very lock that they take. */
#ifndef QUIESCE_CONCURRENCY_RCU_DOMAIN_H
#define QUIESCE_CONCURRENCY_RCU_DOMAIN_H

#include <quiesce/concurrency/cancel.h>
#include <quiesce/concurrency/rcu.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A member of the object that is deferred. Its content is the domain's from then on until the destructor is
 * called, and may be anything before and after. */
typedef struct qsc_rcu_node { /* all private */
    struct qsc_rcu_node *newer;
    void (*destroy)(struct qsc_rcu_node *node);
    uint64_t bytes;
    uint64_t number;
} qsc_rcu_node;

struct qsc_reclaimer;

typedef struct {
    struct qsc_reclaimer *reclaimer; /* private */
} qsc_rcu_domain;

/* Bounds on the backlog: what is deferred and whose destructor has not ended. 0 is no bound. */
struct qsc_rcu_domain_config {
    uint64_t max_objects;
    uint64_t max_bytes; /* an object of more counts as so many: it waits alone */
};

struct qsc_rcu_domain_stats {
    uint64_t deferred, destroyed;
    uint64_t backlog, backlog_max;             /* objects */
    uint64_t backlog_bytes, backlog_bytes_max; /* as those who deferred them said */
    uint64_t grace_periods;                    /* one serves all that was deferred before it began */
    uint64_t grace_period_max_ns, grace_period_mean_ns;
};

/* Makes a domain and starts its thread. `config` may be NULL: unbounded.
 * Returns: 0; ENOMEM; EAGAIN when no thread can be started.
 * Blocks: no. Progress: blocking (allocates, starts a thread).
 * Memory order: none; the caller hands the domain to other threads by means of its own.
 * Threads: one. After fork() the child has no domain: the thread is the parent's. */
int qsc_rcu_domain_init(qsc_rcu_domain *domain, const struct qsc_rcu_domain_config *config)
    __attribute__((warn_unused_result));

/* Destroys everything that was deferred, also by the destructors themselves, ends the thread and frees the
 * domain's memory: no destructor is called after the return.
 * Returns: nothing. Blocks: for grace periods and the destructors; it cannot give up, as half a domain would
 * be left: who has a deadline passes qsc_rcu_barrier_until first. Progress: blocking.
 * Memory order: everything that readers and destructors did happens before the return.
 * Threads: one, while no other uses the domain; those that deferred may live on or have exited.
 * Not inside: a read section, for which it would wait for ever, or a destructor of this domain (both asserted
 * in debug builds). */
void qsc_rcu_domain_fini(qsc_rcu_domain *domain);

/* Has destroy(node) called on the domain's thread after a grace period; `node` is part of an object that no
 * reader finds any more, of `bytes` bytes in all. Destructors are called in the order of deferral. One that
 * has much to do may take several turns (qsc_snapshot_destroy_yield in snapshot.h).
 * Returns: 0; EDEADLK where it would have to wait for itself, in a read section or on the domain's thread:
 * then the object stays the caller's.
 * Blocks: only while a bound is reached: until destructors have made room. Who waits may hold no lock that
 * destructors take, or that a reader takes in its section.
 * Progress: blocking. Memory order: what happened before the call, and in sections that had begun before it,
 * happens before the destructor.
 * Threads: any, registered or not; a destructor may defer others, and its own node again.
 * Not inside: a signal handler. */
int qsc_rcu_defer(qsc_rcu_domain *domain, qsc_rcu_node *node, uint64_t bytes, void (*destroy)(qsc_rcu_node *))
    __attribute__((warn_unused_result));

/* As qsc_rcu_defer, but never waits.
 * Returns: 0; EAGAIN when a bound is reached: then the object stays the caller's.
 * Blocks: only on the lock of those who defer. The rest: as qsc_rcu_defer; in a read section, too. */
int qsc_rcu_trydefer(qsc_rcu_domain *domain, qsc_rcu_node *node, uint64_t bytes,
                     void (*destroy)(qsc_rcu_node *)) __attribute__((warn_unused_result));

/* As qsc_rcu_defer, but gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never).
 * Returns: as qsc_rcu_defer; ETIMEDOUT when there was no room in time, EINVAL for a deadline with tv_sec < 0
 * or tv_nsec outside 0..999999999, if it had to wait: then the object stays the caller's.
 * The rest: as qsc_rcu_defer. */
int qsc_rcu_defer_until(qsc_rcu_domain *domain, qsc_rcu_node *node, uint64_t bytes,
                        void (*destroy)(qsc_rcu_node *), const struct timespec *deadline)
    __attribute__((warn_unused_result));

/* As qsc_rcu_defer_until, but gives up when `cancel` is cancelled, too (NULL: never).
 * Returns: as qsc_rcu_defer_until; ECANCELED when it was cancelled and there was no room: then the object
 * stays the caller's. The rest: as qsc_rcu_defer. */
int qsc_rcu_defer_cancellable(qsc_rcu_domain *domain, qsc_rcu_node *node, uint64_t bytes,
                              void (*destroy)(qsc_rcu_node *), const struct timespec *deadline,
                              const qsc_cancel *cancel) __attribute__((warn_unused_result));

/* Waits until everything that was deferred before the call, by whatever thread, is destroyed.
 * Returns: 0; EDEADLK in a read section or on the domain's thread.
 * Blocks: for a grace period and the destructors. Progress: blocking.
 * Memory order: everything that those destructors did happens before the return of 0.
 * Threads: any. Not inside: a signal handler. */
int qsc_rcu_barrier(qsc_rcu_domain *domain) __attribute__((warn_unused_result));

/* Asks whether everything that was deferred before the call, by whatever thread, is destroyed.
 * Returns: true or false. Blocks: only on the lock of those who defer. Progress: blocking.
 * Memory order: as qsc_rcu_barrier when true, none when false.
 * Threads: any; in a read section and a destructor, too. Not inside: a signal handler. */
bool qsc_rcu_trybarrier(qsc_rcu_domain *domain) __attribute__((warn_unused_result));

/* As qsc_rcu_barrier, but gives up at `deadline` (absolute, CLOCK_MONOTONIC; NULL: never).
 * Returns: as qsc_rcu_barrier; ETIMEDOUT; EINVAL as qsc_rcu_defer_until. The rest: as qsc_rcu_barrier. */
int qsc_rcu_barrier_until(qsc_rcu_domain *domain, const struct timespec *deadline)
    __attribute__((warn_unused_result));

/* As qsc_rcu_barrier_until, but gives up when `cancel` is cancelled, too (NULL: never).
 * Returns: as qsc_rcu_barrier_until; ECANCELED when it was cancelled. The rest: as qsc_rcu_barrier. */
int qsc_rcu_barrier_cancellable(qsc_rcu_domain *domain, const struct timespec *deadline,
                                const qsc_cancel *cancel) __attribute__((warn_unused_result));

/* Fills in the figures as they are at one moment.
 * Returns: nothing. Blocks: briefly, on the lock of those who defer. Progress: blocking. Memory order: none.
 * Threads: any. */
void qsc_rcu_domain_get_stats(qsc_rcu_domain *domain, struct qsc_rcu_domain_stats *stats);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL. While the
 * lock of those who defer is taken it says only that.
 * Returns: the length of the whole, as snprintf. Blocks: no. Progress: wait-free. Memory order: none.
 * Threads: any. Not inside: a signal handler. */
int qsc_rcu_domain_dump(qsc_rcu_domain *domain, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
