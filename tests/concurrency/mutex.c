#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/mutex.h>

enum { MANY = 4 };

static qsc_mutex mutex;
static long protected;
static atomic_int entered, result;
static atomic_bool stop;

static void reset(void)
{
    futex_reset();
    mutex = (qsc_mutex)QSC_MUTEX_INIT;
    protected = 0;
    atomic_store(&entered, 0);
    atomic_store(&result, -1);
    atomic_store(&stop, false);
}

TestSuite(mutex, .init = reset, .timeout = 30);

static bool asleep(long threads)
{
    return futex_sleepers(&mutex.word) == threads;
}

static void *enter_once(void *unused)
{
    qsc_mutex_lock(&mutex);
    atomic_fetch_add(&entered, 1);
    qsc_mutex_unlock(&mutex);
    return unused;
}

static void *try_once(void *unused)
{
    bool taken = qsc_mutex_trylock(&mutex);
    if (taken)
        qsc_mutex_unlock(&mutex);
    atomic_store(&result, taken);
    return unused;
}

static void *enter_until(void *deadline)
{
    int error = qsc_mutex_lock_until(&mutex, deadline);
    if (!error)
        qsc_mutex_unlock(&mutex);
    atomic_store(&result, error);
    return NULL;
}

static int result_of(void *(*run)(void *), void *arg)
{
    pthread_join(start(run, arg), NULL);
    return atomic_load(&result);
}

Test(mutex, zero_bytes_are_an_unlocked_mutex)
{
    static qsc_mutex zero;
    cr_assert_eq(sizeof zero, 4);
    cr_assert_arr_eq(&mutex, &zero, sizeof zero);
    cr_assert(qsc_mutex_trylock(&zero));
    qsc_mutex_unlock(&zero);
    cr_assert_arr_eq(&mutex, &zero, sizeof zero);
}

Test(mutex, trylock_says_whether_it_is_free)
{
    cr_assert_eq(result_of(try_once, NULL), true);
    qsc_mutex_lock(&mutex);
    cr_assert_eq(result_of(try_once, NULL), false);
    qsc_mutex_unlock(&mutex);
    cr_assert_eq(result_of(try_once, NULL), true);
}

Test(mutex, uncontended_it_never_enters_the_kernel)
{
    struct timespec deadline = in_ms(1000);
    qsc_mutex_lock(&mutex);
    qsc_mutex_unlock(&mutex);
    cr_assert_eq(qsc_mutex_lock_until(&mutex, &deadline), 0);
    qsc_mutex_unlock(&mutex);
    cr_assert_eq(futex_waits + futex_wakes, 0);
}

Test(mutex, lock_until_gives_up_at_the_deadline_and_not_before)
{
    qsc_mutex_lock(&mutex);
    struct timespec past = in_ms(-1000), deadline = in_ms(30);
    cr_assert_eq(result_of(enter_until, &past), ETIMEDOUT);
    cr_assert_eq(result_of(enter_until, &deadline), ETIMEDOUT);
    cr_assert(has_passed(deadline));
    qsc_mutex_unlock(&mutex);
    cr_assert_eq(mutex.word, 0, "a thread that gave up is still counted");
}

Test(mutex, lock_until_takes_a_free_mutex_even_late)
{
    struct timespec past = in_ms(-1000);
    cr_assert_eq(result_of(enter_until, &past), 0);
    cr_assert_eq(mutex.word, 0);
}

Test(mutex, lock_until_refuses_malformed_deadlines)
{
    qsc_mutex_lock(&mutex);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(result_of(enter_until, (void *)&malformed_deadlines[i]), EINVAL);
    qsc_mutex_unlock(&mutex);
    cr_assert_eq(mutex.word, 0);
}

Test(mutex, lock_until_without_deadline_waits)
{
    qsc_mutex_lock(&mutex);
    pthread_t thread = start(enter_until, NULL);
    AWAIT(asleep(1));
    qsc_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    cr_assert_eq(result, 0);
}

Test(mutex, signals_do_not_end_a_wait)
{
    qsc_mutex_lock(&mutex);
    pthread_t thread = start(enter_once, NULL);
    INTERRUPT(thread, asleep(1));
    cr_assert_eq(entered, 0);
    cr_assert_gt(futex_waits, 1, "no signal interrupted the wait");
    qsc_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    cr_assert_eq(entered, 1);
}

Test(mutex, a_waiter_sleeps)
{
    qsc_mutex_lock(&mutex);
    pthread_t thread = start(enter_once, NULL);
    AWAIT(asleep(1));
    clockid_t clock;
    struct timespec before, after;
    cr_assert_eq(pthread_getcpuclockid(thread, &clock), 0);
    clock_gettime(clock, &before);
    sleep_ms(100);
    clock_gettime(clock, &after);
    qsc_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    cr_assert_lt((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec, 20000000);
}

Test(mutex, an_unlock_wakes_one_and_none_while_that_one_is_on_its_way)
{
    pthread_t threads[MANY];
    qsc_mutex_lock(&mutex);
    for (int i = 0; i < MANY; i++)
        threads[i] = start(enter_once, NULL);
    AWAIT(asleep(MANY));
    atomic_store(&futex_drop_wakes, true); // the one that is woken takes its time
    for (int n = 0; n < 10; n++) {
        qsc_mutex_unlock(&mutex);
        cr_assert_eq(futex_wakes, 1);
        cr_assert(qsc_mutex_trylock(&mutex)); // overtakes it
    }
    atomic_store(&futex_drop_wakes, false);
    long waits = futex_waits;
    __real_qsc_port_futex_wake(&mutex.word, 1); // it arrives, finds the mutex locked, and goes to sleep again
    AWAIT(futex_waits > waits && asleep(MANY));
    qsc_mutex_unlock(&mutex);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(entered, MANY);
    cr_assert_eq(futex_widest_wake, 1);
    cr_assert_leq(futex_wakes, 2 + MANY);
    cr_assert_eq(mutex.word, 0);
}

Test(mutex, a_waiter_woken_in_vain_too_often_closes_it_to_newcomers)
{
    qsc_mutex_lock(&mutex);
    atomic_store(&futex_spurious, 100);
    pthread_t thread = start(enter_once, NULL);
    AWAIT(asleep(1)); // all the vain wake-ups are over
    atomic_store(&futex_drop_wakes, true);
    qsc_mutex_unlock(&mutex);
    cr_assert_not(qsc_mutex_trylock(&mutex), "a newcomer took the mutex that is reserved");
    struct timespec past = in_ms(-1);
    cr_assert_eq(result_of(enter_until, &past), 0, "the mutex was free");
    atomic_store(&futex_drop_wakes, false);
    __real_qsc_port_futex_wake(&mutex.word, 1);
    pthread_join(thread, NULL);
    cr_assert_eq(entered, 1);
    cr_assert_eq(mutex.word, 0);
    cr_assert(qsc_mutex_trylock(&mutex), "the reservation outlived the thread that made it");
    qsc_mutex_unlock(&mutex);
}

Test(mutex, a_fair_unlock_without_waiters_is_an_unlock)
{
    qsc_mutex_lock(&mutex);
    qsc_mutex_unlock_fair(&mutex);
    cr_assert_eq(mutex.word, 0);
    cr_assert_eq(futex_waits + futex_wakes, 0);
}

Test(mutex, a_fair_unlock_hands_over_to_who_waits)
{
    qsc_mutex_lock(&mutex);
    pthread_t thread = start(enter_once, NULL);
    AWAIT(asleep(1));
    atomic_store(&futex_drop_wakes, true); // it takes its time
    qsc_mutex_unlock_fair(&mutex);
    cr_assert_not(qsc_mutex_trylock(&mutex), "a newcomer took the mutex that was handed over");
    struct timespec past = in_ms(-1), soon = in_ms(10);
    cr_assert_eq(result_of(enter_until, &past), ETIMEDOUT);
    cr_assert_eq(result_of(enter_until, &soon), ETIMEDOUT);
    pthread_t newcomer = start(enter_once, NULL);
    AWAIT(asleep(2));
    cr_assert_eq(entered, 0);
    atomic_store(&futex_drop_wakes, false);
    __real_qsc_port_futex_wake(&mutex.word, 1);
    pthread_join(thread, NULL);
    pthread_join(newcomer, NULL);
    cr_assert_eq(entered, 2);
    cr_assert_eq(mutex.word, 0);
}

// Holds the mutex all the time but for fair unlocks.
static void *hog_fairly(void *unused)
{
    qsc_mutex_lock(&mutex);
    while (!atomic_load(&stop)) {
        qsc_mutex_unlock_fair(&mutex);
        qsc_mutex_lock(&mutex);
    }
    qsc_mutex_unlock_fair(&mutex);
    return unused;
}

Test(mutex, fair_unlocks_give_everyone_a_turn)
{
    pthread_t hogs[2] = {start(hog_fairly, NULL), start(hog_fairly, NULL)};
    for (int n = 0; n < 50; n++) {
        qsc_mutex_lock(&mutex);
        qsc_mutex_unlock_fair(&mutex);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(hogs[i], NULL);
    cr_assert_eq(mutex.word, 0);
}

// Holds the mutex nearly all the time.
static void *hog(void *unused)
{
    while (!atomic_load(&stop)) {
        qsc_mutex_lock(&mutex);
        uint64_t until = qsc_port_now_ns() + 50000;
        while (qsc_port_now_ns() < until)
            ;
        qsc_mutex_unlock(&mutex);
    }
    return unused;
}

Test(mutex, hogs_do_not_starve_a_waiter)
{
    pthread_t hogs[2] = {start(hog, NULL), start(hog, NULL)};
    uint64_t longest = 0;
    for (int n = 0; n < 50; n++) {
        uint64_t before = qsc_port_now_ns();
        qsc_mutex_lock(&mutex);
        uint64_t waited = qsc_port_now_ns() - before;
        qsc_mutex_unlock(&mutex);
        longest = waited > longest ? waited : longest;
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(hogs[i], NULL);
    cr_assert_lt(longest, 5000000000U, "waited %g s", (double)longest * 1e-9);
}

static void *add_many(void *unused)
{
    for (int i = 0; i < 2000; i++) {
        struct timespec deadline = in_ms(i % 7 ? 1000 : -1);
        if (i % 3 == 0)
            qsc_mutex_lock(&mutex);
        else if (qsc_mutex_lock_until(&mutex, &deadline))
            continue;
        protected++;
        atomic_fetch_add(&entered, 1);
        if (i % 50 == 0)
            sched_yield();
        if (i % 5 == 0)
            qsc_mutex_unlock_fair(&mutex);
        else
            qsc_mutex_unlock(&mutex);
    }
    return unused;
}

Test(mutex, excludes_whatever_the_futex_answers)
{
    atomic_store(&futex_noise, true);
    pthread_t threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = start(add_many, NULL);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(protected, entered);
    cr_assert_eq(mutex.word, 0);
}
