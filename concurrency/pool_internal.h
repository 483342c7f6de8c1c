/* pool_internal.h (internal): what pool*.c and parallel_*.c share. */
#ifndef QUIESCE_CONCURRENCY_POOL_INTERNAL_H
#define QUIESCE_CONCURRENCY_POOL_INTERNAL_H

#include <quiesce/concurrency/deque.h>
#include <quiesce/concurrency/eventcount.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/pool.h>

#include <stdatomic.h>

struct task {
    void (*run)(void *);
    void *arg;
    struct group *group;
    struct task *next; /* in the group's list of submitted tasks */
};
_Static_assert(sizeof(struct task) <= sizeof(qsc_task), "the header's storage");

struct group {
    /* Bits 0-31: tasks spawned and not returned. Bits 32-47: 1 + the slot that sleeps until there are none.
     * Bit 48: so does a thread without a slot. Bit 49: cancelled. In one word, because the group may be gone
     * as soon as the last task has subtracted itself: what it subtracts from tells whom to wake. */
    _Atomic uint64_t state;
    struct group *parent; /* the group whose task waits for this one; NULL: none of this pool's */
    uint64_t depth;       /* number of groups from the outermost to this one; 0: nothing spawned yet */
    /* Tasks of this group that lie in no deque, first in first out, and the pool's list of groups that have
     * any. Under the pool's lock, but whether there are any may be asked without. */
    _Atomic(struct task *) submitted;
    struct task *last_submitted;
    struct group *next, *previous;
    uint32_t priority; /* qsc_priority; unless normal, its tasks never lie in a deque */
};
_Static_assert(sizeof(struct group) <= sizeof(qsc_group), "the header's storage");

#define GROUP_TASKS 0xffffffffU
#define GROUP_SLOT_SHIFT 32
#define GROUP_SLOT_MASK 0xffffU
#define GROUP_GUEST ((uint64_t)1 << 48)
#define GROUP_CANCELLED ((uint64_t)1 << 49)

/* How many of its ancestors' groups a thread shows to those who look for help. */
#define LINEAGE 8

/* Those that have submitted tasks. */
struct groups {
    struct group *first, *last;
};

enum slot_state { SLOT_AWAKE, SLOT_IDLE, SLOT_JOINING, SLOT_SPARE, SLOT_STATES };

/* A place in which one thread at a time runs tasks. */
struct slot {
    struct qsc_deque deque;
    /* The group of the task that was last stolen and runs here, and its ancestors: entry [depth % LINEAGE].
     * Only a hint for those who choose a victim: compared, never followed. */
    _Alignas(64) _Atomic(struct group *) lineage[LINEAGE];
    _Alignas(64) _Atomic uint32_t state; /* slot_state; the futex on which the thread sleeps */
    /* The thread's own */
    struct qsc_pool *pool;
    struct group *running; /* the group of the innermost task that runs here */
    struct group
        *stranger; /* the group that lineage shows: of the innermost task that the thread waits for nowhere */
    struct slot *outer; /* the slot of another pool in which the same thread is, further out on its stack */
    uint32_t random, looks;
    pthread_t thread;
};

struct qsc_pool {
    int threads, slot_count; /* the slots from `threads` on are those of the spare threads */
    _Alignas(64) _Atomic uint32_t asleep[SLOT_STATES]; /* at least the slots in that state */
    _Atomic uint32_t submitted[QSC_PRIORITIES];        /* tasks in the groups' lists */
    _Atomic int blocked;                               /* threads in blocking sections */
    _Atomic uint32_t cancelled; /* groups with GROUP_CANCELLED: mostly none, then nobody looks for them */
    _Atomic bool stopping;
    _Alignas(64) qsc_mutex lock; /* the lists of submitted tasks */
    struct groups groups[QSC_PRIORITIES];
    _Alignas(64) _Atomic bool guest_inside; /* slot 0 is taken */
    struct qsc_eventcount guests; /* threads that wait for slot 0, or for a group without having it */
    struct slot slots[];
};

/* pool.c: the slot of `pool` that the calling thread is in, or NULL. */
struct slot *qsc_pool_slot(const struct qsc_pool *pool);
/* Takes slot 0 for a foreign thread, which must leave it; NULL when another one has it. */
struct slot *qsc_pool_enter(struct qsc_pool *pool);
void qsc_pool_leave(struct slot *slot);
/* Submits the tasks that lie in the slot's deque. */
void qsc_pool_lay_down(struct slot *slot);

/* pool_cancel.c: whether the group of a task that has not ended, or one above it, is cancelled. */
bool qsc_pool_is_below_cancelled(const struct group *group);
static inline bool qsc_pool_is_cancelled(const struct qsc_pool *pool, const struct group *group)
{
    /* relaxed: who has to know that a group was cancelled was told by some other way before it looks */
    return __builtin_expect(atomic_load_explicit(&pool->cancelled, memory_order_relaxed) != 0, 0) &&
           qsc_pool_is_below_cancelled(group);
}

/* pool_blocking.c: a spare thread that nobody needs lays down its tasks and sleeps until it is needed. */
void qsc_pool_rest(struct slot *slot);

/* pool_task.c: a task for an idle worker, from anywhere; NULL when there is none. */
struct task *qsc_pool_find(struct slot *slot);
/* Lays a task where idle workers and the waiter of its group find it. */
void qsc_pool_submit(struct qsc_pool *pool, struct task *task);
/* Runs a task that belongs to none of the groups for which the slot's thread waits. */
void qsc_pool_run_stranger(struct slot *slot, struct task *task);
/* Calls run(arg) in the caller's slot, or in slot 0, or has a thread of the pool call it, and waits for that.
 */
void qsc_pool_run_in_slot(struct qsc_pool *pool, void (*run)(void *), void *arg);

/* pool_sleep.c. A thread that found no task announces that it will sleep, looks again with seq_cst, and then
 * sleeps or retracts; a thread that has made a task visible with seq_cst then looks for announcements. One of
 * the two sees the other. Waking ends the announcement, so that every wake-up goes to another sleeper. */
void qsc_pool_announce(struct slot *slot, enum slot_state how);
/* Returns whether a wake-up came in between: it was meant for some task. */
bool qsc_pool_retract(struct slot *slot, enum slot_state how);
/* Returns 0 when woken; otherwise has retracted: ETIMEDOUT, ECANCELED, or EINVAL for a deadline that is none.
 */
int qsc_pool_sleep(struct slot *slot, enum slot_state how, const struct timespec *deadline,
                   const qsc_cancel *cancel) __attribute__((warn_unused_result));
/* Wakes the thread in the slot if it sleeps that way; returns whether it did. */
bool qsc_pool_wake(struct slot *slot, enum slot_state how);
/* Wakes one idle worker, if there is one. */
void qsc_pool_wake_idle(struct qsc_pool *pool);

#endif
