/* What the stress client's smallest batch leaves out: deadlines that pass, two who sleep at once, and the
 * unlock that hands over. Oracle: alone inside, nobody left asleep, nobody counted at the end, no newcomer
 * before a waiter. */
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

static void one_sleeps(void)
{
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(lock, NULL);
    enter_and_leave();
    scenario_join(other);
    assert(entries == 2 && mutex.word == 0);
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

static void *lock_fair(void *unused)
{
    qsc_mutex_lock(&mutex);
    entries++;
    qsc_mutex_unlock_fair(&mutex);
    return unused;
}

enum { HANDED = 4 }; // as mutex.c has it: free, but left to those who wait

static bool is_handed(void)
{
    return __atomic_load_n(&mutex.word, __ATOMIC_RELAXED) & HANDED;
}

static void handed_over(void)
{
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(lock_fair, NULL);
    qsc_mutex_unlock_fair(&mutex);
    bool handed = is_handed();
    if (qsc_mutex_trylock(&mutex)) {
        assert(!handed || entries == 1);
        qsc_mutex_unlock(&mutex);
    }
    scenario_join(other);
    assert(entries == 1 && mutex.word == 0);
}

static void locks_again(void)
{
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(lock_fair, NULL);
    qsc_mutex_unlock_fair(&mutex);
    bool handed = is_handed();
    qsc_mutex_lock(&mutex);
    assert(!handed || entries == 1);
    enter_and_leave();
    scenario_join(other);
    assert(entries == 2 && mutex.word == 0);
}

static void comes_too_late(void)
{
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(lock_fair, NULL);
    qsc_mutex_unlock_fair(&mutex);
    bool handed = is_handed();
    const struct timespec long_ago = {0};
    if (qsc_mutex_lock_until(&mutex, &long_ago) == 0) {
        assert(!handed || entries == 1);
        qsc_mutex_unlock(&mutex);
    }
    scenario_join(other);
    assert(entries == 1 && mutex.word == 0);
}

static void handed_over_too_late(void)
{
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(lock_until, NULL);
    entries++;
    qsc_mutex_unlock_fair(&mutex);
    scenario_join(other);
    assert(mutex.word == 0);
}

// It gives up while the mutex is handed over to nobody yet, and falls asleep before it is opened.
static void *give_up_and_come_again(void *unused)
{
    lock_until(NULL);
    return lock(unused);
}

static void comes_again(void)
{
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(give_up_and_come_again, NULL);
    entries++;
    qsc_mutex_unlock_fair(&mutex);
    scenario_join(other);
    assert(mutex.word == 0);
}

static void gives_up_what_it_was_handed(void)
{
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(lock_until, NULL);
    entries++;
    qsc_mutex_unlock_fair(&mutex);
    qsc_mutex_lock(&mutex);
    enter_and_leave();
    scenario_join(other);
    assert(mutex.word == 0);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"deadline-passes", deadline_passes},
        {"one-sleeps", one_sleeps},
        {"two-sleep", two_sleep},
        {"handed-over", handed_over},
        {"locks-again", locks_again},
        {"handed-over-too-late", handed_over_too_late},
        {"comes-too-late", comes_too_late},
        {"comes-again", comes_again},
        {"gives-up-what-it-was-handed", gives_up_what_it_was_handed},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
