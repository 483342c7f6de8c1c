#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/latch.h>

enum { MANY = 4 };

static qsc_latch latch;
static atomic_int passed, result;

static void reset(void)
{
    futex_reset();
    latch = (qsc_latch)QSC_LATCH_INIT(1);
    atomic_store(&passed, 0);
    atomic_store(&result, -1);
}

TestSuite(latch, .init = reset, .timeout = 30);

static void *pass(void *unused)
{
    qsc_latch_wait(&latch);
    atomic_fetch_add(&passed, 1);
    return unused;
}

static void *pass_until(void *deadline)
{
    atomic_store(&result, qsc_latch_wait_until(&latch, deadline));
    return NULL;
}

static int result_of_wait_until(struct timespec deadline)
{
    pthread_join(start(pass_until, &deadline), NULL);
    return atomic_load(&result);
}

Test(latch, zero_bytes_are_an_open_latch)
{
    static qsc_latch zero;
    cr_assert_eq(sizeof zero, 4);
    cr_assert(qsc_latch_trywait(&zero));
    qsc_latch_wait(&zero);
    struct timespec past = in_ms(-1000);
    cr_assert_eq(qsc_latch_wait_until(&zero, &past), 0);
    cr_assert_eq(futex_waits + futex_wakes, 0);
}

Test(latch, it_opens_when_the_count_is_used_up)
{
    latch = (qsc_latch)QSC_LATCH_INIT(QSC_LATCH_MAX);
    qsc_latch_count_down(&latch, QSC_LATCH_MAX - 3);
    qsc_latch_count_down(&latch, 0);
    cr_assert_not(qsc_latch_trywait(&latch));
    qsc_latch_count_down(&latch, 1);
    cr_assert_not(qsc_latch_trywait(&latch));
    qsc_latch_count_down(&latch, 2);
    cr_assert(qsc_latch_trywait(&latch));
    cr_assert_eq(futex_waits + futex_wakes, 0, "nobody slept");
}

Test(latch, all_are_woken_once_and_only_when_it_opens)
{
    pthread_t threads[MANY];
    latch = (qsc_latch)QSC_LATCH_INIT(3);
    for (int i = 0; i < MANY; i++)
        threads[i] = start(pass, NULL);
    AWAIT(futex_sleepers(&latch.word) == MANY);
    qsc_latch_count_down(&latch, 2);
    cr_assert_eq(futex_wakes, 0);
    cr_assert_eq(passed, 0);
    qsc_latch_count_down(&latch, 1);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(passed, MANY);
    cr_assert_eq(futex_wakes, 1);
    cr_assert(qsc_latch_trywait(&latch));
}

Test(latch, wait_until_gives_up_at_the_deadline_and_not_before)
{
    struct timespec deadline = in_ms(30);
    cr_assert_eq(result_of_wait_until(in_ms(-1000)), ETIMEDOUT);
    cr_assert_eq(result_of_wait_until(deadline), ETIMEDOUT);
    cr_assert(has_passed(deadline));
    qsc_latch_count_down(&latch, 1);
    cr_assert(qsc_latch_trywait(&latch));
}

Test(latch, wait_until_refuses_malformed_deadlines)
{
    for (int i = 0; i < 3; i++)
        cr_assert_eq(result_of_wait_until(malformed_deadlines[i]), EINVAL);
}

Test(latch, wait_until_without_deadline_waits)
{
    pthread_t thread = start(pass_until, NULL);
    AWAIT(futex_sleepers(&latch.word) == 1);
    qsc_latch_count_down(&latch, 1);
    pthread_join(thread, NULL);
    cr_assert_eq(result, 0);
}

Test(latch, signals_do_not_end_a_wait)
{
    pthread_t thread = start(pass, NULL);
    INTERRUPT(thread, futex_sleepers(&latch.word) == 1);
    cr_assert_eq(passed, 0);
    cr_assert_gt(futex_waits, 1, "no signal interrupted the wait");
    qsc_latch_count_down(&latch, 1);
    pthread_join(thread, NULL);
    cr_assert_eq(passed, 1);
}

Test(latch, opens_whatever_the_futex_answers)
{
    atomic_store(&futex_noise, true);
    for (int n = 0; n < 100; n++) {
        latch = (qsc_latch)QSC_LATCH_INIT(2);
        pthread_t threads[2] = {start(pass, NULL), start(pass_until, NULL)};
        qsc_latch_count_down(&latch, 1);
        sched_yield();
        cr_assert_eq(passed, n);
        qsc_latch_count_down(&latch, 1);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        cr_assert_eq(result, 0);
    }
}
