/* A reader against a writer, each by all its doors; two writers against a reader; a writer that goes on as a
 * reader; readers that have no memory for a word of their own. Oracle: a writer is alone, readers see whole
 * updates, nobody is left asleep, nobody counted at the end. */
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/brlock.h>
#include <time.h>

static qsc_brlock lock;
static int left, right; // plain and equal whenever nobody writes: the lock must order them
static const struct timespec long_ago;

static void begin(void)
{
    int error = qsc_brlock_init(&lock);
    assert(error == 0);
}

static void end(void)
{
    assert(lock.state == 0 && lock.others == 0);
    for (uint32_t *word = NULL; (word = qsc_per_thread_next(&lock.readers, word));)
        assert(*word == 0);
    qsc_brlock_fini(&lock);
}

static void leave_reading(void)
{
    assert(left == right);
    qsc_brlock_read_unlock(&lock);
}

static void leave_writing(void)
{
    left++;
    right++;
    qsc_brlock_write_unlock(&lock);
}

static void *read_once(void *unused)
{
    qsc_brlock_read_lock(&lock);
    leave_reading();
    return unused;
}

static void *try_read(void *unused)
{
    if (qsc_brlock_read_trylock(&lock))
        leave_reading();
    return unused;
}

static void *read_until(void *unused)
{
    int error = qsc_brlock_read_lock_until(&lock, &long_ago);
    assert(error == 0 || error == ETIMEDOUT);
    if (!error)
        leave_reading();
    return unused;
}

static void *write_once(void *unused)
{
    qsc_brlock_write_lock(&lock);
    leave_writing();
    return unused;
}

static void against(void *(*other)(void *), void (*mine)(void))
{
    begin();
    pthread_t thread = scenario_start(other, NULL);
    mine();
    scenario_join(thread);
    end();
}

static void write_twice(void)
{
    write_once(NULL);
    write_once(NULL);
}

static void reader(void)
{
    against(read_once, write_twice);
}

static void write_alone(void)
{
    write_once(NULL);
}

static void one_write(void)
{
    against(read_once, write_alone);
}

static void write_if_free(void)
{
    if (qsc_brlock_write_trylock(&lock))
        leave_writing();
}

static void tries(void)
{
    against(try_read, write_if_free);
}

static void write_until(void)
{
    int error = qsc_brlock_write_lock_until(&lock, &long_ago);
    assert(error == 0 || error == ETIMEDOUT);
    if (!error)
        leave_writing();
}

static void deadline_passes(void)
{
    against(read_until, write_until);
}

static void two_writers(void)
{
    begin();
    qsc_brlock_write_lock(&lock);
    pthread_t writer = scenario_start(write_once, NULL), other = scenario_start(read_once, NULL);
    leave_writing();
    scenario_join(writer);
    scenario_join(other);
    end();
}

static void go_on_reading(void)
{
    qsc_brlock_write_lock(&lock);
    left = right += 1;
    qsc_brlock_downgrade(&lock);
    leave_reading();
}

static void downgrade(void)
{
    against(write_once, go_on_reading);
}

static void *no_memory(void *context, size_t bytes, size_t align)
{
    (void)context, (void)bytes, (void)align;
    return NULL;
}

static void *no_more(void *context, void *memory, size_t bytes)
{
    (void)context, (void)memory, (void)bytes;
    return NULL;
}

static void without_memory(void)
{
    static struct qsc_allocator none;
    begin();
    none = (struct qsc_allocator){.allocate = no_memory, .reallocate = no_more};
    qsc_alloc_set(&none);
    pthread_t thread = scenario_start(read_once, NULL);
    write_once(NULL);
    scenario_join(thread);
    qsc_alloc_set(NULL);
    end();
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"one-write", one_write},
        {"reader", reader},
        {"tries", tries},
        {"deadline-passes", deadline_passes},
        {"two-writers", two_writers},
        {"downgrade", downgrade},
        {"without-memory", without_memory},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
