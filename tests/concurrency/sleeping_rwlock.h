/* sleeping_rwlock.h: the tests that the reader-writer locks with sleepers have in common.
 *
 * A program declares its `lock`, then RW(call), the lock's call of that name, SUITE, whether asleep() so many
 * threads sleep, at the head of the line or further back, and assert_unlocked(), and includes this. Its suite
 * begins each test with forget(). */
#ifndef TESTS_SLEEPING_RWLOCK_H
#define TESTS_SLEEPING_RWLOCK_H

#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>

static long left, right;
static atomic_int readers, writers, result;
static atomic_bool stop;

static void forget(void)
{
    futex_reset();
    left = right = 0;
    atomic_store(&readers, 0);
    atomic_store(&writers, 0);
    atomic_store(&result, -1);
    atomic_store(&stop, false);
}

static void *read_once(void *unused)
{
    RW(read_lock)(&lock);
    atomic_fetch_add(&readers, 1);
    RW(read_unlock)(&lock);
    return unused;
}

static void *write_once(void *unused)
{
    RW(write_lock)(&lock);
    atomic_fetch_add(&writers, 1);
    RW(write_unlock)(&lock);
    return unused;
}

static void *try_read(void *unused)
{
    bool taken = RW(read_trylock)(&lock);
    if (taken)
        RW(read_unlock)(&lock);
    atomic_store(&result, taken);
    return unused;
}

static void *try_write(void *unused)
{
    bool taken = RW(write_trylock)(&lock);
    if (taken)
        RW(write_unlock)(&lock);
    atomic_store(&result, taken);
    return unused;
}

static void *read_until(void *deadline)
{
    int error = RW(read_lock_until)(&lock, deadline);
    if (!error)
        RW(read_unlock)(&lock);
    atomic_store(&result, error);
    return NULL;
}

static void *write_until(void *deadline)
{
    int error = RW(write_lock_until)(&lock, deadline);
    if (!error)
        RW(write_unlock)(&lock);
    atomic_store(&result, error);
    return NULL;
}

static int result_of(void *(*run)(void *), void *arg)
{
    pthread_join(start(run, arg), NULL);
    return atomic_load(&result);
}

Test(SUITE, readers_share)
{
    RW(read_lock)(&lock);
    cr_assert_eq(result_of(try_read, NULL), true);
    pthread_join(start(read_once, NULL), NULL);
    cr_assert_eq(result_of(try_write, NULL), false);
    RW(read_unlock)(&lock);
    cr_assert_eq(result_of(try_write, NULL), true);
    assert_unlocked();
}

Test(SUITE, a_writer_is_alone)
{
    RW(write_lock)(&lock);
    cr_assert_eq(result_of(try_read, NULL), false);
    cr_assert_eq(result_of(try_write, NULL), false);
    RW(write_unlock)(&lock);
    cr_assert_eq(result_of(try_read, NULL), true);
    assert_unlocked();
}

Test(SUITE, deadlines_pass_and_leave_no_trace)
{
    struct timespec past = in_ms(-1000), soon = in_ms(30);
    RW(write_lock)(&lock);
    cr_assert_eq(result_of(read_until, &past), ETIMEDOUT);
    cr_assert_eq(result_of(write_until, &past), ETIMEDOUT);
    cr_assert_eq(result_of(read_until, &soon), ETIMEDOUT);
    struct timespec now = qsc_port_now();
    cr_assert(now.tv_sec > soon.tv_sec || (now.tv_sec == soon.tv_sec && now.tv_nsec >= soon.tv_nsec));
    RW(write_unlock)(&lock);

    RW(read_lock)(&lock);
    soon = in_ms(30);
    cr_assert_eq(result_of(write_until, &soon), ETIMEDOUT);
    cr_assert_eq(result_of(try_read, NULL), true, "readers are still held back by a writer that gave up");
    RW(read_unlock)(&lock);
    assert_unlocked();
    cr_assert_eq(result_of(read_until, &past), 0);
    cr_assert_eq(result_of(write_until, &past), 0);
}

Test(SUITE, deadlines_pass_in_the_line_too)
{
    RW(write_lock)(&lock);
    pthread_t head = start(write_once, NULL);
    AWAIT(asleep(1));
    struct timespec soon = in_ms(20);
    cr_assert_eq(result_of(read_until, &soon), ETIMEDOUT);
    soon = in_ms(20);
    cr_assert_eq(result_of(write_until, &soon), ETIMEDOUT);
    RW(write_unlock)(&lock);
    pthread_join(head, NULL);
    assert_unlocked();
}

Test(SUITE, refuses_malformed_deadlines)
{
    RW(write_lock)(&lock);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(result_of(read_until, (void *)&malformed_deadlines[i]), EINVAL);
        cr_assert_eq(result_of(write_until, (void *)&malformed_deadlines[i]), EINVAL);
    }
    RW(write_unlock)(&lock);
    assert_unlocked();
}

Test(SUITE, a_writer_that_waits_holds_back_readers)
{
    RW(read_lock)(&lock);
    pthread_t writer = start(write_once, NULL);
    AWAIT(asleep(1));
    cr_assert_eq(result_of(try_read, NULL), false);
    pthread_t reader = start(read_once, NULL);
    AWAIT(asleep(2));
    cr_assert_eq(readers + writers, 0);
    RW(read_unlock)(&lock);
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);
    cr_assert_eq(readers + writers, 2);
    assert_unlocked();
}

Test(SUITE, readers_go_on_when_a_writer_gives_up)
{
    RW(read_lock)(&lock);
    struct timespec soon = in_ms(300);
    pthread_t writer = start(write_until, &soon);
    AWAIT(asleep(1));
    pthread_t reader = start(read_once, NULL);
    pthread_join(writer, NULL);
    cr_assert_eq(result, ETIMEDOUT);
    pthread_join(reader, NULL); // although the first reader is still inside
    cr_assert_eq(readers, 1);
    RW(read_unlock)(&lock);
    assert_unlocked();
}

static void *write_and_read_on(void *unused)
{
    RW(write_lock)(&lock);
    left++;
    AWAIT(asleep(2));
    right++;
    RW(downgrade)(&lock);
    AWAIT(readers == 1); // one who waited came in
    if (left != 1 || writers != 0)
        atomic_store(&result, 1);
    RW(read_unlock)(&lock);
    return unused;
}

Test(SUITE, downgrade_lets_readers_in_and_no_writer)
{
    pthread_t thread = start(write_and_read_on, NULL);
    AWAIT(__atomic_load_n(&lock.state, __ATOMIC_RELAXED) != 0);
    pthread_t reader = start(read_once, NULL);
    AWAIT(asleep(1));
    pthread_t writer = start(write_once, NULL);
    pthread_join(thread, NULL);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    cr_assert_eq(result, -1);
    cr_assert_eq(writers, 1);
    assert_unlocked();
}

Test(SUITE, signals_do_not_end_a_wait)
{
    catch_signals();
    RW(write_lock)(&lock);
    pthread_t reader = start(read_once, NULL), writer = start(write_once, NULL);
    for (int n = 0; n < 20; n++) {
        AWAIT(asleep(2));
        pthread_kill(n % 2 ? reader : writer, SIGUSR1);
        sleep_ms(1);
    }
    cr_assert_eq(readers + writers, 0);
    cr_assert_gt(futex_waits, 2, "no signal interrupted a wait");
    RW(write_unlock)(&lock);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    cr_assert_eq(readers + writers, 2);
}

static void *read_on_and_on(void *unused)
{
    while (!atomic_load(&stop)) {
        RW(read_lock)(&lock);
        atomic_fetch_add(&readers, 1);
        sleep_ms(1); // the sections of several such readers overlap all the time
        RW(read_unlock)(&lock);
    }
    return unused;
}

Test(SUITE, readers_do_not_starve_a_writer)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = start(read_on_and_on, NULL);
    AWAIT(readers > 10);
    for (int n = 0; n < 20; n++)
        write_once(NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(writers, 20);
}

static void *write_on_and_on(void *unused)
{
    while (!atomic_load(&stop))
        write_once(NULL);
    return unused;
}

Test(SUITE, writers_do_not_starve_a_reader)
{
    pthread_t threads[2] = {start(write_on_and_on, NULL), start(write_on_and_on, NULL)};
    AWAIT(writers > 10);
    for (int n = 0; n < 50; n++)
        read_once(NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(readers, 50);
}

static void *mix(void *unused)
{
    for (int i = 0; i < 1500; i++) {
        struct timespec deadline = in_ms(i % 7 ? 1000 : -1);
        if (i % 5 == 0 && RW(write_lock_until)(&lock, &deadline) == 0) {
            left++;
            if (i % 25 == 0)
                sched_yield();
            right++;
            RW(write_unlock)(&lock);
            atomic_fetch_add(&writers, 1);
        } else if (RW(read_lock_until)(&lock, &deadline) == 0) {
            if (left != right)
                atomic_store(&result, 1);
            if (i % 25 == 1)
                sched_yield();
            RW(read_unlock)(&lock);
        }
    }
    return unused;
}

static void excludes(void)
{
    atomic_store(&futex_noise, true);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = start(mix, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(result, -1, "a reader saw half an update");
    cr_assert(left == writers && right == writers);
    assert_unlocked();
}

#endif
