/* A writer against a reader, or two readers. Oracle: a reader sees all of a write or nothing of it. */
#include "scenario.h"

#include <quiesce/concurrency/rwlock.h>

static qsc_rwlock lock;
static int left, right; // plain: the lock must order them

static void *read_once(void *unused)
{
    qsc_rwlock_read_lock(&lock);
    assert(left == right);
    qsc_rwlock_read_unlock(&lock);
    return unused;
}

static void write_once(void)
{
    qsc_rwlock_write_lock(&lock);
    left++;
    right++;
    qsc_rwlock_write_unlock(&lock);
}

static void write_and_read(void)
{
    pthread_t reader = scenario_start(read_once, NULL);
    write_once();
    scenario_join(reader);
    assert(left == 1 && lock.state == 0 && lock.line.word == 0);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {{"write-and-read", write_and_read}};
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
