#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/semaphore.h>

enum { MANY = 4 };

static qsc_semaphore semaphore;
static uint32_t one = 1, two = 2, five = 5;
static atomic_int taken, result;

static void reset(void)
{
    futex_reset();
    semaphore = (qsc_semaphore)QSC_SEMAPHORE_INIT(0);
    atomic_store(&taken, 0);
    atomic_store(&result, -1);
}

TestSuite(semaphore, .init = reset, .timeout = 30);

static bool head_asleep(void)
{
    return futex_sleepers(&semaphore.state) == 1;
}

static void *take(void *units)
{
    qsc_semaphore_wait(&semaphore, *(uint32_t *)units);
    atomic_fetch_add(&taken, 1);
    return NULL;
}

static void *take_one_until(void *deadline)
{
    atomic_store(&result, qsc_semaphore_wait_until(&semaphore, 1, deadline));
    return NULL;
}

static int result_of_wait_until(struct timespec deadline)
{
    pthread_join(start(take_one_until, &deadline), NULL);
    return atomic_load(&result);
}

static bool clean(void)
{
    qsc_semaphore zero = {0};
    return semaphore.state == zero.state && semaphore.line.word == 0;
}

Test(semaphore, zero_bytes_are_a_semaphore_without_units)
{
    static qsc_semaphore zero;
    cr_assert_eq(sizeof zero, 8);
    cr_assert_arr_eq(&semaphore, &zero, sizeof zero);
    cr_assert_not(qsc_semaphore_trywait(&zero, 1));
    cr_assert(qsc_semaphore_trywait(&zero, 0));
    qsc_semaphore_post(&zero, 0);
    cr_assert_arr_eq(&semaphore, &zero, sizeof zero);
}

Test(semaphore, trywait_takes_all_or_none)
{
    qsc_semaphore_post(&semaphore, 3);
    cr_assert_not(qsc_semaphore_trywait(&semaphore, 4));
    cr_assert(qsc_semaphore_trywait(&semaphore, 2));
    cr_assert_not(qsc_semaphore_trywait(&semaphore, 2));
    cr_assert(qsc_semaphore_trywait(&semaphore, 1));
    cr_assert(clean());
}

Test(semaphore, it_holds_as_many_units_as_it_says)
{
    semaphore = (qsc_semaphore)QSC_SEMAPHORE_INIT(1);
    qsc_semaphore_post(&semaphore, QSC_SEMAPHORE_MAX - 1);
    cr_assert_not(qsc_semaphore_trywait(&(qsc_semaphore){0}, QSC_SEMAPHORE_MAX));
    cr_assert(qsc_semaphore_trywait(&semaphore, QSC_SEMAPHORE_MAX));
    cr_assert(clean());
}

Test(semaphore, with_enough_units_it_never_enters_the_kernel)
{
    struct timespec deadline = in_ms(1000);
    qsc_semaphore_post(&semaphore, 2);
    qsc_semaphore_wait(&semaphore, 1);
    cr_assert_eq(qsc_semaphore_wait_until(&semaphore, 1, &deadline), 0);
    cr_assert_eq(futex_waits + futex_wakes, 0);
}

Test(semaphore, wait_until_gives_up_at_the_deadline_and_not_before)
{
    struct timespec deadline = in_ms(30);
    cr_assert_eq(result_of_wait_until(in_ms(-1000)), ETIMEDOUT);
    cr_assert_eq(result_of_wait_until(deadline), ETIMEDOUT);
    cr_assert(has_passed(deadline));
    cr_assert(clean(), "a thread that gave up left something behind");
}

Test(semaphore, wait_until_gives_up_in_the_line_too)
{
    pthread_t head = start(take, &one);
    AWAIT(head_asleep());
    cr_assert_eq(result_of_wait_until(in_ms(-1000)), ETIMEDOUT);
    cr_assert_eq(result_of_wait_until(in_ms(20)), ETIMEDOUT);
    qsc_semaphore_post(&semaphore, 1);
    pthread_join(head, NULL);
    cr_assert(clean());
}

Test(semaphore, wait_until_takes_units_that_are_there_even_late)
{
    qsc_semaphore_post(&semaphore, 1);
    cr_assert_eq(result_of_wait_until(in_ms(-1000)), 0);
    cr_assert(clean());
}

Test(semaphore, wait_until_refuses_malformed_deadlines)
{
    for (int i = 0; i < 3; i++)
        cr_assert_eq(result_of_wait_until(malformed_deadlines[i]), EINVAL);
    cr_assert(clean());
}

Test(semaphore, wait_until_without_deadline_waits)
{
    pthread_t thread = start(take_one_until, NULL);
    AWAIT(head_asleep());
    qsc_semaphore_post(&semaphore, 1);
    pthread_join(thread, NULL);
    cr_assert_eq(result, 0);
}

Test(semaphore, signals_do_not_end_a_wait)
{
    pthread_t thread = start(take, &one);
    INTERRUPT(thread, head_asleep());
    cr_assert_eq(taken, 0);
    cr_assert_gt(futex_waits, 1, "no signal interrupted the wait");
    qsc_semaphore_post(&semaphore, 1);
    pthread_join(thread, NULL);
    cr_assert_eq(taken, 1);
}

Test(semaphore, a_wait_for_many_sleeps_on_until_there_are_as_many)
{
    pthread_t thread = start(take, &five);
    for (int n = 0; n < 4; n++) {
        AWAIT(head_asleep());
        qsc_semaphore_post(&semaphore, 1);
    }
    AWAIT(head_asleep());
    cr_assert_eq(taken, 0);
    qsc_semaphore_post(&semaphore, 2);
    pthread_join(thread, NULL);
    cr_assert(qsc_semaphore_trywait(&semaphore, 1));
    cr_assert(clean());
}

Test(semaphore, one_post_serves_all_that_it_suffices_for)
{
    pthread_t threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = start(take, &one);
    AWAIT(head_asleep() && futex_sleepers(&semaphore.line.word) == MANY - 1);
    atomic_store(&futex_wakes, 0);
    qsc_semaphore_post(&semaphore, MANY - 1);
    AWAIT(atomic_load(&taken) == MANY - 1 && head_asleep());
    qsc_semaphore_post(&semaphore, 1);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(futex_widest_wake, 1, "more than one thread was woken at a time");
    cr_assert_leq(futex_wakes, 2 + MANY);
    cr_assert(clean());
}

Test(semaphore, a_head_woken_in_vain_too_often_closes_it_to_newcomers)
{
    pthread_t head = start(take, &two);
    AWAIT(head_asleep());
    cr_assert_not(qsc_semaphore_trywait(&semaphore, 1));
    for (int n = 0; n < 15; n++) {
        long waits = futex_waits;
        qsc_semaphore_post(&semaphore, 1);
        AWAIT(futex_waits > waits && head_asleep());
        cr_assert(qsc_semaphore_trywait(&semaphore, 1), "closed after %d wake-ups", n + 1);
    }
    long waits = futex_waits;
    qsc_semaphore_post(&semaphore, 1);
    AWAIT(futex_waits > waits && head_asleep());
    cr_assert_not(qsc_semaphore_trywait(&semaphore, 1), "a newcomer overtook a head that had closed it");
    qsc_semaphore_post(&semaphore, 1);
    pthread_join(head, NULL);
    qsc_semaphore_post(&semaphore, 1);
    cr_assert(qsc_semaphore_trywait(&semaphore, 1), "it stays closed after the head had its units");
    cr_assert(clean());
}

Test(semaphore, a_head_that_gives_up_opens_it_again)
{
    atomic_store(&futex_spurious, 100);
    cr_assert_eq(result_of_wait_until(in_ms(20)), ETIMEDOUT);
    cr_assert(clean());
}

static void *take_many(void *index)
{
    for (int i = *(int *)index; i < 2000; i++) {
        struct timespec deadline = in_ms(i % 7 ? 1000 : -1);
        uint32_t units = 1 + (uint32_t)i % 2;
        if (i % 3 == 0)
            qsc_semaphore_wait(&semaphore, units);
        else if (qsc_semaphore_wait_until(&semaphore, units, &deadline))
            continue;
        cr_assert_leq(atomic_fetch_add(&taken, (int)units) + (int)units, 2);
        if (i % 50 == 0)
            sched_yield();
        atomic_fetch_sub(&taken, (int)units);
        qsc_semaphore_post(&semaphore, units);
    }
    return NULL;
}

Test(semaphore, counts_right_whatever_the_futex_answers)
{
    atomic_store(&futex_noise, true);
    qsc_semaphore_post(&semaphore, 2);
    pthread_t threads[MANY];
    int index[MANY];
    for (int i = 0; i < MANY; i++) {
        index[i] = i;
        threads[i] = start(take_many, &index[i]);
    }
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert(qsc_semaphore_trywait(&semaphore, 2));
    cr_assert(clean());
}
