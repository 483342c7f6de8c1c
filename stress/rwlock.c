/* The members of reader_writer.h. Oracle, besides theirs: nobody is counted as inside or waiting at the end:
 * the arrivals and departures of the readers balance and the lock can be taken at once. */
#include <quiesce/concurrency/rwlock.h>

static qsc_rwlock lock;
#define RW(call) qsc_rwlock_##call
#define RW_UNTIL(call) RW(call)
#include "reader_writer.h"

static void *give_up(void *unused)
{
    struct timespec now = stress_soon(0);
    assert(qsc_rwlock_read_lock_until(&lock, &now) == ETIMEDOUT);
    return unused;
}

static long batch(void)
{
    lock = (qsc_rwlock)QSC_RWLOCK_INIT;
    long met = all_come_and_go();

    // The last one in line gives up: nobody comes after it who could clear up what it leaves.
    qsc_rwlock_write_lock(&lock);
    stress_threads(1, give_up, &lock, 0);
    qsc_rwlock_write_unlock(&lock);
    assert(lock.state == 0 && lock.line.word == 0);
    return met;
}

int main(void)
{
    return stress_repeat("entries that found the lock closed", batch, 500);
}
