#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/condvar.h>

enum { MANY = 4 };

static qsc_condvar condvar;
static qsc_mutex mutex;
static int permits; // the condition: there are any
static atomic_int passed, result;

static void reset(void)
{
    futex_reset();
    condvar = (qsc_condvar)QSC_CONDVAR_INIT;
    mutex = (qsc_mutex)QSC_MUTEX_INIT;
    permits = 0;
    atomic_store(&passed, 0);
    atomic_store(&result, -1);
}

TestSuite(condvar, .init = reset, .timeout = 30);

static void *pass(void *unused)
{
    qsc_mutex_lock(&mutex);
    while (permits == 0)
        qsc_condvar_wait(&condvar, &mutex);
    permits--;
    qsc_mutex_unlock(&mutex);
    atomic_fetch_add(&passed, 1);
    return unused;
}

static void *pass_until(void *deadline)
{
    int error = 0;
    qsc_mutex_lock(&mutex);
    while (permits == 0 && !error)
        error = qsc_condvar_wait_until(&condvar, &mutex, deadline);
    permits -= permits > 0;
    qsc_mutex_unlock(&mutex);
    atomic_store(&result, error);
    return NULL;
}

static int result_of_wait_until(struct timespec deadline)
{
    pthread_join(start(pass_until, &deadline), NULL);
    return atomic_load(&result);
}

static void permit(int n)
{
    qsc_mutex_lock(&mutex);
    permits += n;
    qsc_mutex_unlock(&mutex);
}

static bool asleep(long threads)
{
    return futex_sleepers(&condvar.sequence) == threads;
}

static void start_waiters(pthread_t *threads)
{
    for (int i = 0; i < MANY; i++)
        threads[i] = start(pass, NULL);
    AWAIT(asleep(MANY));
}

Test(condvar, zero_bytes_are_a_condition_variable)
{
    static qsc_condvar zero;
    cr_assert_eq(sizeof zero, 8);
    cr_assert_arr_eq(&condvar, &zero, sizeof zero);
}

Test(condvar, with_nobody_waiting_it_never_enters_the_kernel)
{
    qsc_condvar_signal(&condvar);
    qsc_condvar_broadcast(&condvar);
    cr_assert_eq(futex_waits + futex_wakes, 0);
    cr_assert_eq(condvar.sequence, 0);
}

Test(condvar, a_signal_wakes_one)
{
    pthread_t threads[MANY];
    start_waiters(threads);
    for (int n = 1; n <= MANY; n++) {
        permit(1);
        qsc_condvar_signal(&condvar);
        AWAIT(atomic_load(&passed) == n && asleep(MANY - n));
        cr_assert_eq(futex_widest_wake, 1);
    }
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(futex_wakes, MANY);
    cr_assert_eq(condvar.waiting, 0);
}

Test(condvar, a_broadcast_wakes_all)
{
    pthread_t threads[MANY];
    start_waiters(threads);
    permit(MANY);
    qsc_condvar_broadcast(&condvar);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(passed, MANY);
    cr_assert_eq(condvar.waiting, 0);
}

Test(condvar, a_signal_before_the_sleep_is_not_lost)
{
    pthread_t thread = start(pass, NULL);
    AWAIT(asleep(1));
    for (int n = 0; n < 1000; n++) { // at every moment of its falling asleep again
        qsc_mutex_lock(&mutex);
        qsc_condvar_signal(&condvar);
        qsc_mutex_unlock(&mutex);
    }
    cr_assert_eq(passed, 0);
    permit(1);
    qsc_condvar_signal(&condvar);
    pthread_join(thread, NULL);
    cr_assert_eq(passed, 1);
}

Test(condvar, wait_until_gives_up_at_the_deadline_and_not_before)
{
    struct timespec deadline = in_ms(30);
    cr_assert_eq(result_of_wait_until(in_ms(-1000)), ETIMEDOUT);
    cr_assert_eq(result_of_wait_until(deadline), ETIMEDOUT);
    cr_assert(has_passed(deadline));
    cr_assert_eq(condvar.waiting, 0);
    cr_assert_eq(mutex.word, 0);
}

Test(condvar, wait_until_returns_with_the_mutex_held)
{
    struct timespec past = in_ms(-1000);
    qsc_mutex_lock(&mutex);
    cr_assert_eq(qsc_condvar_wait_until(&condvar, &mutex, &past), ETIMEDOUT);
    cr_assert_not(qsc_mutex_trylock(&mutex));
    qsc_mutex_unlock(&mutex);
}

Test(condvar, wait_until_refuses_malformed_deadlines)
{
    for (int i = 0; i < 3; i++)
        cr_assert_eq(result_of_wait_until(malformed_deadlines[i]), EINVAL);
    cr_assert_eq(condvar.waiting, 0);
}

Test(condvar, wait_until_without_deadline_waits)
{
    pthread_t thread = start(pass_until, NULL);
    AWAIT(asleep(1));
    permit(1);
    qsc_condvar_signal(&condvar);
    pthread_join(thread, NULL);
    cr_assert_eq(result, 0);
}

Test(condvar, signal_handlers_are_no_error)
{
    pthread_t thread = start(pass_until, NULL);
    INTERRUPT(thread, asleep(1));
    cr_assert_eq(result, -1);
    cr_assert_gt(futex_waits, 1, "no signal interrupted the wait");
    permit(1);
    qsc_condvar_signal(&condvar);
    pthread_join(thread, NULL);
    cr_assert_eq(result, 0);
}

Test(condvar, waits_whatever_the_futex_answers)
{
    atomic_store(&futex_noise, true);
    pthread_t threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = start(pass, NULL);
    for (int n = 0; n < MANY; n++) {
        permit(1);
        qsc_condvar_signal(&condvar);
    }
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(passed, MANY);
    cr_assert_eq(condvar.waiting, 0);
}
