/* Readers against writers, who come by all doors; a reader that has come, against a writer that comes again;
 * a writer that goes on as a reader. Oracle: a writer is alone; who has come as a reader waits for one writer
 * only; as many have gone as came. */
#include "scenario.h"

#include <quiesce/concurrency/pflock.h>

static qsc_pflock lock;
static int left, right; // plain and equal whenever nobody writes: the lock must order them
static _Atomic bool has_read;

static void leave_reading(void)
{
    assert(left == right);
    atomic_store_explicit(&has_read, true, memory_order_relaxed);
    qsc_pflock_read_unlock(&lock);
}

static void leave_writing(void)
{
    left++;
    right++;
    qsc_pflock_write_unlock(&lock);
}

static void *read_once(void *unused)
{
    qsc_pflock_read_lock(&lock);
    leave_reading();
    return unused;
}

static void *try_read(void *unused)
{
    if (qsc_pflock_read_trylock(&lock))
        leave_reading();
    return unused;
}

static void *write_once(void *unused)
{
    qsc_pflock_write_lock(&lock);
    leave_writing();
    return unused;
}

static void end(void)
{
    assert(lock.readers_in / 4 == lock.readers_out / 4 && lock.readers_in % 2 == 0);
    assert(lock.next_writer == lock.serving_writer);
}

static void reader(void)
{
    pthread_t thread = scenario_start(read_once, NULL);
    write_once(NULL);
    write_once(NULL);
    scenario_join(thread);
    end();
}

static void tries(void)
{
    pthread_t thread = scenario_start(try_read, NULL);
    if (qsc_pflock_write_trylock(&lock))
        leave_writing();
    write_once(NULL);
    scenario_join(thread);
    end();
}

static void two_writers(void)
{
    pthread_t writer = scenario_start(write_once, NULL), other = scenario_start(read_once, NULL);
    write_once(NULL);
    scenario_join(writer);
    scenario_join(other);
    end();
}

static void one_phase(void)
{
    qsc_pflock_write_lock(&lock);
    pthread_t thread = scenario_start(read_once, NULL);
    while (__atomic_load_n(&lock.readers_in, __ATOMIC_RELAXED) < 4) // it has come
        continue;
    leave_writing();
    qsc_pflock_write_lock(&lock);
    assert(atomic_load_explicit(&has_read, memory_order_relaxed));
    leave_writing();
    scenario_join(thread);
    end();
}

static void downgrade(void)
{
    pthread_t thread = scenario_start(write_once, NULL);
    qsc_pflock_write_lock(&lock);
    left = right += 1;
    int mine = left;
    qsc_pflock_downgrade(&lock);
    assert(left == mine);
    leave_reading();
    scenario_join(thread);
    end();
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"reader", reader},       {"tries", tries},         {"two-writers", two_writers},
        {"one-phase", one_phase}, {"downgrade", downgrade},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
