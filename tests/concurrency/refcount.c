#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/refcount.h>
#include <stdatomic.h>

enum { MANY = 4, ROUNDS = 10000 };

static qsc_refcount count;
static atomic_int last;

static void reset(void)
{
    count = (qsc_refcount)QSC_REFCOUNT_INIT(1);
    atomic_store(&last, 0);
}

TestSuite(refcount, .init = reset, .timeout = 30);

static void set(uint32_t references)
{
    count = (qsc_refcount)QSC_REFCOUNT_INIT(references);
}

static bool is_saturated(void)
{
    return count.count > QSC_REFCOUNT_MAX;
}

Test(refcount, the_last_put_says_so)
{
    cr_assert_eq(sizeof count, 4);
    qsc_refcount_get(&count);
    cr_assert(qsc_refcount_get_unless_zero(&count));
    cr_assert_not(qsc_refcount_put(&count));
    cr_assert_not(qsc_refcount_put(&count));
    cr_assert(qsc_refcount_put(&count));
}

Test(refcount, zero_bytes_are_an_object_that_is_gone)
{
    static qsc_refcount zero;
    cr_assert_not(qsc_refcount_get_unless_zero(&zero));
    cr_assert_eq(zero.count, 0);
}

Test(refcount, it_holds_as_many_references_as_it_says)
{
    set(QSC_REFCOUNT_MAX - 2);
    qsc_refcount_get(&count);
    cr_assert(qsc_refcount_get_unless_zero(&count));
    cr_assert_eq(count.count, QSC_REFCOUNT_MAX);
    cr_assert_not(qsc_refcount_put(&count));
    cr_assert_eq(count.count, QSC_REFCOUNT_MAX - 1);
}

static void check_stays_saturated(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        cr_assert_not(qsc_refcount_put(&count));
        cr_assert(is_saturated());
    }
    for (int i = 0; i < ROUNDS; i++) {
        qsc_refcount_get(&count);
        cr_assert(qsc_refcount_get_unless_zero(&count));
        cr_assert(is_saturated());
    }
}

Test(refcount, one_reference_too_many_saturates_it_for_ever)
{
    set(QSC_REFCOUNT_MAX);
    qsc_refcount_get(&count);
    cr_assert(is_saturated());
    check_stays_saturated();
    set(QSC_REFCOUNT_MAX);
    cr_assert(qsc_refcount_get_unless_zero(&count));
    cr_assert(is_saturated());
    check_stays_saturated();
}

Test(refcount, near_either_bound_it_returns_to_the_middle)
{
    set(QSC_REFCOUNT_MAX + 1);
    cr_assert_not(qsc_refcount_put(&count));
    check_stays_saturated();
    set(UINT32_MAX);
    qsc_refcount_get(&count);
    check_stays_saturated();
    set(UINT32_MAX);
    cr_assert(qsc_refcount_get_unless_zero(&count));
    check_stays_saturated();
}

Test(refcount, put_once_too_often_it_leaks)
{
    cr_assert(qsc_refcount_put(&count));
    cr_assert_not(qsc_refcount_put(&count));
    check_stays_saturated();
}

Test(refcount, got_at_zero_it_leaks)
{
    set(0);
    qsc_refcount_get(&count);
    check_stays_saturated();
}

static void *get_and_put(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        qsc_refcount_get(&count);
        if (!qsc_refcount_get_unless_zero(&count) || qsc_refcount_put(&count) || qsc_refcount_put(&count))
            atomic_fetch_add(&last, MANY);
    }
    atomic_fetch_add(&last, qsc_refcount_put(&count));
    return unused;
}

Test(refcount, of_many_threads_one_is_the_last)
{
    set(MANY);
    pthread_t threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = start(get_and_put, NULL);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(last, 1);
    cr_assert_eq(count.count, 0);
}

Test(refcount, threads_that_overflow_it_together_do_not_carry_it_across)
{
    set(QSC_REFCOUNT_MAX);
    pthread_t threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = start(get_and_put, NULL);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(last, 0);
    cr_assert(is_saturated());
}
