/* A work-stealing pool for nested fork and join.
 *
 * A pool of N threads runs at most N tasks at a time, whoever submits them: N-1 workers of its own and, in
 * slot 0, the thread that waits for a group. Idle workers sleep. Tasks and groups are frames of the caller,
 * mostly on its stack; a spawn allocates nothing.
 *
 *     qsc_group group = QSC_GROUP_INIT;
 *     qsc_task left, right;
 *     qsc_task_spawn(pool, &group, &left, sort, &lower_half);
 *     qsc_task_spawn(pool, &group, &right, sort, &upper_half);
 *     qsc_group_wait(pool, &group);
 *
 * Slots. A thread runs tasks in a slot 0 .. slots-1 that no other thread has at that time
 * (qsc_pool_worker_index), so that a task may use workspace[slot]. The workers own slots 1 .. threads-1 for
 * ever, the spare threads those from `threads` on. A foreign thread takes slot 0 for the time of its
 * outermost wait or parallel_for; if another foreign thread has it, the tasks are left to the workers and the
 * caller sleeps until they are done or slot 0 is free.
 *
 * Waiting. A thread that waits for a group runs only tasks of that group or below it (of groups that those
 * tasks wait for): its own first, then those it finds with the thread that stole from it (leapfrogging: D.
 * Wagner, B. Calder, PPoPP 1993). So a wait cannot pick up a stranger that needs a lock the waiter holds, and
 * a stack is never deeper than the nesting of the program's groups makes it. When there is nothing to help
 * with, it sleeps.
 *
 * Cancelling. A cancelled group drops what it has not begun, and so do the groups below it; see
 * qsc_group_cancel.
 *
 * Priorities. Of the tasks that a thread may begin afresh it takes those of high groups first and those of
 * low ones last; see qsc_group_set_priority.
 *
 * Deques: D. Chase, Y. Lev, "Dynamic circular work-stealing deque", SPAA 2005, see deque.h.
 *
 * What a task may not do: leave by longjmp, pthread_exit or a C++ exception (catch it inside); end before the
 * groups it spawned into on its own stack are complete; hold an RCU section over a spawn or a wait; wait
 * (other than by qsc_group_wait) for something that only another task can do, because that one may sit
 * beneath it on the same stack or in its own deque; wait for a second pool whose tasks wait for this one. A
 * lock held while waiting for a group must not be one that tasks of the group take. */
#ifndef QUIESCE_CONCURRENCY_POOL_H
#define QUIESCE_CONCURRENCY_POOL_H

#include <quiesce/concurrency/cancel.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qsc_pool qsc_pool;

/* A group of tasks that are waited for together. All-zero bytes are an empty group; it may be used again
 * after a wait. It and its tasks' frames must stay where they are until the wait for it has returned. */
typedef struct qsc_group {
    uint64_t storage[8];
} qsc_group;
#define QSC_GROUP_INIT \
    {                  \
        {              \
            0          \
        }              \
    }

/* The frame of one task; needs no initialisation. */
typedef struct qsc_task {
    uint64_t storage[4];
} qsc_task;

struct qsc_pool_config {
    /* How many tasks run at a time, the waiting thread's included; 0: one a processor we may use */
    int threads;
    /* How many threads more may stand in for those in blocking sections */
    int spares;
    /* The processors that the pool's own threads keep to, the one in slot i to cpus[i % cpu_count]; with a
     * cpu_count of 0 they go where the system puts them. The thread in slot 0 is the caller's affair. */
    const int *cpus;
    int cpu_count;
};

/* Makes a pool and starts its threads - 1 workers and its spare threads, which sleep (all with all signals
 * blocked). Returns 0, EINVAL (a number is negative, the sum of threads and spares above 1024, or the process
 * may not use one of the processors), ENOMEM, or the error of pthread_create (EAGAIN): then the workers
 * already started are ended and nothing is left. A processor that is taken away later does not stop the pool:
 * the system moves its threads, and nothing waits for a thread to be on a processor. */
int qsc_pool_create(qsc_pool **pool, const struct qsc_pool_config *config)
    __attribute__((warn_unused_result));

/* Ends the workers and frees the pool; NULL is ignored. Blocks until the workers have left; it
 * cannot give up, but they have nothing to run: all groups must be complete, no other thread inside a call on
 * the pool. Not from a task of the pool. */
void qsc_pool_destroy(qsc_pool *pool);

/* The number of threads. Wait-free. */
int qsc_pool_threads(const qsc_pool *pool);

/* The number of slots: threads and spare threads. Wait-free. */
int qsc_pool_slots(const qsc_pool *pool);

/* The slot in which the calling thread runs tasks of this pool, 0 .. slots-1; -1 for a thread that runs
 * none now. The same throughout a task. Wait-free. */
int qsc_pool_worker_index(const qsc_pool *pool);

/* Spawns a task of `group`: run(arg) is called once, by the time the wait for the group returns; other
 * threads may begin it at once. When memory for a longer deque is lacking, the task is run here and now: a
 * spawn cannot fail. Does not wait for other tasks. Lock-free in a slot; a foreign thread takes a short lock.
 * Memory order: what happened before the spawn happens before run(arg), and that before the return of the
 * wait. Any thread: tasks of the group may spawn into it, and so may other threads, once the thread that owns
 * the group (the one that will wait) has done its first spawn and until its wait. */
void qsc_task_spawn(qsc_pool *pool, qsc_group *group, qsc_task *task, void (*run)(void *), void *arg);

/* Waits until all tasks of the group have returned, and runs tasks of it and below it meanwhile. Blocking.
 * One thread, the owner. Memory order: see qsc_task_spawn. */
void qsc_group_wait(qsc_pool *pool, qsc_group *group);

/* As qsc_group_wait, but returns ETIMEDOUT when it finds the deadline (absolute CLOCK_MONOTONIC; NULL: never)
 * passed and tasks left; a task that it runs itself may make that later. The group must still be waited for.
 * Returns 0 when complete. */
int qsc_group_wait_until(qsc_pool *pool, qsc_group *group, const struct timespec *deadline)
    __attribute__((warn_unused_result));

/* As qsc_group_wait_until, but returns ECANCELED, too, when it finds `cancel` cancelled (NULL: never) and
 * tasks left and has none to run. It ends the wait and not the tasks, which qsc_group_cancel drops: the
 * group must still be waited for. Returns 0 when complete. */
int qsc_group_wait_cancellable(qsc_pool *pool, qsc_group *group, const struct timespec *deadline,
                               const qsc_cancel *cancel) __attribute__((warn_unused_result));

/* Runs one task of the group or below it if one is at hand, without waiting; returns whether the group is
 * complete. */
bool qsc_group_trywait(qsc_pool *pool, qsc_group *group) __attribute__((warn_unused_result));

/* Which tasks a thread begins first when it has none to go on with. */
enum qsc_priority { QSC_PRIORITY_NORMAL, QSC_PRIORITY_HIGH, QSC_PRIORITY_LOW, QSC_PRIORITIES };

/* Gives the group's tasks a priority, until it is given another; at first it is normal. A thread that has
 * come to the end of what it stole begins a task of a high group, if there is one, before all others, also
 * before those that it has spawned and not begun, which it leaves to whoever comes first; and one of a low
 * group when it finds no other. No priority starves: at each 32nd look a thread takes the tasks of a low
 * group first, those that other threads submitted to a normal one second. Among groups of one priority the
 * first to come is served until it has no task left. What runs is not interrupted, and a thread that waits
 * runs nothing but what is below, whatever there is elsewhere. Groups below have priorities of their own: it
 * is for groups that are waited for at the outside, whose tasks fork and join normal ones, since a spawn into
 * a high or low group takes a short lock. Does not block. Progress: wait-free. Memory order: none. The owner,
 * when the group has no tasks. */
void qsc_group_set_priority(qsc_group *group, enum qsc_priority priority);

/* Cancels a group until the wait for it has returned: tasks of it, and of groups below it, that have not
 * begun are dropped when their turn comes, as if they had run; so are further chunks of loops and reductions
 * below it. Tasks that have begun go on; they may ask qsc_task_cancelled. The group must be waited for all
 * the same. Again it does nothing more. Does not block, wakes nobody: nothing is waited for that the wait
 * does not wait for anyway. Wait-free. Memory order: none; but a task that the call happens before is not
 * run. Any thread that knows that the wait has not returned: the owner, a task of the group or below it. */
void qsc_group_cancel(qsc_pool *pool, qsc_group *group);

/* Whether the group of the task that calls, or one above it, is cancelled: what is left to do may be left
 * undone. After a wait, a loop or a reduction "no" means that nothing below was dropped for one of those. Of
 * a thread that runs no task of the pool: no. Does not block. Wait-free, and next to nothing while no group
 * of the pool is cancelled. Memory order: none. */
bool qsc_task_cancelled(const qsc_pool *pool) __attribute__((warn_unused_result));

/* Around a call by which a task sleeps for long (input, a lock, another process): as long as the task is in
 * there, a spare thread runs tasks in its stead, so that `threads` of them go on; when all spare threads are
 * about already, nothing happens. The task keeps its slot. Of a thread that runs no task of the pool:
 * nothing. Not nested; up to the end the task calls nothing else of the pool. Does not block. Wait-free, but
 * it may wake a sleeper. Memory order: none. */
void qsc_pool_blocking_begin(qsc_pool *pool);

/* The task is back. One task too many may run until the spare thread is done with the one that it has. Of a
 * thread that runs no task of the pool: nothing. Does not block. Wait-free. Memory order: none. */
void qsc_pool_blocking_end(qsc_pool *pool);

/* Calls body(ctx, lo, hi) once for each chunk [begin + k*grain, min(begin + (k+1)*grain, end)) and waits for
 * all. The chunks depend on begin, end and grain only (a grain of 0 counts as 1), never on the threads: what
 * a body computes for its chunk can be combined in a fixed order. The threads take the chunks in ascending
 * order of k, each the next when it has done with one, so every chunk below a begun one has been begun. May
 * be nested. Blocking; it cannot give up, as its threads work in the caller's frame: to end it early cancel
 * the group of the task that calls it (qsc_group_cancel). Any thread. Memory order: as spawn and wait. */
void qsc_parallel_for(qsc_pool *pool, size_t begin, size_t end, size_t grain,
                      void (*body)(void *ctx, size_t lo, size_t hi), void *ctx);

/* As qsc_parallel_for, with the same chunks, but the thread in slot i takes the chunks k with k mod threads =
 * i first, those in ascending order, and others' only when it has no more of its own: loops over the same
 * data, one after the other, find in each processor's cache what the last one left there. For chunks that
 * cost about the same. */
void qsc_parallel_for_static(qsc_pool *pool, size_t begin, size_t end, size_t grain,
                             void (*body)(void *ctx, size_t lo, size_t hi), void *ctx);

/* As qsc_parallel_for, but each thread takes several neighbouring chunks of it at once, for which the body is
 * called once: of the R that are left R / (2 * threads), at least one. So there are few calls, and small ones
 * at the end, where the threads wait for each other. Where the body is cut depends on begin, end, grain and
 * the pool's number of threads. Lock-free between the calls. C. Polychronopoulos, D. Kuck, "Guided
 * self-scheduling", IEEE Transactions on Computers 36, 1987, with half of their shares. */
void qsc_parallel_for_guided(qsc_pool *pool, size_t begin, size_t end, size_t grain,
                             void (*body)(void *ctx, size_t lo, size_t hi), void *ctx);

/* Calls body(ctx, lo, hi, partial) once for each chunk of qsc_parallel_for and combines neighbours by
 * combine(ctx, left, right), which leaves the combination in `left`, until one result is left, in *result.
 * Which ones are combined depends on begin, end and grain only, and `left` is always that of the smaller
 * indices: the same bits on any number of threads, whatever `combine` does. Sums come out pairwise: their
 * rounding error grows with the logarithm of the number of chunks. A partial result is `size` bytes (1 or
 * more), aligned for any standard type; the body must write all of it. Of an empty range *result stays as it
 * is: let it be the neutral element. Each stack holds up to log2(chunks) partial results; for long vectors
 * see gradbuf.h. When the caller's group, or one above it, is cancelled, *result is of no use: ask
 * qsc_task_cancelled. May be nested. Blocking, as qsc_parallel_for. Any thread. Memory order: as spawn and
 * wait. */
void qsc_parallel_reduce(qsc_pool *pool, size_t begin, size_t end, size_t grain, void *result, size_t size,
                         void (*body)(void *ctx, size_t lo, size_t hi, void *partial),
                         void (*combine)(void *ctx, void *left, const void *right), void *ctx);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_pool_dump(const qsc_pool *pool, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
