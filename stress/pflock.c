/* The members of reader_writer.h, without deadlines. Oracle, besides theirs: as many have gone as came. */
#include <quiesce/concurrency/pflock.h>

static qsc_pflock lock;
#define RW(call) qsc_pflock_##call
#define RW_UNTIL(call) NULL
#include "reader_writer.h"

static long batch(void)
{
    lock = (qsc_pflock)QSC_PFLOCK_INIT;
    long met = all_come_and_go();
    assert(lock.readers_in / 4 == lock.readers_out / 4 && lock.readers_in % 2 == 0);
    assert(lock.next_writer == lock.serving_writer);
    return met;
}

int main(void)
{
    return stress_repeat("entries that found the lock closed", batch, 500);
}
