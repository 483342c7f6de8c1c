/* One who waits for a flag and one who sets it. Oracle: nobody is left asleep, what was set with the flag is
 * seen. */
#include "scenario.h"

#include <quiesce/concurrency/condvar.h>

static qsc_mutex mutex;
static qsc_condvar changed;
static bool flag; // plain: the mutex must order it

static void *set(void *unused)
{
    qsc_mutex_lock(&mutex);
    flag = true;
    qsc_mutex_unlock(&mutex);
    qsc_condvar_signal(&changed);
    return unused;
}

static void wait_for_flag(void)
{
    pthread_t other = scenario_start(set, NULL);
    qsc_mutex_lock(&mutex);
    while (!flag)
        qsc_condvar_wait(&changed, &mutex);
    qsc_mutex_unlock(&mutex);
    scenario_join(other);
    assert(mutex.word == 0 && changed.waiting == 0);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {{"wait-for-flag", wait_for_flag}};
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
