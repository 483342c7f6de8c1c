/* A thread waits with a token while another cancels it, or its parent, and perhaps does at the same time what
 * the wait is for. Oracle: nobody sleeps for ever; who was cancelled sees what was done before the request;
 * nobody is counted at the end, no unit, item or wake-up is lost. */
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/barrier.h>
#include <quiesce/concurrency/brlock.h>
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/condvar.h>
#include <quiesce/concurrency/latch.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/once.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/queue.h>
#include <quiesce/concurrency/rwlock.h>
#include <quiesce/concurrency/semaphore.h>
#include <stdlib.h>

static qsc_cancel parent;
static qsc_cancel child = QSC_CANCEL_CHILD(&parent);
static int reason; // plain: why it was cancelled

static void cancel(qsc_cancel *token)
{
    reason = 1;
    qsc_cancel_request(token);
}

static int canceled(int error)
{
    assert(error == 0 || (error == ECANCELED && reason == 1));
    return error;
}

static uint32_t word;

// The kernel's wake-up orders nothing, so the sleeper may have to look again to see why it came.
static void *sleep_on_word(void *unused)
{
    int error;
    do
        error = qsc_cancel_wait(&word, 0, NULL, &child);
    while (error != ECANCELED && __atomic_load_n(&word, __ATOMIC_RELAXED) == 0);
    canceled(error == ECANCELED ? error : 0);
    return unused;
}

static void token(void)
{
    pthread_t sleeper = scenario_start(sleep_on_word, NULL);
    cancel(&child);
    scenario_join(sleeper);
    assert(qsc_cancel_requested(&child) && !qsc_cancel_requested(&parent));
}

static void parent_of_token(void)
{
    pthread_t sleeper = scenario_start(sleep_on_word, NULL);
    cancel(&parent);
    assert(qsc_cancel_requested(&child));
    scenario_join(sleeper);
}

// One wake-up and two sleepers, of whom one can be cancelled. If it is, the other has had the wake-up, or
// needs none; if not, it passes it on.
static void *sleep_or_pass_on(void *unused)
{
    if (qsc_cancel_wait(&word, 0, NULL, &child) != ECANCELED)
        qsc_port_futex_wake(&word, 1);
    return unused;
}

static void *sleep_until_one(void *unused)
{
    while (__atomic_load_n(&word, __ATOMIC_RELAXED) == 0)
        (void)!qsc_port_futex_wait(&word, 0, NULL);
    return unused;
}

static void one_wake_up(void)
{
    pthread_t threads[] = {scenario_start(sleep_or_pass_on, NULL), scenario_start(sleep_until_one, NULL)};
    __atomic_store_n(&word, 1, __ATOMIC_RELAXED);
    qsc_port_futex_wake(&word, 1);
    cancel(&child);
    for (int i = 0; i < 2; i++)
        scenario_join(threads[i]);
}

static void *sleep_until_late(void *deadline)
{
    int error = qsc_cancel_wait(&word, 0, deadline, &child);
    assert(error != 0);
    canceled(error == ECANCELED ? error : 0);
    return NULL;
}

static void deadline(void)
{
    struct timespec long_ago = {0};
    pthread_t sleeper = scenario_start(sleep_until_late, &long_ago);
    cancel(&child);
    scenario_join(sleeper);
}

static void *free_when_cancelled(void *token)
{
    while (!qsc_cancel_requested(token))
        ;
    assert(reason == 1);
    free(token);
    return NULL;
}

static void freed(void)
{
    qsc_cancel *token = calloc(1, sizeof *token);
    assert(token);
    pthread_t other = scenario_start(free_when_cancelled, token);
    cancel(token);
    scenario_join(other);
}

// Two sleep on the token, or the parent's.
static void two_sleep(void)
{
    pthread_t threads[] = {scenario_start(sleep_on_word, NULL), scenario_start(sleep_on_word, NULL)};
    cancel(&parent);
    for (int i = 0; i < 2; i++)
        scenario_join(threads[i]);
}

// More tokens than the kernel takes: the sleeper looks at them now and then.
static void long_chain(void)
{
    static qsc_cancel chain[QSC_PORT_FUTEXES - 1];
    for (int i = 1; i < QSC_PORT_FUTEXES - 1; i++)
        chain[i].parent = &chain[i - 1];
    child.parent = &chain[QSC_PORT_FUTEXES - 2];
    pthread_t sleeper = scenario_start(sleep_on_word, NULL);
    cancel(&chain[0]);
    scenario_join(sleeper);
}

// Runs `wait` in a thread of its own, and cancels it meanwhile. Returns what it returned.
static int result;
static int (*waits)(void);

static void *run_wait(void *unused)
{
    result = canceled(waits());
    return unused;
}

static int cancelled_in(int (*wait)(void))
{
    waits = wait;
    pthread_t waiter = scenario_start(run_wait, NULL);
    cancel(&child);
    scenario_join(waiter);
    return result;
}

static qsc_mutex mutex;

static int lock(void)
{
    return qsc_mutex_lock_cancellable(&mutex, NULL, &child);
}

static void mutex_lock(void)
{
    qsc_mutex_lock(&mutex);
    int error = cancelled_in(lock);
    assert(error == ECANCELED);
    qsc_mutex_unlock(&mutex);
    assert(mutex.word == 0);
}

static void *lock_or_not(void *unused)
{
    if (canceled(lock()) == 0)
        qsc_mutex_unlock(&mutex);
    return unused;
}

static void mutex_unlock(void)
{
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(lock_or_not, NULL);
    cancel(&child);
    qsc_mutex_unlock(&mutex);
    scenario_join(other);
    assert(mutex.word == 0);
}

static qsc_condvar condvar;

static int wait_on_condvar(void)
{
    qsc_mutex_lock(&mutex);
    int error;
    do
        error = qsc_condvar_wait_cancellable(&condvar, &mutex, NULL, &child);
    while (!error);
    qsc_mutex_unlock(&mutex);
    return error;
}

static void condvar_wait(void)
{
    int error = cancelled_in(wait_on_condvar);
    assert(error == ECANCELED && mutex.word == 0 && condvar.waiting == 0);
}

static qsc_rwlock rwlock;

static int read_lock(void)
{
    return qsc_rwlock_read_lock_cancellable(&rwlock, NULL, &child);
}

static int write_lock(void)
{
    return qsc_rwlock_write_lock_cancellable(&rwlock, NULL, &child);
}

static void rwlock_read(void)
{
    qsc_rwlock_write_lock(&rwlock);
    int error = cancelled_in(read_lock);
    assert(error == ECANCELED);
    qsc_rwlock_write_unlock(&rwlock);
    assert(rwlock.state == 0 && rwlock.line.word == 0);
}

static void rwlock_write(void)
{
    qsc_rwlock_read_lock(&rwlock);
    int error = cancelled_in(write_lock);
    assert(error == ECANCELED);
    qsc_rwlock_read_unlock(&rwlock);
    assert(rwlock.state == 0 && rwlock.line.word == 0);
}

static qsc_brlock brlock;

static int read_lock_big(void)
{
    return qsc_brlock_read_lock_cancellable(&brlock, NULL, &child);
}

static int write_lock_big(void)
{
    return qsc_brlock_write_lock_cancellable(&brlock, NULL, &child);
}

static void start_brlock(void)
{
    int error = qsc_brlock_init(&brlock);
    assert(error == 0);
}

static void end_brlock(void)
{
    assert(brlock.state == 0 && brlock.line.word == 0);
    qsc_brlock_fini(&brlock);
}

static void brlock_read(void)
{
    start_brlock();
    qsc_brlock_write_lock(&brlock);
    int error = cancelled_in(read_lock_big);
    assert(error == ECANCELED);
    qsc_brlock_write_unlock(&brlock);
    end_brlock();
}

static void brlock_write(void)
{
    start_brlock();
    qsc_brlock_write_lock(&brlock);
    int error = cancelled_in(write_lock_big);
    assert(error == ECANCELED);
    qsc_brlock_write_unlock(&brlock);
    end_brlock();
}

// The writer has closed the lock and waits for the reader inside.
static void brlock_readers(void)
{
    start_brlock();
    qsc_brlock_read_lock(&brlock);
    int error = cancelled_in(write_lock_big);
    assert(error == ECANCELED);
    qsc_brlock_read_unlock(&brlock);
    end_brlock();
}

static qsc_semaphore semaphore;

static int wait_for_unit(void)
{
    return qsc_semaphore_wait_cancellable(&semaphore, 1, NULL, &child);
}

static void semaphore_wait(void)
{
    int error = cancelled_in(wait_for_unit);
    assert(error == ECANCELED && semaphore.state == 0 && semaphore.line.word == 0);
}

static void semaphore_line(void)
{
    qsc_mutex_lock(&semaphore.line); // as another at the head of it
    int error = cancelled_in(wait_for_unit);
    assert(error == ECANCELED);
    qsc_mutex_unlock(&semaphore.line);
    assert(semaphore.state == 0 && semaphore.line.word == 0);
}

static qsc_barrier barrier = QSC_BARRIER_INIT(2);

static int wait_at_barrier(void)
{
    bool last;
    return qsc_barrier_wait_cancellable(&barrier, NULL, &child, &last);
}

static void barrier_wait(void)
{
    int error = cancelled_in(wait_at_barrier);
    bool last;
    bool passed = qsc_barrier_trywait(&barrier, &last);
    assert(error == ECANCELED && !passed);
}

static qsc_latch latch = QSC_LATCH_INIT(1);

static int wait_for_latch(void)
{
    return qsc_latch_wait_cancellable(&latch, NULL, &child);
}

static void latch_wait(void)
{
    int error = cancelled_in(wait_for_latch);
    assert(error == ECANCELED);
}

static qsc_once once;

static void run_nothing(void *unused)
{
    (void)unused;
}

static int call_once(void)
{
    return qsc_once_call_cancellable(&once, run_nothing, NULL, NULL, &child);
}

static void call_inside(void *unused)
{
    (void)unused;
    int error = cancelled_in(call_once);
    assert(error == ECANCELED);
}

static void once_call(void)
{
    qsc_once_call(&once, call_inside, NULL);
    assert(qsc_once_done(&once));
}

static qsc_queue queue;

static int pop(void)
{
    void *item;
    return qsc_queue_pop_cancellable(&queue, &item, NULL, &child);
}

static int push(void)
{
    return qsc_queue_push_cancellable(&queue, &queue, NULL, &child);
}

static void start_queue(void)
{
    int error = qsc_queue_init(&queue, 1);
    assert(error == 0);
}

static void queue_pop(void)
{
    start_queue();
    int error = cancelled_in(pop);
    assert(error == ECANCELED);
    qsc_queue_fini(&queue);
}

static void queue_push(void)
{
    start_queue();
    int error = qsc_queue_trypush(&queue, &queue);
    assert(error == 0);
    error = cancelled_in(push);
    assert(error == ECANCELED);
    qsc_queue_fini(&queue);
}

static void *pop_or_not(void *unused)
{
    result = canceled(pop());
    return unused;
}

static void queue_item(void)
{
    start_queue();
    pthread_t other = scenario_start(pop_or_not, NULL);
    cancel(&child);
    int error = qsc_queue_trypush(&queue, &queue);
    assert(error == 0);
    scenario_join(other);
    void *item;
    error = qsc_queue_trypop(&queue, &item);
    assert(error == (result ? 0 : EAGAIN));
    qsc_queue_fini(&queue);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"token", token},
        {"parent", parent_of_token},
        {"one-wake-up", one_wake_up},
        {"two-sleep", two_sleep},
        {"long-chain", long_chain},
        {"freed", freed},
        {"deadline", deadline},
        {"mutex-lock", mutex_lock},
        {"mutex-unlock", mutex_unlock},
        {"condvar-wait", condvar_wait},
        {"rwlock-read", rwlock_read},
        {"rwlock-write", rwlock_write},
        {"brlock-read", brlock_read},
        {"brlock-write", brlock_write},
        {"brlock-readers", brlock_readers},
        {"semaphore-wait", semaphore_wait},
        {"semaphore-line", semaphore_line},
        {"barrier-wait", barrier_wait},
        {"latch-wait", latch_wait},
        {"once-call", once_call},
        {"queue-pop", queue_pop},
        {"queue-push", queue_push},
        {"queue-item", queue_item},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
