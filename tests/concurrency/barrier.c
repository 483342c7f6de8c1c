#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/barrier.h>

enum { MANY = 4 };

static qsc_barrier barrier;
static atomic_int passed, lasts, result;

static void reset(void)
{
    futex_reset();
    barrier = (qsc_barrier)QSC_BARRIER_INIT(2);
    atomic_store(&passed, 0);
    atomic_store(&lasts, 0);
    atomic_store(&result, -1);
}

TestSuite(barrier, .init = reset, .timeout = 30);

static void *pass(void *unused)
{
    if (qsc_barrier_wait(&barrier))
        atomic_fetch_add(&lasts, 1);
    atomic_fetch_add(&passed, 1);
    return unused;
}

static void *pass_until(void *deadline)
{
    bool last = false;
    atomic_store(&result, qsc_barrier_wait_until(&barrier, deadline, &last));
    atomic_fetch_add(&lasts, last);
    return NULL;
}

static int result_of_wait_until(struct timespec deadline)
{
    pthread_join(start(pass_until, &deadline), NULL);
    return atomic_load(&result);
}

static bool asleep(long threads)
{
    return futex_sleepers(&barrier.state) == threads;
}

Test(barrier, zero_bytes_are_a_barrier_for_one)
{
    static qsc_barrier zero;
    cr_assert_eq(sizeof zero, 8);
    for (int round = 0; round < 3; round++) {
        bool last = false, last_by_try = false;
        struct timespec past = in_ms(-1000);
        cr_assert(qsc_barrier_wait(&zero));
        cr_assert_eq(qsc_barrier_wait_until(&zero, &past, &last), 0);
        cr_assert(qsc_barrier_trywait(&zero, &last_by_try));
        cr_assert(last && last_by_try);
    }
    cr_assert_eq(futex_waits + futex_wakes, 0);
}

Test(barrier, all_pass_together_and_one_is_the_last)
{
    barrier = (qsc_barrier)QSC_BARRIER_INIT(MANY + 1);
    for (int round = 1; round <= 10; round++) {
        pthread_t threads[MANY];
        for (int i = 0; i < MANY; i++)
            threads[i] = start(pass, NULL);
        AWAIT(asleep(MANY));
        cr_assert_eq(passed, (round - 1) * MANY);
        cr_assert_eq(futex_wakes, round - 1);
        bool last = qsc_barrier_wait(&barrier);
        for (int i = 0; i < MANY; i++)
            pthread_join(threads[i], NULL);
        cr_assert_eq(passed, round * MANY);
        cr_assert_eq(atomic_fetch_add(&lasts, last) + last, round);
    }
}

Test(barrier, the_last_is_the_last_to_leave)
{
    pthread_t thread = start(pass, NULL);
    AWAIT(asleep(1));
    atomic_store(&futex_drop_wakes, true); // the other takes its time
    cr_assert_not(qsc_barrier_wait(&barrier), "told that it is the last while another is still inside");
    atomic_store(&futex_drop_wakes, false);
    __real_qsc_port_futex_wake(&barrier.state, 1);
    pthread_join(thread, NULL);
    cr_assert_eq(lasts, 1);
}

Test(barrier, it_takes_as_many_threads_as_it_says)
{
    barrier = (qsc_barrier)QSC_BARRIER_INIT(QSC_BARRIER_MAX);
    bool last;
    cr_assert_not(qsc_barrier_trywait(&barrier, &last));
    cr_assert_eq(result_of_wait_until(in_ms(-1)), ETIMEDOUT);
    barrier.state = QSC_BARRIER_MAX - 1; // so many have come
    cr_assert(qsc_barrier_trywait(&barrier, &last));
    cr_assert_not(last);
}

Test(barrier, trywait_passes_if_all_others_wait)
{
    bool last;
    cr_assert_not(qsc_barrier_trywait(&barrier, &last));
    pthread_t thread = start(pass, NULL);
    AWAIT(asleep(1));
    cr_assert(qsc_barrier_trywait(&barrier, &last));
    pthread_join(thread, NULL);
    cr_assert_eq(lasts + last, 1);
}

Test(barrier, wait_until_gives_up_at_the_deadline_and_not_before)
{
    bool last;
    struct timespec deadline = in_ms(30);
    cr_assert_eq(result_of_wait_until(in_ms(-1000)), ETIMEDOUT);
    cr_assert_eq(result_of_wait_until(deadline), ETIMEDOUT);
    cr_assert(has_passed(deadline));
    cr_assert_not(qsc_barrier_trywait(&barrier, &last), "a thread that gave up is still counted");
    pthread_t thread = start(pass, NULL);
    cr_assert_eq(qsc_barrier_wait_until(&barrier, NULL, &last), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(lasts + last, 1);
}

Test(barrier, wait_until_refuses_malformed_deadlines)
{
    bool last;
    for (int i = 0; i < 3; i++)
        cr_assert_eq(result_of_wait_until(malformed_deadlines[i]), EINVAL);
    cr_assert_not(qsc_barrier_trywait(&barrier, &last));
}

Test(barrier, signals_do_not_end_a_wait)
{
    pthread_t thread = start(pass, NULL);
    INTERRUPT(thread, asleep(1));
    cr_assert_eq(passed, 0);
    cr_assert_gt(futex_waits, 1, "no signal interrupted the wait");
    bool last = qsc_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    cr_assert_eq(lasts + last, 1);
}

static void *pass_many(void *unused)
{
    for (int i = 0; i < 300; i++) {
        struct timespec deadline = in_ms(i % 7 ? 1000 : -1);
        bool last = false;
        if (i % 3 == 0 || qsc_barrier_wait_until(&barrier, &deadline, &last))
            last = qsc_barrier_wait(&barrier);
        atomic_fetch_add(&lasts, last);
    }
    return unused;
}

Test(barrier, counts_right_whatever_the_futex_answers)
{
    atomic_store(&futex_noise, true);
    barrier = (qsc_barrier)QSC_BARRIER_INIT(MANY);
    pthread_t threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = start(pass_many, NULL);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(lasts, 300);
}
