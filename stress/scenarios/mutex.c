/* What the stress client's smallest batch leaves out: deadlines that pass, and two who sleep at once. Oracle:
 * alone inside, nobody left asleep, nobody counted at the end. */
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/mutex.h>
#include <time.h>

static qsc_mutex mutex;
static int entries; // plain: the mutex must order it

static void enter_and_leave(void)
{
    entries++;
    qsc_mutex_unlock(&mutex);
}

static void *lock(void *unused)
{
    qsc_mutex_lock(&mutex);
    enter_and_leave();
    return unused;
}

static void *lock_until(void *unused)
{
    const struct timespec long_ago = {0};
    int error = qsc_mutex_lock_until(&mutex, &long_ago);
    assert(error == 0 || error == ETIMEDOUT);
    if (!error)
        enter_and_leave();
    return unused;
}

static void deadline_passes(void)
{
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(lock_until, NULL);
    enter_and_leave();
    scenario_join(other);
    assert(mutex.word == 0);
}

static void two_sleep(void)
{
    qsc_mutex_lock(&mutex);
    pthread_t threads[] = {scenario_start(lock, NULL), scenario_start(lock, NULL)};
    enter_and_leave();
    for (int i = 0; i < 2; i++)
        scenario_join(threads[i]);
    assert(entries == 3 && mutex.word == 0);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"deadline-passes", deadline_passes},
        {"two-sleep", two_sleep},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
