// Every lock holds when it is shaken, and each planted fault is found within seconds.
#include "bench/lab/shaker.h"
#include "tests/concurrency/failing.h"
#include "tests/concurrency/no_thread.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/port.h>

enum { MS = 1000000 };

static struct lab_shake_result shake(const struct lab_lock *lock, uint64_t ms)
{
    const struct lab_shake_plan plan = {.lock = lock,
                                        .threads = 4,
                                        .reads = 50,
                                        .ns = ms * MS,
                                        .patience_ns = 20000000000,
                                        .seed = qsc_port_now_ns() | 1};
    struct lab_shake_result result;
    cr_assert_eq(lab_shake(&result, &plan), 0, "%s", lock->name);
    return result;
}

TestSuite(shaker, .timeout = 120);

Test(shaker, every_lock_holds)
{
    for (const struct lab_lock *lock = lab_lock_after(""); lock; lock = lab_lock_after(lock->name)) {
        struct lab_shake_result result = shake(lock, 30);
        cr_assert_eq(result.verdict, LAB_SHAKE_HELD, "%s: %d", lock->name, (int)result.verdict);
        cr_assert_gt(result.passes, 0);
        cr_assert_eq(result.reads > 0, lock->read_lock != NULL, "%s: %llu reads", lock->name,
                     (unsigned long long)result.reads);
    }
}

Test(shaker, what_cannot_be_had_is_an_error)
{
    const struct lab_shake_plan plan = {
        .lock = lab_lock_find("qsc_mcs"), .threads = 2, .ns = MS, .patience_ns = 20000000000, .seed = 1};
    for (long k = 0; k == 0 || failing_happened(); k++) {
        struct lab_shake_result result;
        failing_at(k);
        cr_assert_eq(lab_shake(&result, &plan), failing_happened() ? ENOMEM : 0);
        cr_assert_eq(failing_live(), 0);
    }
    failing_off();
}

Test(shaker, a_thread_that_cannot_be_had_is_an_error)
{
    const struct lab_shake_plan plan = {
        .lock = lab_lock_find("qsc_mutex"), .threads = 3, .ns = MS, .patience_ns = 20000000000, .seed = 1};
    struct lab_shake_result result;
    no_thread_error = EAGAIN;
    no_thread_after = 1;
    failing_at(-1);
    cr_assert_eq(lab_shake(&result, &plan), EAGAIN);
    cr_assert_eq(failing_live(), 0);
    failing_off();
    no_thread_error = 0;
}

#if !defined(__SANITIZE_THREAD__) // which calls them races, as they are
// Until a fault is found; on one processor of a busy machine that may take a while.
static enum lab_shake_verdict verdict_on(const struct lab_lock *broken)
{
    return shake(broken, 20000).verdict;
}

static void nothing(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
}

static void store_0(void *lock, void *waiter)
{
    (void)waiter;
    // Pairs with the acquire of each lock below, whose faults are others.
    __atomic_store_n((uint32_t *)lock, 0, __ATOMIC_RELEASE);
}

Test(shaker, a_lock_that_does_nothing_is_caught)
{
    const struct lab_lock broken = {.name = "nothing", .lock = nothing, .unlock = nothing};
    cr_assert_eq(verdict_on(&broken), LAB_SHAKE_TWO_INSIDE);
}

// A look and a store in place of one step: a handful of instructions in which another may enter.
static void look_and_store(void *lock, void *waiter)
{
    (void)waiter;
    while (__atomic_load_n((uint32_t *)lock, __ATOMIC_ACQUIRE) != 0) // pairs with the release of store_0
        qsc_port_pause();
    __atomic_store_n((uint32_t *)lock, 1, __ATOMIC_RELAXED);
}

Test(shaker, a_lock_that_looks_before_it_takes_is_caught)
{
    const struct lab_lock broken = {
        .name = "look", .lock_size = 4, .lock = look_and_store, .unlock = store_0};
    cr_assert_eq(verdict_on(&broken), LAB_SHAKE_TWO_INSIDE);
}

static void exchange(void *lock, void *waiter)
{
    (void)waiter;
    // Pairs with the release of store_0.
    while (__atomic_exchange_n((uint32_t *)lock, 1, __ATOMIC_ACQUIRE) != 0)
        qsc_port_yield();
}

Test(shaker, readers_that_do_not_lock_are_caught)
{
    const struct lab_lock broken = {.name = "reads",
                                    .lock_size = 4,
                                    .lock = exchange,
                                    .unlock = store_0,
                                    .read_lock = nothing,
                                    .read_unlock = nothing};
    cr_assert_eq(verdict_on(&broken), LAB_SHAKE_READER_DISTURBED);
}

#if !defined(__SANITIZE_ADDRESS__) // which counts what a thread that is stuck keeps
// Falls asleep on a lock that is taken, and nobody wakes it.
static void sleep_while_taken(void *lock, void *waiter)
{
    (void)waiter;
    // Pairs with the release of store_0.
    while (__atomic_exchange_n((uint32_t *)lock, 1, __ATOMIC_ACQUIRE) != 0) {
        int woken = qsc_port_futex_wait(lock, 1, NULL);
        (void)woken;
    }
}

Test(shaker, a_lost_wake_up_is_caught)
{
    const struct lab_lock broken = {
        .name = "asleep", .lock_size = 4, .lock = sleep_while_taken, .unlock = store_0, .parks = true};
    const struct lab_shake_plan plan = {
        .lock = &broken, .threads = 4, .ns = 20000000000, .patience_ns = 500 * MS, .seed = 1};
    struct lab_shake_result result;
    cr_assert_eq(lab_shake(&result, &plan), 0);
    cr_assert_eq(result.verdict, LAB_SHAKE_STUCK);
    cr_assert(result.stuck);
}
#endif
#endif
