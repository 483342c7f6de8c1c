#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/pflock.h>
#include <stdatomic.h>

static qsc_pflock lock;
static atomic_int readers, writers, result;

static void reset(void)
{
    lock = (qsc_pflock)QSC_PFLOCK_INIT;
    atomic_store(&readers, 0);
    atomic_store(&writers, 0);
    atomic_store(&result, -1);
}

TestSuite(pflock, .init = reset, .timeout = 30);

// How many readers are inside or wait, how many writers.
static uint32_t readers_here(void)
{
    return __atomic_load_n(&lock.readers_in, __ATOMIC_RELAXED) / 4 -
           __atomic_load_n(&lock.readers_out, __ATOMIC_RELAXED) / 4;
}

static uint32_t writers_here(void)
{
    return __atomic_load_n(&lock.next_writer, __ATOMIC_RELAXED) -
           __atomic_load_n(&lock.serving_writer, __ATOMIC_RELAXED);
}

static void *read_once(void *unused)
{
    qsc_pflock_read_lock(&lock);
    atomic_store(&result, writers); // so many came before
    atomic_fetch_add(&readers, 1);
    qsc_pflock_read_unlock(&lock);
    return unused;
}

static void *write_once(void *unused)
{
    qsc_pflock_write_lock(&lock);
    atomic_fetch_add(&writers, 1);
    qsc_pflock_write_unlock(&lock);
    return unused;
}

static void *try_read(void *unused)
{
    bool taken = qsc_pflock_read_trylock(&lock);
    if (taken)
        qsc_pflock_read_unlock(&lock);
    atomic_store(&result, taken);
    return unused;
}

static void *try_write(void *unused)
{
    bool taken = qsc_pflock_write_trylock(&lock);
    if (taken)
        qsc_pflock_write_unlock(&lock);
    atomic_store(&result, taken);
    return unused;
}

static int result_of(void *(*run)(void *))
{
    pthread_join(start(run, NULL), NULL);
    return atomic_load(&result);
}

Test(pflock, zero_bytes_are_an_unlocked_lock)
{
    static qsc_pflock zero;
    cr_assert_eq(sizeof lock, 16);
    cr_assert_arr_eq(&lock, &zero, sizeof lock);
    cr_assert(qsc_pflock_write_trylock(&zero));
    qsc_pflock_write_unlock(&zero);
    cr_assert(qsc_pflock_read_trylock(&zero));
    qsc_pflock_read_unlock(&zero);
}

Test(pflock, readers_share)
{
    qsc_pflock_read_lock(&lock);
    cr_assert_eq(result_of(try_read), true);
    pthread_join(start(read_once, NULL), NULL);
    cr_assert_eq(result_of(try_write), false);
    qsc_pflock_read_unlock(&lock);
    cr_assert_eq(result_of(try_write), true);
}

Test(pflock, a_writer_is_alone)
{
    qsc_pflock_write_lock(&lock);
    cr_assert_eq(result_of(try_read), false);
    cr_assert_eq(result_of(try_write), false);
    qsc_pflock_write_unlock(&lock);
    cr_assert_eq(result_of(try_read), true);
}

Test(pflock, a_reader_waits_for_one_writer_of_many)
{
    for (int n = 0; n < 20; n++) {
        reset();
        qsc_pflock_write_lock(&lock);
        pthread_t threads[4];
        for (int i = 0; i < 3; i++)
            threads[i] = start(write_once, NULL);
        AWAIT(writers_here() == 4);
        threads[3] = start(read_once, NULL);
        AWAIT(readers_here() == 1);
        qsc_pflock_write_unlock(&lock);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        cr_assert_eq(result, 0, "%d of three writers came first", result);
    }
}

Test(pflock, a_writer_waits_for_the_readers_that_were_there)
{
    qsc_pflock_read_lock(&lock);
    pthread_t writer = start(write_once, NULL);
    AWAIT(__atomic_load_n(&lock.readers_in, __ATOMIC_RELAXED) & 1);
    cr_assert_eq(result_of(try_read), false);
    pthread_t reader = start(read_once, NULL);
    AWAIT(readers_here() == 2);
    cr_assert_eq(readers + writers, 0);
    qsc_pflock_read_unlock(&lock);
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);
    cr_assert_eq(result, 1, "the reader came before the writer that was there before it");
}

// A reader that waits takes the next writer for another one, also when tries in vain lie between the two.
Test(pflock, a_try_in_vain_keeps_the_phase)
{
    for (int tries = 0; tries < 3; tries++) {
        qsc_pflock_write_lock(&lock);
        uint32_t phase = lock.readers_in & 2;
        qsc_pflock_write_unlock(&lock);
        qsc_pflock_read_lock(&lock);
        for (int i = 0; i < tries; i++)
            cr_assert_eq(result_of(try_write), false);
        qsc_pflock_read_unlock(&lock);
        qsc_pflock_write_lock(&lock);
        cr_assert_neq(lock.readers_in & 2, phase);
        qsc_pflock_write_unlock(&lock);
    }
}

Test(pflock, counts_wrap_around)
{
    lock = (qsc_pflock){UINT32_MAX - 3, UINT32_MAX - 3, UINT32_MAX, UINT32_MAX};
    for (int n = 0; n < 3; n++) {
        qsc_pflock_read_lock(&lock);
        cr_assert_eq(result_of(try_write), false);
        qsc_pflock_read_unlock(&lock);
        cr_assert_eq(result_of(try_write), true);
        qsc_pflock_write_lock(&lock);
        cr_assert_eq(result_of(try_read), false);
        qsc_pflock_write_unlock(&lock);
    }
}

Test(pflock, downgrade_lets_readers_in_and_no_writer)
{
    qsc_pflock_write_lock(&lock);
    pthread_t reader = start(read_once, NULL), writer = start(write_once, NULL);
    AWAIT(readers_here() == 1 && writers_here() == 2);
    qsc_pflock_downgrade(&lock);
    AWAIT(readers == 1);
    cr_assert_eq(writers, 0);
    qsc_pflock_read_unlock(&lock);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    cr_assert_eq(writers, 1);
}
