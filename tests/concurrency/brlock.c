#include "failing.h"
#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/brlock.h>

/* The linker routes these through the test, which can do without, and counts. */
static bool no_membarrier;
static atomic_long membarriers;
bool __real_qsc_port_membarrier_register(void);
bool __wrap_qsc_port_membarrier_register(void);
bool __wrap_qsc_port_membarrier_register(void)
{
    return !no_membarrier && __real_qsc_port_membarrier_register();
}
void __real_qsc_port_membarrier(void);
void __wrap_qsc_port_membarrier(void);
void __wrap_qsc_port_membarrier(void)
{
    atomic_fetch_add(&membarriers, 1);
    __real_qsc_port_membarrier();
}

static qsc_brlock lock;
static long left, right;
static atomic_int readers, writers, result;
static atomic_bool stop;

static void reset(void)
{
    futex_reset();
    no_membarrier = false;
    cr_assert_eq(qsc_brlock_init(&lock), 0);
    left = right = 0;
    atomic_store(&membarriers, 0);
    atomic_store(&readers, 0);
    atomic_store(&writers, 0);
    atomic_store(&result, -1);
    atomic_store(&stop, false);
}

static void finish(void)
{
    qsc_brlock_fini(&lock);
}

TestSuite(brlock, .init = reset, .fini = finish, .timeout = 30);

// Whether so many threads sleep: writers at the word of a reader, others at the head of the line or further
// back.
static bool asleep(long threads)
{
    long sleepers =
        futex_sleepers(&lock.state) + futex_sleepers(&lock.line.word) + futex_sleepers(&lock.others);
    for (uint32_t *word = NULL; (word = qsc_per_thread_next(&lock.readers, word));)
        sleepers += futex_sleepers(word);
    return sleepers == threads;
}

static void *read_once(void *unused)
{
    qsc_brlock_read_lock(&lock);
    atomic_fetch_add(&readers, 1);
    qsc_brlock_read_unlock(&lock);
    return unused;
}

static void *write_once(void *unused)
{
    qsc_brlock_write_lock(&lock);
    atomic_fetch_add(&writers, 1);
    qsc_brlock_write_unlock(&lock);
    return unused;
}

static void *try_read(void *unused)
{
    bool taken = qsc_brlock_read_trylock(&lock);
    if (taken)
        qsc_brlock_read_unlock(&lock);
    atomic_store(&result, taken);
    return unused;
}

static void *try_write(void *unused)
{
    bool taken = qsc_brlock_write_trylock(&lock);
    if (taken)
        qsc_brlock_write_unlock(&lock);
    atomic_store(&result, taken);
    return unused;
}

static void *read_until(void *deadline)
{
    int error = qsc_brlock_read_lock_until(&lock, deadline);
    if (!error)
        qsc_brlock_read_unlock(&lock);
    atomic_store(&result, error);
    return NULL;
}

static void *write_until(void *deadline)
{
    int error = qsc_brlock_write_lock_until(&lock, deadline);
    if (!error)
        qsc_brlock_write_unlock(&lock);
    atomic_store(&result, error);
    return NULL;
}

static int result_of(void *(*run)(void *), void *arg)
{
    pthread_join(start(run, arg), NULL);
    return atomic_load(&result);
}

static int words(uint32_t *inside)
{
    int n = 0;
    *inside = lock.others;
    for (uint32_t *word = NULL; (word = qsc_per_thread_next(&lock.readers, word)); n++)
        *inside += *word;
    return n;
}

static void assert_unlocked(void)
{
    uint32_t inside;
    (void)words(&inside);
    cr_assert(lock.state == 0 && lock.line.word == 0 && inside == 0, "state %x line %x inside %u", lock.state,
              lock.line.word, inside);
}

Test(brlock, enters_the_kernel_for_writers_only)
{
    qsc_brlock_read_lock(&lock);
    qsc_brlock_read_unlock(&lock);
    cr_assert_eq(membarriers, 0);
    qsc_brlock_write_lock(&lock);
    qsc_brlock_write_unlock(&lock);
    cr_assert_eq(membarriers, 1);
    cr_assert(qsc_brlock_write_trylock(&lock));
    qsc_brlock_write_unlock(&lock);
    cr_assert_eq(membarriers, 2);
    assert_unlocked();
    cr_assert_eq(futex_waits + futex_wakes, 0);
}

Test(brlock, readers_share)
{
    qsc_brlock_read_lock(&lock);
    cr_assert_eq(result_of(try_read, NULL), true);
    pthread_join(start(read_once, NULL), NULL);
    cr_assert_eq(result_of(try_write, NULL), false);
    qsc_brlock_read_unlock(&lock);
    cr_assert_eq(result_of(try_write, NULL), true);
    assert_unlocked();
}

Test(brlock, a_writer_is_alone)
{
    qsc_brlock_write_lock(&lock);
    cr_assert_eq(result_of(try_read, NULL), false);
    cr_assert_eq(result_of(try_write, NULL), false);
    qsc_brlock_write_unlock(&lock);
    cr_assert_eq(result_of(try_read, NULL), true);
    assert_unlocked();
}

Test(brlock, deadlines_pass_and_leave_no_trace)
{
    struct timespec past = in_ms(-1000), soon = in_ms(30);
    qsc_brlock_write_lock(&lock);
    cr_assert_eq(result_of(read_until, &past), ETIMEDOUT);
    cr_assert_eq(result_of(write_until, &past), ETIMEDOUT);
    cr_assert_eq(result_of(read_until, &soon), ETIMEDOUT);
    struct timespec now = qsc_port_now();
    cr_assert(now.tv_sec > soon.tv_sec || (now.tv_sec == soon.tv_sec && now.tv_nsec >= soon.tv_nsec));
    qsc_brlock_write_unlock(&lock);

    qsc_brlock_read_lock(&lock);
    soon = in_ms(30);
    cr_assert_eq(result_of(write_until, &soon), ETIMEDOUT);
    cr_assert_eq(result_of(try_read, NULL), true, "readers are still held back by a writer that gave up");
    qsc_brlock_read_unlock(&lock);
    assert_unlocked();
    cr_assert_eq(result_of(read_until, &past), 0);
    cr_assert_eq(result_of(write_until, &past), 0);
}

Test(brlock, deadlines_pass_in_the_line_too)
{
    qsc_brlock_write_lock(&lock);
    pthread_t head = start(write_once, NULL);
    AWAIT(asleep(1));
    struct timespec soon = in_ms(20);
    cr_assert_eq(result_of(read_until, &soon), ETIMEDOUT);
    soon = in_ms(20);
    cr_assert_eq(result_of(write_until, &soon), ETIMEDOUT);
    qsc_brlock_write_unlock(&lock);
    pthread_join(head, NULL);
    assert_unlocked();
}

Test(brlock, refuses_malformed_deadlines)
{
    qsc_brlock_write_lock(&lock);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(result_of(read_until, (void *)&malformed_deadlines[i]), EINVAL);
        cr_assert_eq(result_of(write_until, (void *)&malformed_deadlines[i]), EINVAL);
    }
    qsc_brlock_write_unlock(&lock);
    assert_unlocked();
}

Test(brlock, a_writer_that_waits_holds_back_readers)
{
    qsc_brlock_read_lock(&lock);
    pthread_t writer = start(write_once, NULL);
    AWAIT(asleep(1));
    cr_assert_eq(result_of(try_read, NULL), false);
    pthread_t reader = start(read_once, NULL);
    AWAIT(asleep(2));
    cr_assert_eq(readers + writers, 0);
    qsc_brlock_read_unlock(&lock);
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);
    cr_assert_eq(readers + writers, 2);
    assert_unlocked();
}

Test(brlock, readers_go_on_when_a_writer_gives_up)
{
    qsc_brlock_read_lock(&lock);
    struct timespec soon = in_ms(300);
    pthread_t writer = start(write_until, &soon);
    AWAIT(asleep(1));
    pthread_t reader = start(read_once, NULL);
    pthread_join(writer, NULL);
    cr_assert_eq(result, ETIMEDOUT);
    pthread_join(reader, NULL); // although the first reader is still inside
    cr_assert_eq(readers, 1);
    qsc_brlock_read_unlock(&lock);
    assert_unlocked();
}

Test(brlock, signals_do_not_end_a_wait)
{
    catch_signals();
    qsc_brlock_write_lock(&lock);
    pthread_t reader = start(read_once, NULL), writer = start(write_once, NULL);
    for (int n = 0; n < 20; n++) {
        AWAIT(asleep(2));
        pthread_kill(n % 2 ? reader : writer, SIGUSR1);
        sleep_ms(1);
    }
    cr_assert_eq(readers + writers, 0);
    cr_assert_gt(futex_waits, 2, "no signal interrupted a wait");
    qsc_brlock_write_unlock(&lock);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    cr_assert_eq(readers + writers, 2);
}

static void *read_on_and_on(void *unused)
{
    while (!atomic_load(&stop)) {
        qsc_brlock_read_lock(&lock);
        atomic_fetch_add(&readers, 1);
        sleep_ms(1); // the sections of several such readers overlap all the time
        qsc_brlock_read_unlock(&lock);
    }
    return unused;
}

Test(brlock, readers_do_not_starve_a_writer)
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

Test(brlock, writers_do_not_starve_a_reader)
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
        if (i % 5 == 0 && qsc_brlock_write_lock_until(&lock, &deadline) == 0) {
            left++;
            if (i % 25 == 0)
                sched_yield();
            right++;
            qsc_brlock_write_unlock(&lock);
            atomic_fetch_add(&writers, 1);
        } else if (qsc_brlock_read_lock_until(&lock, &deadline) == 0) {
            if (left != right)
                atomic_store(&result, 1);
            if (i % 25 == 1)
                sched_yield();
            qsc_brlock_read_unlock(&lock);
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

Test(brlock, excludes_whatever_the_futex_answers)
{
    excludes();
    cr_assert_gt(membarriers, 0);
}

static void begin_without_membarrier(void)
{
    finish();
    no_membarrier = true;
    cr_assert_eq(qsc_brlock_init(&lock), 0);
}

Test(brlock, does_without_membarrier)
{
    begin_without_membarrier();
    excludes();
    cr_assert_eq(membarriers, 0);
}

Test(brlock, does_without_memory)
{
    for (long k = 0; k == 0 || failing_happened(); k++) {
        finish();
        failing_at(k); // also of the table and the word of each thread that reads
        if (qsc_brlock_init(&lock) == 0) {
            pthread_t reader = start(read_once, NULL);
            qsc_brlock_read_lock(&lock);
            cr_assert_eq(result_of(try_read, NULL), true);
            cr_assert_eq(result_of(try_write, NULL), false);
            qsc_brlock_read_unlock(&lock);
            pthread_join(reader, NULL);
            cr_assert_eq(result_of(try_write, NULL), true);
            qsc_brlock_write_lock(&lock);
            qsc_brlock_downgrade(&lock);
            cr_assert_eq(result_of(try_write, NULL), false);
            qsc_brlock_read_unlock(&lock);
            assert_unlocked();
            qsc_brlock_fini(&lock);
        } else {
            cr_assert(failing_happened());
        }
        cr_assert_eq(failing_live(), 0);
        failing_off();
        reset();
    }
}

Test(brlock, a_reader_leaves_where_it_entered_whatever_memory_there_is_by_then)
{
    failing_at(0);
    qsc_brlock_read_lock(&lock);
    failing_off();
    cr_assert_eq(lock.others, 1);
    qsc_brlock_read_unlock(&lock);
    assert_unlocked();
    qsc_brlock_read_lock(&lock);
    cr_assert_eq(lock.others, 0);
    qsc_brlock_read_unlock(&lock);
    assert_unlocked();
}

Test(brlock, threads_that_come_and_go_share_a_word)
{
    uint32_t inside;
    for (int i = 0; i < 20; i++)
        pthread_join(start(read_once, NULL), NULL);
    cr_assert_eq(words(&inside), 1);
}

static void *write_and_read_on(void *unused)
{
    qsc_brlock_write_lock(&lock);
    left++;
    AWAIT(asleep(2));
    right++;
    qsc_brlock_downgrade(&lock);
    AWAIT(readers == 1); // one who waited came in
    if (left != 1 || writers != 0)
        atomic_store(&result, 1);
    qsc_brlock_read_unlock(&lock);
    return unused;
}

Test(brlock, downgrade_lets_readers_in_and_no_writer)
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
