#include "failing.h"
#include "futex.h"

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
#define RW(call) qsc_brlock_##call
#define SUITE brlock

// Writers sleep at the word of a reader too.
static bool asleep(long threads)
{
    long sleepers =
        futex_sleepers(&lock.state) + futex_sleepers(&lock.line.word) + futex_sleepers(&lock.others);
    for (uint32_t *word = NULL; (word = qsc_per_thread_next(&lock.readers, word));)
        sleepers += futex_sleepers(word);
    return sleepers == threads;
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

#include "sleeping_rwlock.h"

static void reset(void)
{
    forget();
    no_membarrier = false;
    cr_assert_eq(qsc_brlock_init(&lock), 0);
    atomic_store(&membarriers, 0);
}

static void finish(void)
{
    qsc_brlock_fini(&lock);
}

TestSuite(brlock, .init = reset, .fini = finish, .timeout = 30);

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
