#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/barrier.h>
#include <quiesce/concurrency/brlock.h>
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/condvar.h>
#include <quiesce/concurrency/eventcount.h>
#include <quiesce/concurrency/latch.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/once.h>
#include <quiesce/concurrency/queue.h>
#include <quiesce/concurrency/rwlock.h>
#include <quiesce/concurrency/semaphore.h>

enum { MANY = 4, LONG_CHAIN = 200 };

static atomic_long any_waits;   // calls of qsc_port_futex_wait_any
static atomic_int any_error;    // what it returns instead of waiting
static atomic_int any_error_at; // in the call with this number; 0: in all

int __real_qsc_port_futex_wait_any(const struct qsc_port_futex *, unsigned, const struct timespec *);
int __wrap_qsc_port_futex_wait_any(const struct qsc_port_futex *, unsigned, const struct timespec *);
int __wrap_qsc_port_futex_wait_any(const struct qsc_port_futex *futexes, unsigned count,
                                   const struct timespec *deadline)
{
    long n = atomic_fetch_add(&any_waits, 1) + 1;
    int error = atomic_load(&any_error), at = atomic_load(&any_error_at);
    if (error && (!at || at == n))
        return error;
    return __real_qsc_port_futex_wait_any(futexes, count, deadline);
}

static qsc_cancel parent, child;
static uint32_t word;
static atomic_int ended, result;

static void reset(void)
{
    futex_reset();
    atomic_store(&any_waits, 0);
    atomic_store(&any_error, 0);
    atomic_store(&any_error_at, 0);
    parent = (qsc_cancel)QSC_CANCEL_INIT;
    child = (qsc_cancel)QSC_CANCEL_CHILD(&parent);
    word = 0;
    atomic_store(&ended, 0);
    atomic_store(&result, -1);
}

TestSuite(cancel, .init = reset, .timeout = 30);

static bool asleep(void)
{
    return futex_sleepers(&word) == 1;
}

static void *sleep_on_word(void *deadline)
{
    int error;
    do
        error = qsc_cancel_wait(&word, 0, deadline, &child);
    while (error == EAGAIN || error == EINTR);
    atomic_store(&result, error);
    atomic_fetch_add(&ended, 1);
    return NULL;
}

static int result_of(pthread_t thread)
{
    pthread_join(thread, NULL);
    return atomic_load(&result);
}

Test(cancel, zero_bytes_are_a_token_that_is_not_cancelled)
{
    static qsc_cancel zero;
    cr_assert_eq(sizeof zero, 16);
    cr_assert_not(qsc_cancel_requested(&zero));
    cr_assert_not(qsc_cancel_requested(NULL));
    qsc_cancel_request(&zero);
    qsc_cancel_request(&zero);
    cr_assert(qsc_cancel_requested(&zero));
}

Test(cancel, reaches_what_is_below_and_nothing_else)
{
    qsc_cancel sister = QSC_CANCEL_CHILD(&parent), grandchild = QSC_CANCEL_CHILD(&child);
    qsc_cancel_request(&child);
    cr_assert(qsc_cancel_requested(&child) && qsc_cancel_requested(&grandchild));
    cr_assert_not(qsc_cancel_requested(&parent) || qsc_cancel_requested(&sister));
    qsc_cancel_request(&parent);
    cr_assert(qsc_cancel_requested(&sister));
}

Test(cancel, ends_a_wait)
{
    pthread_t thread = start(sleep_on_word, NULL);
    AWAIT(asleep());
    qsc_cancel_request(&child);
    cr_assert_eq(result_of(thread), ECANCELED);
}

Test(cancel, of_the_parent_ends_all_waits_below)
{
    pthread_t threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = start(sleep_on_word, NULL);
    AWAIT(futex_sleepers(&word) == MANY);
    qsc_cancel_request(&parent);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(result_of(threads[i]), ECANCELED);
}

Test(cancel, a_wait_with_a_cancelled_token_does_not_sleep)
{
    qsc_cancel_request(&parent);
    cr_assert_eq(result_of(start(sleep_on_word, NULL)), ECANCELED);
    struct timespec past = in_ms(-1000);
    cr_assert_eq(result_of(start(sleep_on_word, &past)), ECANCELED);
}

Test(cancel, a_wait_can_be_woken_time_out_and_be_interrupted)
{
    struct timespec past = in_ms(-1000), deadline = in_ms(30);
    cr_assert_eq(result_of(start(sleep_on_word, &past)), ETIMEDOUT);
    cr_assert_eq(result_of(start(sleep_on_word, &deadline)), ETIMEDOUT);
    cr_assert(has_passed(deadline));
    for (int i = 0; i < 3; i++)
        cr_assert_eq(result_of(start(sleep_on_word, (void *)&malformed_deadlines[i])), EINVAL);
    pthread_t thread = start(sleep_on_word, NULL);
    INTERRUPT(thread, asleep());
    cr_assert_eq(ended, 4 + 1);
    AWAIT(asleep());
    qsc_port_futex_wake(&word, 1);
    cr_assert_eq(result_of(thread), 0);
}

Test(cancel, a_word_that_differs_is_no_cancellation)
{
    word = 1;
    cr_assert_eq(qsc_cancel_wait(&word, 0, NULL, &child), EAGAIN);
    cr_assert_eq(qsc_cancel_wait(&word, 0, NULL, NULL), EAGAIN);
}

Test(cancel, without_a_token_it_is_the_plain_wait)
{
    struct timespec past = in_ms(-1000);
    cr_assert_eq(qsc_cancel_wait(&word, 0, &past, NULL), ETIMEDOUT);
    cr_assert_eq(any_waits, 0);
    cr_assert_eq(futex_waits, 1);
}

// Where the kernel has no wait for several words, a wait looks at its tokens now and then.
static void falls_back(int error)
{
    reset();
    atomic_store(&any_error, error);
    struct timespec past = in_ms(-1000), soon = in_ms(2), later = in_ms(30);
    cr_assert_eq(result_of(start(sleep_on_word, &past)), ETIMEDOUT);
    cr_assert_eq(result_of(start(sleep_on_word, &soon)), ETIMEDOUT);
    cr_assert_eq(result_of(start(sleep_on_word, &later)), ETIMEDOUT);
    cr_assert(has_passed(later));
    for (int i = 0; i < 3; i++)
        cr_assert_eq(result_of(start(sleep_on_word, (void *)&malformed_deadlines[i])), EINVAL);

    pthread_t thread = start(sleep_on_word, NULL);
    INTERRUPT(thread, asleep());
    while (atomic_load(&ended) < 7) { // it sleeps nearly all the time
        qsc_port_futex_wake(&word, 1);
        sched_yield();
    }
    cr_assert_eq(result_of(thread), 0);

    thread = start(sleep_on_word, NULL);
    AWAIT(asleep());
    qsc_cancel_request(&parent);
    cr_assert_eq(result_of(thread), ECANCELED);
    cr_assert_eq(result_of(start(sleep_on_word, NULL)), ECANCELED);
}

Test(cancel, where_the_kernel_does_not_know_the_call_a_wait_looks_now_and_then)
{
    falls_back(ENOSYS);
}

Test(cancel, where_a_filter_forbids_the_call_too)
{
    falls_back(EPERM);
}

Test(cancel, a_chain_longer_than_the_kernel_takes_ends_waits_too)
{
    static qsc_cancel chain[LONG_CHAIN];
    for (int i = 0; i < LONG_CHAIN; i++)
        chain[i] = (qsc_cancel){i ? &chain[i - 1] : NULL, 0};
    child = (qsc_cancel)QSC_CANCEL_CHILD(&chain[LONG_CHAIN - 1]);
    pthread_t thread = start(sleep_on_word, NULL);
    AWAIT(asleep());
    qsc_cancel_request(&chain[0]);
    cr_assert_eq(result_of(thread), ECANCELED);
    cr_assert_eq(any_waits, 0);
}

// With 127 tokens the vector is full.
Test(cancel, a_chain_as_long_as_the_kernel_takes_sleeps_once)
{
    static qsc_cancel chain[QSC_PORT_FUTEXES - 2];
    for (int i = 0; i < QSC_PORT_FUTEXES - 2; i++)
        chain[i] = (qsc_cancel){i ? &chain[i - 1] : NULL, 0};
    child = (qsc_cancel)QSC_CANCEL_CHILD(&chain[QSC_PORT_FUTEXES - 3]);
    pthread_t thread = start(sleep_on_word, NULL);
    AWAIT(asleep());
    qsc_cancel_request(&chain[0]);
    cr_assert_eq(result_of(thread), ECANCELED);
    cr_assert_gt(any_waits, 0);
}

// The primitives: each waits for what does not come.

static qsc_mutex mutex;
static qsc_condvar condvar;
static qsc_rwlock rwlock;
static qsc_brlock written, read_by_us;
static qsc_semaphore semaphore;
static qsc_barrier barrier;
static qsc_latch latch;
static qsc_once once;
static qsc_queue full, empty;
static struct qsc_eventcount event;

static int lock(const struct timespec *deadline)
{
    return qsc_mutex_lock_cancellable(&mutex, deadline, &child);
}

static int wait_on_condvar(const struct timespec *deadline)
{
    static qsc_mutex own;
    int error;
    qsc_mutex_lock(&own);
    do
        error = qsc_condvar_wait_cancellable(&condvar, &own, deadline, &child);
    while (!error);
    qsc_mutex_unlock(&own);
    return error;
}

static int read_lock(const struct timespec *deadline)
{
    return qsc_rwlock_read_lock_cancellable(&rwlock, deadline, &child);
}

static int write_lock(const struct timespec *deadline)
{
    return qsc_rwlock_write_lock_cancellable(&rwlock, deadline, &child);
}

static int read_lock_big(const struct timespec *deadline)
{
    return qsc_brlock_read_lock_cancellable(&written, deadline, &child);
}

static int write_lock_big(const struct timespec *deadline)
{
    return qsc_brlock_write_lock_cancellable(&written, deadline, &child);
}

static int write_lock_among_readers(const struct timespec *deadline)
{
    return qsc_brlock_write_lock_cancellable(&read_by_us, deadline, &child);
}

static int wait_for_unit(const struct timespec *deadline)
{
    return qsc_semaphore_wait_cancellable(&semaphore, 1, deadline, &child);
}

static int wait_at_barrier(const struct timespec *deadline)
{
    bool last;
    return qsc_barrier_wait_cancellable(&barrier, deadline, &child, &last);
}

static int wait_for_latch(const struct timespec *deadline)
{
    return qsc_latch_wait_cancellable(&latch, deadline, &child);
}

static void run_nothing(void *unused)
{
    (void)unused;
}

static int call_once(const struct timespec *deadline)
{
    return qsc_once_call_cancellable(&once, run_nothing, NULL, deadline, &child);
}

static int push(const struct timespec *deadline)
{
    return qsc_queue_push_cancellable(&full, NULL, deadline, &child);
}

static int pop(const struct timespec *deadline)
{
    void *item;
    return qsc_queue_pop_cancellable(&empty, &item, deadline, &child);
}

static int wait_for_event(const struct timespec *deadline)
{
    int error;
    do
        error = qsc_eventcount_wait_cancellable(&event, qsc_eventcount_prepare(&event), deadline, &child);
    while (!error);
    return error;
}

static int (*const waits[])(const struct timespec *) = {lock,
                                                        wait_on_condvar,
                                                        read_lock,
                                                        write_lock,
                                                        read_lock_big,
                                                        write_lock_big,
                                                        write_lock_among_readers,
                                                        wait_for_unit,
                                                        wait_at_barrier,
                                                        wait_for_latch,
                                                        call_once,
                                                        push,
                                                        pop,
                                                        wait_for_event};

static int (*wait_now)(const struct timespec *);
static const struct timespec *until;

static void *run_wait(void *unused)
{
    atomic_store(&result, wait_now(until));
    return unused;
}

static bool nobody_is_counted(void)
{
    return mutex.word == 1 && condvar.waiting == 0 && rwlock.line.word == 0 && written.line.word == 0 &&
           written.state == 1 && read_by_us.line.word == 0 && read_by_us.state == 0 && semaphore.state == 0 &&
           semaphore.line.word == 0 && event.threads == 0;
}

static void each_wait(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        wait_now = waits[i];
        child.state = 0;
        until = NULL;
        long before = atomic_load(&any_waits);
        pthread_t thread = start(run_wait, NULL);
        AWAIT(atomic_load(&any_waits) > before);
        sched_yield();
        qsc_cancel_request(&child);
        cr_assert_eq(result_of(thread), ECANCELED, "wait %zu", i);
        cr_assert_eq(result_of(start(run_wait, NULL)), ECANCELED, "wait %zu", i);

        child.state = 0;
        struct timespec soon = in_ms(2);
        until = &soon;
        cr_assert_eq(result_of(start(run_wait, NULL)), ETIMEDOUT, "wait %zu", i);
        cr_assert(nobody_is_counted(), "after wait %zu", i);
    }
}

static void wait_by_all_doors(void)
{
    mutex = (qsc_mutex)QSC_MUTEX_INIT;
    condvar = (qsc_condvar)QSC_CONDVAR_INIT;
    rwlock = (qsc_rwlock)QSC_RWLOCK_INIT;
    semaphore = (qsc_semaphore)QSC_SEMAPHORE_INIT(0);
    barrier = (qsc_barrier)QSC_BARRIER_INIT(2);
    latch = (qsc_latch)QSC_LATCH_INIT(1);
    once = (qsc_once)QSC_ONCE_INIT;
    event = (struct qsc_eventcount){0};
    cr_assert_eq(qsc_queue_init(&full, 1), 0);
    cr_assert_eq(qsc_queue_init(&empty, 1), 0);
    cr_assert_eq(qsc_queue_trypush(&full, NULL), 0);
    qsc_mutex_lock(&mutex);
    qsc_rwlock_write_lock(&rwlock);
    cr_assert_eq(qsc_brlock_init(&written), 0);
    cr_assert_eq(qsc_brlock_init(&read_by_us), 0);
    qsc_brlock_write_lock(&written);
    qsc_brlock_read_lock(&read_by_us);
    qsc_once_call(&once, each_wait, NULL);
    qsc_brlock_read_unlock(&read_by_us);
    qsc_brlock_write_unlock(&written);
    qsc_brlock_fini(&read_by_us);
    qsc_brlock_fini(&written);
    qsc_rwlock_write_unlock(&rwlock);
    qsc_mutex_unlock(&mutex);
    qsc_queue_fini(&full);
    qsc_queue_fini(&empty);
}

Test(cancel, ends_the_wait_of_every_primitive)
{
    wait_by_all_doors();
}

Test(cancel, ends_the_wait_of_every_primitive_without_the_kernel_s_help)
{
    atomic_store(&any_error, ENOSYS);
    wait_by_all_doors();
}

Test(cancel, what_need_not_wait_is_not_cancelled)
{
    qsc_cancel_request(&child);
    mutex = (qsc_mutex)QSC_MUTEX_INIT;
    rwlock = (qsc_rwlock)QSC_RWLOCK_INIT;
    semaphore = (qsc_semaphore)QSC_SEMAPHORE_INIT(1);
    barrier = (qsc_barrier)QSC_BARRIER_INIT(1);
    latch = (qsc_latch)QSC_LATCH_INIT(0);
    once = (qsc_once)QSC_ONCE_INIT;
    cr_assert_eq(lock(NULL), 0);
    qsc_mutex_unlock(&mutex);
    cr_assert_eq(read_lock(NULL), 0);
    qsc_rwlock_read_unlock(&rwlock);
    cr_assert_eq(write_lock(NULL), 0);
    qsc_rwlock_write_unlock(&rwlock);
    cr_assert_eq(qsc_brlock_init(&written), 0);
    cr_assert_eq(read_lock_big(NULL), 0);
    qsc_brlock_read_unlock(&written);
    cr_assert_eq(write_lock_big(NULL), 0);
    qsc_brlock_write_unlock(&written);
    qsc_brlock_fini(&written);
    cr_assert_eq(wait_for_unit(NULL), 0);
    cr_assert_eq(wait_at_barrier(NULL), 0);
    cr_assert_eq(wait_for_latch(NULL), 0);
    cr_assert_eq(call_once(NULL), 0);
    cr_assert_eq(qsc_queue_init(&full, 1), 0);
    cr_assert_eq(push(NULL), 0);
    void *item;
    cr_assert_eq(qsc_queue_pop_cancellable(&full, &item, NULL, &child), 0);
    qsc_queue_close(&full);
    cr_assert_eq(push(NULL), EPIPE);
    qsc_queue_fini(&full);
}

// The head of the line waits, so the second waits for the line.
Test(cancel, ends_a_wait_in_the_line)
{
    semaphore = (qsc_semaphore)QSC_SEMAPHORE_INIT(0);
    qsc_mutex_lock(&semaphore.line);
    wait_now = wait_for_unit;
    until = NULL;
    pthread_t thread = start(run_wait, NULL);
    AWAIT(futex_sleepers(&semaphore.line.word) == 1);
    qsc_cancel_request(&parent);
    cr_assert_eq(result_of(thread), ECANCELED);
    qsc_mutex_unlock(&semaphore.line);
    cr_assert_eq(semaphore.line.word, 0);
}

// A wait that the call ends for no reason goes on.
Test(cancel, interruptions_do_not_end_the_waits)
{
    static const int errors[] = {EINTR, EAGAIN};
    for (int i = 0; i < 2; i++) {
        reset();
        latch = (qsc_latch)QSC_LATCH_INIT(1);
        atomic_store(&any_error, errors[i]);
        atomic_store(&any_error_at, 1);
        wait_now = wait_for_latch;
        until = NULL;
        pthread_t thread = start(run_wait, NULL);
        AWAIT(futex_sleepers(&latch.word) == 1);
        cr_assert_geq(any_waits, 2);
        qsc_latch_count_down(&latch, 1);
        cr_assert_eq(result_of(thread), 0);
    }
}
