#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/seqlock.h>
#include <stdatomic.h>

enum { WORDS = 5, MANY = 4 };

static qsc_seqlock lock;
static uint64_t words[WORDS];
static atomic_int done;

static void reset(void)
{
    lock = (qsc_seqlock)QSC_SEQLOCK_INIT;
    for (int i = 0; i < WORDS; i++)
        words[i] = 0;
    atomic_store(&done, 0);
}

TestSuite(seqlock, .init = reset, .timeout = 30);

Test(seqlock, zero_bytes_are_a_readable_lock)
{
    static qsc_seqlock zero;
    uint64_t out[WORDS];
    cr_assert_eq(sizeof zero, 8);
    cr_assert(qsc_seqlock_tryread(&zero, words, WORDS, out));
    cr_assert_arr_eq(out, words, sizeof out);
}

Test(seqlock, what_is_written_is_read)
{
    static const uint64_t in[WORDS] = {1, UINT64_MAX, 0, 1ULL << 63, 5};
    uint64_t out[WORDS] = {0};
    qsc_seqlock_write(&lock, words, WORDS, in);
    qsc_seqlock_read(&lock, words, WORDS, out);
    cr_assert_arr_eq(out, in, sizeof in);
    uint64_t more[WORDS] = {0};
    cr_assert(qsc_seqlock_tryread(&lock, words, WORDS, more));
    cr_assert_arr_eq(more, in, sizeof in);
}

Test(seqlock, nothing_is_read_while_a_writer_is_inside)
{
    uint64_t out[WORDS];
    qsc_seqlock_write_begin(&lock);
    cr_assert_not(qsc_seqlock_tryread(&lock, words, WORDS, out));
    qsc_seqlock_write_end(&lock);
    cr_assert(qsc_seqlock_tryread(&lock, words, WORDS, out));
}

Test(seqlock, a_read_that_a_write_interrupted_is_begun_again)
{
    uint64_t sequence = qsc_seqlock_read_begin(&lock);
    cr_assert_not(qsc_seqlock_read_retry(&lock, sequence));
    qsc_seqlock_write_begin(&lock);
    cr_assert(qsc_seqlock_read_retry(&lock, sequence), "under way");
    qsc_seqlock_store(&words[0], 1);
    qsc_seqlock_write_end(&lock);
    cr_assert(qsc_seqlock_read_retry(&lock, sequence), "at its end");
    sequence = qsc_seqlock_read_begin(&lock);
    cr_assert_eq(qsc_seqlock_load(&words[0]), 1);
    cr_assert_not(qsc_seqlock_read_retry(&lock, sequence));
}

Test(seqlock, the_sequence_may_wrap_around)
{
    lock.sequence = UINT64_MAX - 1;
    uint64_t sequence = qsc_seqlock_read_begin(&lock);
    qsc_seqlock_write_lock(&lock);
    qsc_seqlock_write_unlock(&lock);
    cr_assert_eq(lock.sequence, 0);
    cr_assert(qsc_seqlock_read_retry(&lock, sequence));
}

Test(seqlock, one_writer_at_a_time)
{
    cr_assert(qsc_seqlock_write_trylock(&lock));
    cr_assert_not(qsc_seqlock_write_trylock(&lock));
    qsc_seqlock_write_unlock(&lock);
    cr_assert(qsc_seqlock_write_trylock(&lock));
    qsc_seqlock_write_unlock(&lock);
}

static void *read_first(void *unused)
{
    uint64_t out[WORDS];
    qsc_seqlock_read(&lock, words, WORDS, out);
    cr_assert_eq(out[0], 7);
    atomic_fetch_add(&done, 1);
    return unused;
}

static void *write_second(void *unused)
{
    qsc_seqlock_write_lock(&lock);
    cr_assert_eq(qsc_seqlock_load(&words[0]), 7);
    atomic_fetch_add(&done, 1);
    qsc_seqlock_write_unlock(&lock);
    return unused;
}

Test(seqlock, readers_and_writers_wait_for_a_writer)
{
    qsc_seqlock_write_lock(&lock);
    pthread_t threads[] = {start(read_first, NULL), start(write_second, NULL)};
    sleep_ms(20);
    cr_assert_eq(atomic_load(&done), 0);
    qsc_seqlock_store(&words[0], 7);
    qsc_seqlock_write_unlock(&lock);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(atomic_load(&done), 2);
}

static void *count_up(void *unused)
{
    for (int round = 0; round < 500; round++) {
        qsc_seqlock_write_lock(&lock);
        for (int i = 0; i < WORDS; i++)
            qsc_seqlock_store(&words[i], qsc_seqlock_load(&words[i]) + 1);
        if (round % 50 == 0)
            sched_yield();
        qsc_seqlock_write_unlock(&lock);
    }
    return unused;
}

Test(seqlock, writers_take_turns)
{
    pthread_t threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = start(count_up, NULL);
    for (uint64_t out[WORDS] = {0}; out[0] < MANY * 500;) {
        qsc_seqlock_read(&lock, words, WORDS, out);
        for (int i = 1; i < WORDS; i++)
            cr_assert_eq(out[i], out[0]);
    }
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(lock.sequence, 2 * MANY * 500);
}
