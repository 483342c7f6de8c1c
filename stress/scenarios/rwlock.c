/* A writer against a reader; and what the stress client leaves out where all executions are explored: a
 * writer that goes on as a reader, while a reader waits, whom it awaits, or another writer. Oracle: a reader
 * sees all of a write or nothing of it; both are readers after a downgrade, and the other writer comes after;
 * nobody counted at the end. */
#include "scenario.h"

#include <quiesce/concurrency/rwlock.h>

static qsc_rwlock lock;
static int left, right; // plain: the lock must order them
static _Atomic bool has_read;

static void *read_once(void *unused)
{
    qsc_rwlock_read_lock(&lock);
    assert(left == right);
    atomic_store_explicit(&has_read, true, memory_order_relaxed);
    qsc_rwlock_read_unlock(&lock);
    return unused;
}

static void write_in_section(void)
{
    left++;
    right++;
}

static void *write_once(void *unused)
{
    qsc_rwlock_write_lock(&lock);
    write_in_section();
    qsc_rwlock_write_unlock(&lock);
    return unused;
}

static void check_end(int writes)
{
    assert(left == writes && lock.state == 0 && lock.line.word == 0);
}

static void write_and_read(void)
{
    pthread_t reader = scenario_start(read_once, NULL);
    write_once(NULL);
    scenario_join(reader);
    check_end(1);
}

static void downgrade_before_reader(void)
{
    qsc_rwlock_write_lock(&lock);
    pthread_t reader = scenario_start(read_once, NULL);
    write_in_section();
    qsc_rwlock_downgrade(&lock);
    while (!atomic_load_explicit(&has_read, memory_order_relaxed))
        continue;
    qsc_rwlock_read_unlock(&lock);
    scenario_join(reader);
    check_end(1);
}

static void downgrade_before_writer(void)
{
    qsc_rwlock_write_lock(&lock);
    pthread_t writer = scenario_start(write_once, NULL);
    write_in_section();
    qsc_rwlock_downgrade(&lock);
    assert(left == 1);
    qsc_rwlock_read_unlock(&lock);
    scenario_join(writer);
    check_end(2);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"downgrade-before-reader", downgrade_before_reader},
        {"downgrade-before-writer", downgrade_before_writer},
        {"write-and-read", write_and_read},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
