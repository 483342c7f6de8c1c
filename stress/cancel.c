/* Three threads wait, each by all doors in turn, for what never comes, with a token of their own below that
 * of the round; a fourth cancels these as they are handed to it, and at the end the round's, with which it
 * ends whatever waits then. Beside that they share a semaphore's unit, which those that are not cancelled
 * give back. Oracle: every wait ends, by ECANCELED; what was done before the request is seen; a token is
 * freed by its owner as soon as it is seen cancelled; nobody is counted and no unit lost at the end. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/barrier.h>
#include <quiesce/concurrency/brlock.h>
#include <quiesce/concurrency/cancel.h>
#include <quiesce/concurrency/condvar.h>
#include <quiesce/concurrency/latch.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/queue.h>
#include <quiesce/concurrency/rwlock.h>
#include <quiesce/concurrency/semaphore.h>
#include <sched.h>
#include <stdlib.h>

enum { WAITERS = 3, ROUNDS = STRESS_SIZE(100, 1) };

static qsc_cancel all;
static qsc_mutex taken, free_mutex;
static qsc_rwlock written;
static qsc_brlock big;
static qsc_semaphore empty, unit;
static qsc_condvar condvar;
static qsc_latch closed;
static qsc_barrier barrier;
static qsc_queue queue;

struct request {
    qsc_cancel cancel;
    int reason; // plain: the token must order it
};

static struct member {
    int index;
    long met;
    _Atomic(struct request *) handed; // to the one that cancels
} members[WAITERS];

static int wait_at(int door, const qsc_cancel *cancel)
{
    void *item;
    bool last;
    int error;
    switch (door % 10) {
    case 0:
        return qsc_mutex_lock_cancellable(&taken, NULL, cancel);
    case 1:
        return qsc_rwlock_read_lock_cancellable(&written, NULL, cancel);
    case 2:
        return qsc_rwlock_write_lock_cancellable(&written, NULL, cancel);
    case 3:
        return qsc_semaphore_wait_cancellable(&empty, 1, NULL, cancel);
    case 4:
        return qsc_latch_wait_cancellable(&closed, NULL, cancel);
    case 5:
        return qsc_barrier_wait_cancellable(&barrier, NULL, cancel, &last);
    case 6:
        return qsc_queue_pop_cancellable(&queue, &item, NULL, cancel);
    case 7:
        return qsc_brlock_read_lock_cancellable(&big, NULL, cancel);
    case 8:
        return qsc_brlock_write_lock_cancellable(&big, NULL, cancel);
    default:
        qsc_mutex_lock(&free_mutex);
        do
            error = qsc_condvar_wait_cancellable(&condvar, &free_mutex, NULL, cancel);
        while (!error);
        qsc_mutex_unlock(&free_mutex);
        return error;
    }
}

static void share_unit(const qsc_cancel *cancel)
{
    int error = qsc_semaphore_wait_cancellable(&unit, 1, NULL, cancel);
    assert(error == 0 || error == ECANCELED);
    if (error)
        return;
    sched_yield();
    qsc_semaphore_post(&unit, 1);
}

static void *wait_in_vain(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round <= ROUNDS; round++) {
        struct request *request = calloc(1, sizeof *request);
        assert(request);
        request->cancel = (qsc_cancel)QSC_CANCEL_CHILD(&all);
        if (round < ROUNDS)
            atomic_store_explicit(&me->handed, request, memory_order_release);
        share_unit(&request->cancel);
        me->met += !qsc_cancel_requested(&request->cancel);
        int error = wait_at(me->index + round, &request->cancel);
        assert(error == ECANCELED && qsc_cancel_requested(&request->cancel));
        assert(request->reason == 1 || round == ROUNDS);
        free(request);
    }
    return NULL;
}

static void *cancel_all(void *unused)
{
    for (int left = WAITERS * ROUNDS; left > 0;)
        for (int i = 0; i < WAITERS; i++) {
            struct request *request =
                atomic_exchange_explicit(&members[i].handed, NULL, memory_order_acquire);
            if (!request) {
                sched_yield();
                continue;
            }
            if (left % 4 == 0)
                nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
            request->reason = 1;
            qsc_cancel_request(&request->cancel);
            left--;
        }
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL); // now all wait below the one that is left
    qsc_cancel_request(&all);
    return unused;
}

static void *run(void *index)
{
    int i = *(int *)index;
    return i < WAITERS ? wait_in_vain(&members[i]) : cancel_all(NULL);
}

static long batch(void)
{
    all = (qsc_cancel)QSC_CANCEL_INIT;
    taken = free_mutex = (qsc_mutex)QSC_MUTEX_INIT;
    written = (qsc_rwlock)QSC_RWLOCK_INIT;
    empty = (qsc_semaphore)QSC_SEMAPHORE_INIT(0);
    unit = (qsc_semaphore)QSC_SEMAPHORE_INIT(1);
    closed = (qsc_latch)QSC_LATCH_INIT(1);
    barrier = (qsc_barrier)QSC_BARRIER_INIT(WAITERS + 1);
    int error = qsc_queue_init(&queue, 2);
    assert(error == 0);
    error = qsc_brlock_init(&big);
    assert(error == 0);
    qsc_mutex_lock(&taken);
    qsc_rwlock_write_lock(&written);
    qsc_brlock_write_lock(&big);
    int indices[WAITERS + 1];
    for (int i = 0; i <= WAITERS; i++)
        indices[i] = i;
    for (int i = 0; i < WAITERS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(WAITERS + 1, run, indices, sizeof *indices);
    qsc_brlock_write_unlock(&big);
    qsc_rwlock_write_unlock(&written);
    qsc_mutex_unlock(&taken);
    qsc_queue_fini(&queue);

    assert(taken.word == 0 && free_mutex.word == 0 && condvar.waiting == 0);
    assert(written.state == 0 && written.line.word == 0);
    assert(big.state == 0 && big.others == 0 && big.line.word == 0);
    qsc_brlock_fini(&big);
    assert(empty.state == 0 && empty.line.word == 0);
    assert(unit.state == ((qsc_semaphore)QSC_SEMAPHORE_INIT(1)).state && unit.line.word == 0);
    long met = 0;
    for (int i = 0; i < WAITERS; i++)
        met += members[i].met;
    return met;
}

int main(void)
{
    return stress_repeat("waits that began before they were cancelled", batch, 500);
}
