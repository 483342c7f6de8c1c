#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/once.h>

enum { MANY = 4 };

static qsc_once once;
static atomic_int runs, passed, result;
static atomic_bool may_end;

static void reset(void)
{
    futex_reset();
    once = (qsc_once)QSC_ONCE_INIT;
    atomic_store(&runs, 0);
    atomic_store(&passed, 0);
    atomic_store(&result, -1);
    atomic_store(&may_end, true);
}

TestSuite(once, .init = reset, .timeout = 30);

static void initialise(void *by)
{
    atomic_fetch_add(&runs, by ? *(int *)by : 1);
    while (!atomic_load(&may_end))
        sleep_ms(1);
}

static void *pass(void *unused)
{
    qsc_once_call(&once, initialise, NULL);
    atomic_fetch_add(&passed, 1);
    return unused;
}

static void *pass_until(void *deadline)
{
    atomic_store(&result, qsc_once_call_until(&once, initialise, NULL, deadline));
    return NULL;
}

static int result_of_call_until(struct timespec deadline)
{
    pthread_join(start(pass_until, &deadline), NULL);
    return atomic_load(&result);
}

// A thread that runs the function until it may end.
static pthread_t under_way(void)
{
    atomic_store(&may_end, false);
    pthread_t runner = start(pass, NULL);
    AWAIT(atomic_load(&runs) == 1);
    return runner;
}

static void finish(pthread_t runner)
{
    atomic_store(&may_end, true);
    pthread_join(runner, NULL);
    cr_assert_eq(runs, 1);
}

Test(once, zero_bytes_have_not_run)
{
    static qsc_once zero;
    int by = 7;
    cr_assert_eq(sizeof zero, 4);
    cr_assert_arr_eq(&once, &zero, sizeof zero);
    cr_assert_not(qsc_once_done(&zero));
    qsc_once_call(&zero, initialise, &by);
    cr_assert_eq(runs, 7);
    cr_assert(qsc_once_done(&zero));
    qsc_once_call(&zero, initialise, &by);
    cr_assert(qsc_once_trycall(&zero, initialise, &by));
    cr_assert_eq(qsc_once_call_until(&zero, initialise, &by, NULL), 0);
    cr_assert_eq(runs, 7);
    cr_assert_eq(futex_waits + futex_wakes, 0);
}

Test(once, every_door_runs_it)
{
    struct timespec past = in_ms(-1000);
    cr_assert(qsc_once_trycall(&once, initialise, NULL));
    once = (qsc_once)QSC_ONCE_INIT;
    cr_assert_eq(qsc_once_call_until(&once, initialise, NULL, &past), 0);
    cr_assert_eq(runs, 2);
}

Test(once, trycall_does_not_wait)
{
    pthread_t runner = under_way();
    cr_assert_not(qsc_once_trycall(&once, initialise, NULL));
    finish(runner);
    cr_assert(qsc_once_trycall(&once, initialise, NULL));
}

Test(once, those_who_come_meanwhile_sleep_and_are_woken_together)
{
    pthread_t runner = under_way(), threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = start(pass, NULL);
    AWAIT(futex_sleepers(&once.word) == MANY);
    cr_assert_eq(passed, 0);
    finish(runner);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(passed, MANY + 1);
    cr_assert_eq(futex_wakes, 1);
}

Test(once, call_until_gives_up_at_the_deadline_and_not_before)
{
    pthread_t runner = under_way();
    struct timespec deadline = in_ms(30);
    cr_assert_eq(result_of_call_until(in_ms(-1000)), ETIMEDOUT);
    cr_assert_eq(result_of_call_until(deadline), ETIMEDOUT);
    cr_assert(has_passed(deadline));
    finish(runner);
    cr_assert_eq(result_of_call_until(in_ms(-1000)), 0);
}

Test(once, call_until_refuses_malformed_deadlines)
{
    pthread_t runner = under_way();
    for (int i = 0; i < 3; i++)
        cr_assert_eq(result_of_call_until(malformed_deadlines[i]), EINVAL);
    finish(runner);
}

Test(once, signals_do_not_end_a_wait)
{
    pthread_t runner = under_way(), thread = start(pass, NULL);
    INTERRUPT(thread, futex_sleepers(&once.word) == 1);
    cr_assert_eq(passed, 0);
    cr_assert_gt(futex_waits, 1, "no signal interrupted the wait");
    finish(runner);
    pthread_join(thread, NULL);
    cr_assert_eq(passed, 2);
}

Test(once, runs_once_whatever_the_futex_answers)
{
    atomic_store(&futex_noise, true);
    pthread_t runner = under_way(), threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = start(i % 2 ? pass : pass_until, NULL);
    AWAIT(atomic_load(&futex_waits) > 10);
    cr_assert_eq(passed, 0);
    finish(runner);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(passed, 1 + MANY / 2);
    cr_assert_eq(result, 0);
}
