#include "futex.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/rwlock.h>

static qsc_rwlock lock;
#define RW(call) qsc_rwlock_##call
#define SUITE rwlock

static bool asleep(long threads)
{
    return futex_sleepers(&lock.state) + futex_sleepers(&lock.line.word) == threads;
}

static void assert_unlocked(void)
{
    static const qsc_rwlock zero;
    cr_assert_arr_eq(&lock, &zero, sizeof zero, "state %x line %x", lock.state, lock.line.word);
}

#include "sleeping_rwlock.h"

static void reset(void)
{
    forget();
    lock = (qsc_rwlock)QSC_RWLOCK_INIT;
}

TestSuite(rwlock, .init = reset, .timeout = 30);

Test(rwlock, zero_bytes_are_an_unlocked_lock)
{
    cr_assert_eq(sizeof lock, 8);
    assert_unlocked();
    qsc_rwlock_read_lock(&lock);
    qsc_rwlock_read_unlock(&lock);
    qsc_rwlock_write_lock(&lock);
    qsc_rwlock_write_unlock(&lock);
    assert_unlocked();
    cr_assert_eq(futex_waits + futex_wakes, 0, "uncontended it entered the kernel");
}

Test(rwlock, excludes_whatever_the_futex_answers)
{
    excludes();
}
