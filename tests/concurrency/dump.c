// The states of all objects in words.
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/barrier.h>
#include <quiesce/concurrency/brlock.h>
#include <quiesce/concurrency/condvar.h>
#include <quiesce/concurrency/eventcount.h>
#include <quiesce/concurrency/gradbuf.h>
#include <quiesce/concurrency/latch.h>
#include <quiesce/concurrency/mpmc.h>
#include <quiesce/concurrency/mpsc.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/once.h>
#include <quiesce/concurrency/pflock.h>
#include <quiesce/concurrency/pool.h>
#include <quiesce/concurrency/queue.h>
#include <quiesce/concurrency/rwlock.h>
#include <quiesce/concurrency/semaphore.h>
#include <quiesce/concurrency/seqlock.h>
#include <quiesce/concurrency/snapshot.h>
#include <quiesce/concurrency/spin.h>
#include <quiesce/concurrency/spinbarrier.h>
#include <quiesce/concurrency/spsc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

TestSuite(dump, .timeout = 30);

static char text[4096];

#define DUMP(object, of) (qsc_##object##_dump(of, text, sizeof text), text)
#define SAYS(object, of, expected) cr_assert_str_eq(DUMP(object, of), expected)

static void *lock_and_unlock(void *mutex)
{
    qsc_mutex_lock(mutex);
    qsc_mutex_unlock(mutex);
    return NULL;
}

Test(dump, a_mutex)
{
    qsc_mutex mutex = QSC_MUTEX_INIT;
    SAYS(mutex, &mutex, "free, 0 waiting");
    qsc_mutex_lock(&mutex);
    SAYS(mutex, &mutex, "locked, 0 waiting");
    pthread_t waiter = start(lock_and_unlock, &mutex);
    AWAIT(strcmp(DUMP(mutex, &mutex), "locked, 0 waiting") != 0);
    SAYS(mutex, &mutex, "locked, 1 waiting, the unlock wakes one");
    qsc_mutex_unlock(&mutex);
    pthread_join(waiter, NULL);
    SAYS(mutex, &mutex, "free, 0 waiting");
    mutex.word = 0x80000012U; // what mutex.c makes of two sleepers, one woken in vain too often
    SAYS(mutex, &mutex, "free, 2 waiting, reserved for one of them, one is on its way");
    mutex.word = 0x8000000cU; // and of one to whom it was handed over
    SAYS(mutex, &mutex, "free, 1 waiting, handed to one of them, one is on its way");
}

Test(dump, writes_no_more_than_it_may)
{
    qsc_mutex mutex = QSC_MUTEX_INIT;
    char little[8] = "1234567";
    cr_assert_eq(qsc_mutex_dump(&mutex, NULL, 0), 15);
    cr_assert_eq(qsc_mutex_dump(&mutex, little, 5), 15);
    cr_assert_str_eq(little, "free");
    cr_assert_str_eq(little + 5, "67");
    qsc_gradbuf buffers;
    cr_assert_eq(qsc_gradbuf_init(&buffers, 1, 3), 0);
    int length = qsc_gradbuf_dump(&buffers, NULL, 0);
    for (int size = 1; size <= length + 1; size++) {
        memset(text, 'x', sizeof text);
        cr_assert_eq(qsc_gradbuf_dump(&buffers, text, (size_t)size), length);
        cr_assert_eq(text[size - 1], 0);
        cr_assert_eq(text[size], 'x');
        cr_assert_eq(strlen(text), (size_t)size - 1);
    }
    qsc_gradbuf_fini(&buffers);
}

static void *lock_to_write(void *lock)
{
    qsc_rwlock_write_lock(lock);
    qsc_rwlock_write_unlock(lock);
    return NULL;
}

Test(dump, a_rwlock)
{
    qsc_rwlock lock = QSC_RWLOCK_INIT;
    qsc_rwlock_read_lock(&lock);
    SAYS(rwlock, &lock, "no writer and 1 readers inside, line: free, 0 waiting");
    pthread_t writer = start(lock_to_write, &lock);
    AWAIT(strstr(DUMP(rwlock, &lock), "head"));
    SAYS(rwlock, &lock,
         "no writer and 1 readers inside, one waits at the head of the line, line: locked, 0 waiting");
    qsc_rwlock_read_unlock(&lock);
    pthread_join(writer, NULL);
    qsc_rwlock_write_lock(&lock);
    SAYS(rwlock, &lock, "a writer and 0 readers inside, line: free, 0 waiting");
    qsc_rwlock_write_unlock(&lock);
}

static void *lock_br_to_write(void *lock)
{
    qsc_brlock_write_lock(lock);
    qsc_brlock_write_unlock(lock);
    return NULL;
}

Test(dump, a_brlock)
{
    qsc_brlock lock;
    cr_assert_eq(qsc_brlock_init(&lock), 0);
    SAYS(brlock, &lock, "no writer, 0 readers inside, line: free, 0 waiting");
    qsc_brlock_read_lock(&lock);
    pthread_t writer = start(lock_br_to_write, &lock);
    AWAIT(strstr(DUMP(brlock, &lock), "a writer"));
    SAYS(brlock, &lock, "a writer, 1 readers inside, line: free, 0 waiting");
    pthread_t head = start(lock_br_to_write, &lock);
    AWAIT(strstr(DUMP(brlock, &lock), "head"));
    SAYS(brlock, &lock,
         "a writer, 1 readers inside, one waits at the head of the line, line: locked, 0 waiting");
    qsc_brlock_read_unlock(&lock);
    pthread_join(writer, NULL);
    pthread_join(head, NULL);
    qsc_brlock_fini(&lock);
}

Test(dump, a_pflock)
{
    qsc_pflock lock = QSC_PFLOCK_INIT;
    SAYS(pflock, &lock, "no writer, 0 readers inside or waiting for it, 0 writers inside or in line");
    qsc_pflock_read_lock(&lock);
    SAYS(pflock, &lock, "no writer, 1 readers inside or waiting for it, 0 writers inside or in line");
    qsc_pflock_read_unlock(&lock);
    qsc_pflock_write_lock(&lock);
    SAYS(pflock, &lock, "a writer, 0 readers inside or waiting for it, 1 writers inside or in line");
    qsc_pflock_write_unlock(&lock);
}

Test(dump, a_semaphore)
{
    qsc_semaphore semaphore = QSC_SEMAPHORE_INIT(3);
    SAYS(semaphore, &semaphore, "3 units, line: free, 0 waiting");
    semaphore.state |= 3; // as semaphore.c does for a head that was woken in vain too often
    SAYS(semaphore, &semaphore,
         "3 units, one waits at the head of the line, closed to newcomers, line: free, 0 waiting");
}

Test(dump, a_latch)
{
    qsc_latch latch = QSC_LATCH_INIT(2);
    SAYS(latch, &latch, "closed, count 2");
    struct timespec soon = in_ms(5);
    cr_assert_eq(qsc_latch_wait_until(&latch, &soon), ETIMEDOUT);
    SAYS(latch, &latch, "closed, count 2, someone may be asleep");
    qsc_latch_count_down(&latch, 2);
    cr_assert(strncmp(DUMP(latch, &latch), "open, count 0", 13) == 0);
}

static void dump_once(void *once)
{
    SAYS(once, once, "running");
    struct timespec past = in_ms(-1);
    cr_assert_eq(qsc_once_call_until(once, dump_once, once, &past), ETIMEDOUT);
    SAYS(once, once, "running, someone may be asleep");
}

Test(dump, a_once)
{
    qsc_once once = QSC_ONCE_INIT;
    SAYS(once, &once, "not called");
    qsc_once_call(&once, dump_once, &once);
    SAYS(once, &once, "done");
    once.word = 77;
    SAYS(once, &once, "not a once");
}

Test(dump, a_barrier)
{
    qsc_barrier barrier = QSC_BARRIER_INIT(3);
    struct timespec soon = in_ms(5);
    bool last;
    SAYS(barrier, &barrier, "0 of 3 have come, 0 of the last round have not left");
    cr_assert_eq(qsc_barrier_wait_until(&barrier, &soon, &last), ETIMEDOUT);
    SAYS(barrier, &barrier, "0 of 3 have come, 0 of the last round have not left, someone may be asleep");
    barrier.state = 2 + 0x8000; // two have come, one has not left
    SAYS(barrier, &barrier, "2 of 3 have come, 1 of the last round have not left");
}

static struct {
    qsc_mutex mutex;
    qsc_condvar condvar;
} waited;

static void *wait_for_signal(void *unused)
{
    qsc_mutex_lock(&waited.mutex);
    qsc_condvar_wait(&waited.condvar, &waited.mutex);
    qsc_mutex_unlock(&waited.mutex);
    return unused;
}

Test(dump, a_condvar)
{
    memset(&waited, 0, sizeof waited);
    SAYS(condvar, &waited.condvar, "0 waiting, 0 signals that found any");
    pthread_t waiter = start(wait_for_signal, NULL);
    AWAIT(strncmp(DUMP(condvar, &waited.condvar), "1 waiting, 0", 12) == 0);
    qsc_mutex_lock(&waited.mutex);
    qsc_condvar_signal(&waited.condvar);
    qsc_mutex_unlock(&waited.mutex);
    pthread_join(waiter, NULL);
    SAYS(condvar, &waited.condvar, "0 waiting, 1 signals that found any");
}

Test(dump, a_seqlock)
{
    qsc_seqlock lock = QSC_SEQLOCK_INIT;
    qsc_seqlock_write_begin(&lock);
    SAYS(seqlock, &lock, "0 writes, one under way");
    qsc_seqlock_write_end(&lock);
    SAYS(seqlock, &lock, "1 writes");
}

Test(dump, spin_locks)
{
    qsc_tas tas = QSC_TAS_INIT;
    qsc_ticket ticket = QSC_TICKET_INIT;
    qsc_mcs mcs = QSC_MCS_INIT;
    qsc_clh clh;
    static qsc_mcs_node mcs_node;
    static qsc_clh_node clh_node, clh_spare;
    char expected[64];
    qsc_clh_init(&clh, &clh_spare);
    SAYS(tas, &tas, "free");
    SAYS(ticket, &ticket, "free, serving 0, 0 waiting");
    SAYS(mcs, &mcs, "free");
    SAYS(clh, &clh, "free");
    qsc_tas_lock(&tas);
    SAYS(tas, &tas, "locked");
    qsc_tas_unlock(&tas);
    qsc_ticket_lock(&ticket);
    SAYS(ticket, &ticket, "locked, serving 0, 0 waiting");
    qsc_ticket_unlock(&ticket);
    ticket = (qsc_ticket){.next = 1, .serving = 0xfffffffeU}; // the numbers come round
    SAYS(ticket, &ticket, "locked, serving 4294967294, 2 waiting");
    qsc_mcs_lock(&mcs, &mcs_node);
    snprintf(expected, sizeof expected, "locked, last in line: node %p", (void *)&mcs_node);
    SAYS(mcs, &mcs, expected);
    qsc_mcs_unlock(&mcs, &mcs_node);
    qsc_clh_lock(&clh, &clh_node);
    snprintf(expected, sizeof expected, "locked, last in line: node %p", (void *)&clh_node);
    SAYS(clh, &clh, expected);
    (void)!qsc_clh_unlock(&clh, &clh_node);
}

Test(dump, an_eventcount_and_a_queue)
{
    struct qsc_eventcount event = {0};
    qsc_queue queue;
    void *item;
    (void)qsc_eventcount_prepare(&event);
    (void)qsc_eventcount_prepare(&event);
    qsc_eventcount_notify(&event, 1);
    SAYS(eventcount, &event, "1 waiting, 1 on their way");
    cr_assert_eq(qsc_queue_init(&queue, 4), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(qsc_queue_push(&queue, NULL), 0);
    cr_assert_eq(qsc_queue_pop(&queue, &item), 0);
    SAYS(queue, &queue,
         "open, 2 of 4 items; to pop: 0 waiting, 0 on their way; to push: 0 waiting, 0 on their way");
    qsc_queue_close(&queue);
    cr_assert(strncmp(DUMP(queue, &queue), "closed, 2 of 4 items", 20) == 0);
    qsc_queue_fini(&queue);

    qsc_mpsc_node node;
    qsc_queue_init_mpsc(&queue);
    cr_assert(strncmp(DUMP(queue, &queue), "open, empty;", 12) == 0);
    cr_assert_eq(qsc_queue_push(&queue, &node), 0);
    qsc_queue_close(&queue);
    cr_assert(strncmp(DUMP(queue, &queue), "closed, some items;", 19) == 0);
}

Test(dump, queues_that_never_wait)
{
    qsc_mpmc mpmc;
    qsc_spsc spsc;
    qsc_mpsc mpsc = {0};
    cr_assert_eq(qsc_mpmc_init(&mpmc, 2), 0);
    cr_assert_eq(qsc_spsc_init(&spsc, 2), 0);
    cr_assert_eq(qsc_mpmc_trypush(&mpmc, NULL), 0);
    cr_assert_eq(qsc_spsc_trypush(&spsc, NULL), 0);
    SAYS(mpmc, &mpmc, "open, 1 of 2 items");
    SAYS(spsc, &spsc, "open, 1 of 2 items");
    SAYS(mpsc, &mpsc, "open, empty");
    qsc_mpmc_fini(&mpmc);
    qsc_spsc_fini(&spsc);
}

Test(dump, a_spinbarrier)
{
    qsc_spinbarrier barrier = QSC_SPINBARRIER_INIT(3);
    barrier.come = 7; // as spinbarrier.c counts two rounds and one thread
    barrier.passed = 2;
    SAYS(spinbarrier, &barrier, "1 of 3 have come, 2 rounds passed");
}

Test(dump, a_gradbuf)
{
    qsc_gradbuf buffers;
    float *gradient, *sum;
    cr_assert_eq(qsc_gradbuf_init(&buffers, 1, 2), 0);
    cr_assert_eq(qsc_gradbuf_open(&buffers, 2), 0);
    cr_assert_eq(qsc_gradbuf_begin(&buffers, 0, &gradient), 0);
    *gradient = 1;
    cr_assert_eq(qsc_gradbuf_begin(&buffers, 1, &gradient), 0);
    *gradient = 1;
    qsc_gradbuf_commit(&buffers, 1);
    SAYS(gradbuf, &buffers, "0 rounds complete, 0 released, 0 waiting, 0 on their way; shards: 0 adding 1");
    qsc_gradbuf_commit(&buffers, 0);
    cr_assert_eq(qsc_gradbuf_wait(&buffers, &sum), 0);
    SAYS(gradbuf, &buffers, "1 rounds complete, 0 released, 0 waiting, 0 on their way; shards: 2 3");
    qsc_gradbuf_release(&buffers);
    qsc_gradbuf_abort(&buffers);
    cr_assert(strncmp(DUMP(gradbuf, &buffers), "aborted, 1 rounds complete, 1 released", 38) == 0);
    qsc_gradbuf_fini(&buffers);
    cr_assert_eq(qsc_gradbuf_init_atomic(&buffers, 1), 0);
    cr_assert_eq(qsc_gradbuf_open(&buffers, 2), 0);
    qsc_gradbuf_commit(&buffers, 1);
    SAYS(gradbuf, &buffers,
         "0 rounds complete, 0 released, 0 waiting, 0 on their way; 1 contributions to come");
    qsc_gradbuf_fini(&buffers);
}

Test(dump, a_snapshot_cell)
{
    static const int object;
    qsc_snapshot cell = {0};
    SAYS(snapshot, &cell, "no cell");
    cr_assert_eq(qsc_snapshot_init(&cell, NULL), 0);
    cr_assert_eq(qsc_snapshot_publish(&cell, &object, 100, NULL, NULL), 0);
    AWAIT(strstr(DUMP(snapshot, &cell), "current")); // not that the lock is taken
    cr_assert_str_eq(text, "version 1 is current, 0 canary, 0 previous; 1 alive with 100 bytes, "
                           "0 reclaimed; oldest pinned: 0 by thread 0");
    cr_assert_eq(qsc_snapshot_fini(&cell), 0);
}

struct held_pool {
    qsc_pool *pool;
    atomic_int step;
};

static void hold(void *arg)
{
    struct held_pool *held = arg;
    atomic_store(&held->step, 1);
    AWAIT(atomic_load(&held->step) == 2);
}

Test(dump, a_pool)
{
    struct held_pool held = {0};
    struct qsc_pool_config config = {.threads = 2};
    cr_assert_eq(qsc_pool_create(&held.pool, &config), 0);
    AWAIT(strstr(DUMP(pool, held.pool), "idle"));
    SAYS(pool, held.pool,
         "0 submitted, slot 0 is free, guests: 0 waiting, 0 on their way; slots and tasks: awake 0 idle 0");
    qsc_group group = QSC_GROUP_INIT;
    qsc_task tasks[2];
    qsc_task_spawn(held.pool, &group, &tasks[0], hold, &held);
    AWAIT(atomic_load(&held.step) == 1);
    qsc_task_spawn(held.pool, &group, &tasks[1], hold, &held);
    SAYS(pool, held.pool,
         "1 submitted, slot 0 is free, guests: 0 waiting, 0 on their way; slots and tasks: awake 0 awake 0");
    atomic_store(&held.step, 2);
    AWAIT(atomic_load(&held.step) == 1);
    atomic_store(&held.step, 2);
    qsc_group_wait(held.pool, &group);
    qsc_pool_destroy(held.pool);
}

Test(dump, a_pool_with_a_spare_thread)
{
    qsc_pool *pool;
    struct qsc_pool_config config = {.threads = 1, .spares = 1};
    cr_assert_eq(qsc_pool_create(&pool, &config), 0);
    AWAIT(strstr(DUMP(pool, pool), "spare"));
    SAYS(pool, pool,
         "0 submitted, slot 0 is free, guests: 0 waiting, 0 on their way; slots and tasks: awake 0 spare 0");
    qsc_pool_destroy(pool);
}

// ThreadSanitizer's test: others use what is looked at.
static struct {
    qsc_mutex mutex;
    qsc_rwlock rwlock;
    qsc_queue queue;
    qsc_snapshot cell;
    qsc_pool *pool;
    atomic_bool stop;
} used;

static void nothing(void *unused)
{
    (void)unused;
}

static void *use(void *unused)
{
    while (!atomic_load(&used.stop)) {
        void *item;
        qsc_group group = QSC_GROUP_INIT;
        qsc_task task;
        qsc_mutex_lock(&used.mutex);
        qsc_mutex_unlock(&used.mutex);
        qsc_rwlock_write_lock(&used.rwlock);
        qsc_rwlock_write_unlock(&used.rwlock);
        (void)!qsc_queue_trypush(&used.queue, NULL);
        (void)!qsc_queue_trypop(&used.queue, &item);
        (void)!qsc_snapshot_publish(&used.cell, unused, 1, NULL, NULL);
        qsc_task_spawn(used.pool, &group, &task, nothing, NULL);
        qsc_group_wait(used.pool, &group);
    }
    return NULL;
}

Test(dump, objects_in_use)
{
    struct qsc_pool_config config = {.threads = 2};
    memset(&used, 0, sizeof used);
    cr_assert_eq(qsc_queue_init(&used.queue, 2), 0);
    cr_assert_eq(qsc_snapshot_init(&used.cell, NULL), 0);
    cr_assert_eq(qsc_pool_create(&used.pool, &config), 0);
    pthread_t users[] = {start(use, NULL), start(use, NULL)};
    for (int i = 0; i < 300; i++) {
        cr_assert_gt(qsc_mutex_dump(&used.mutex, text, sizeof text), 0);
        cr_assert_gt(qsc_rwlock_dump(&used.rwlock, text, sizeof text), 0);
        cr_assert_gt(qsc_queue_dump(&used.queue, text, sizeof text), 0);
        cr_assert_gt(qsc_snapshot_dump(&used.cell, text, sizeof text), 0);
        cr_assert_gt(qsc_pool_dump(used.pool, text, sizeof text), 0);
        sched_yield();
    }
    atomic_store(&used.stop, true);
    pthread_join(users[0], NULL);
    pthread_join(users[1], NULL);
    qsc_pool_destroy(used.pool);
    qsc_queue_fini(&used.queue);
    cr_assert_eq(qsc_snapshot_fini(&used.cell), 0);
}
