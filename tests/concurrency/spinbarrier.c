#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/spinbarrier.h>
#include <stdatomic.h>

enum { MANY = 4, CROWD = 16 };

static qsc_spinbarrier barrier;
static atomic_int passed, lasts;

static void reset(void)
{
    atomic_store(&passed, 0);
    atomic_store(&lasts, 0);
}

TestSuite(spinbarrier, .init = reset, .timeout = 30);

static void *pass(void *unused)
{
    if (qsc_spinbarrier_wait(&barrier))
        atomic_fetch_add(&lasts, 1);
    atomic_fetch_add(&passed, 1);
    return unused;
}

static bool have_come(uint64_t threads)
{
    return __atomic_load_n(&barrier.come, __ATOMIC_RELAXED) % barrier.parties == threads;
}

Test(spinbarrier, zero_bytes_are_a_barrier_for_one)
{
    static qsc_spinbarrier zero;
    for (int round = 0; round < 3; round++) {
        cr_assert(qsc_spinbarrier_wait(&zero));
        cr_assert(qsc_spinbarrier_trywait(&zero));
    }
}

Test(spinbarrier, all_pass_together_and_one_was_the_last_to_come)
{
    barrier = (qsc_spinbarrier)QSC_SPINBARRIER_INIT(MANY + 1);
    for (int round = 1; round <= 10; round++) {
        pthread_t threads[MANY];
        for (int i = 0; i < MANY; i++)
            threads[i] = start(pass, NULL);
        AWAIT(have_come(MANY));
        cr_assert_eq(passed, (round - 1) * MANY);
        cr_assert(qsc_spinbarrier_wait(&barrier));
        for (int i = 0; i < MANY; i++)
            pthread_join(threads[i], NULL);
        cr_assert_eq(passed, round * MANY);
        cr_assert_eq(lasts, 0);
    }
}

Test(spinbarrier, trywait_passes_if_all_others_wait)
{
    barrier = (qsc_spinbarrier)QSC_SPINBARRIER_INIT(2);
    for (int round = 0; round < 3; round++) {
        cr_assert_not(qsc_spinbarrier_trywait(&barrier));
        pthread_t thread = start(pass, NULL);
        AWAIT(have_come(1));
        cr_assert(qsc_spinbarrier_trywait(&barrier));
        pthread_join(thread, NULL);
        cr_assert_eq(lasts, 0);
    }
}

static void *pass_many(void *unused)
{
    for (int i = 0; i < 100; i++)
        pass(unused);
    return unused;
}

Test(spinbarrier, more_threads_than_processors_make_progress)
{
    barrier = (qsc_spinbarrier)QSC_SPINBARRIER_INIT(CROWD);
    pthread_t threads[CROWD];
    for (int i = 0; i < CROWD; i++)
        threads[i] = start(pass_many, NULL);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(lasts, 100);
}
