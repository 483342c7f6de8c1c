/* A thread waits for a lock while its statistics come, are read, and go. Oracle: a wait is counted once or
 * not at all, what the section counts is whole, and what was detached and freed is not touched. */
#include "scenario.h"

#include <quiesce/concurrency/lock_stats.h>
#include <quiesce/concurrency/mutex.h>
#include <stdlib.h>

static qsc_mutex mutex;

static void *enter(void *unused)
{
    qsc_mutex_lock(&mutex);
    qsc_mutex_unlock(&mutex);
    return unused;
}

static void *enter_counted(void *stats)
{
    qsc_mutex_lock(&mutex);
    qsc_lock_stats_count(stats);
    qsc_mutex_unlock(&mutex);
    return NULL;
}

static void two_count(void)
{
    static struct qsc_lock_stats stats;
    qsc_lock_stats_attach(&stats, &mutex);
    pthread_t other = scenario_start(enter_counted, &stats);
    enter_counted(&stats);
    struct qsc_lock_counts early = qsc_lock_stats_read(&stats);
    scenario_join(other);
    struct qsc_lock_counts counts = qsc_lock_stats_read(&stats);
    assert(early.operations >= 1 && early.operations <= 2 && early.owner_switches <= 1);
    assert(counts.operations == 2 && counts.owner_switches == 1 && counts.contended <= 1);
}

static void detach_in_a_wait(void)
{
    struct qsc_lock_stats *stats = calloc(1, sizeof *stats);
    assert(stats);
    qsc_lock_stats_attach(stats, &mutex);
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(enter, NULL);
    qsc_mutex_unlock(&mutex);
    qsc_lock_stats_detach(stats);
    assert(stats->counts.contended <= 1);
    free(stats);
    scenario_join(other);
}

static void attach_in_a_wait(void)
{
    static struct qsc_lock_stats stats;
    qsc_mutex_lock(&mutex);
    pthread_t other = scenario_start(enter, NULL);
    qsc_mutex_unlock(&mutex);
    qsc_lock_stats_attach(&stats, &mutex); // which the mutex does not order before the other's look
    scenario_join(other);
    assert(qsc_lock_stats_read(&stats).contended <= 1);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"two-count", two_count},
        {"detach-in-a-wait", detach_in_a_wait},
        {"attach-in-a-wait", attach_in_a_wait},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
