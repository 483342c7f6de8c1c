#include "tally.h"

#include "crash.h"
#include "memory.h"
#include "options.h"
#include "search.h"
#include "walk.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct qx_tally *tally;

struct qx_tally *qx_tally(void)
{
    return tally;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void qx_tally_begin(void)
{
    if (!tally)
        tally = qx_shared_memory(sizeof *tally);
    atomic_store(&tally->executions, 0);
    atomic_store(&tally->blocked, 0);
    atomic_store(&tally->drawn, 0);
    atomic_store(&tally->partial, false);
    atomic_store(&tally->limited, NULL);
    atomic_flag_clear(&tally->busy);
    atomic_store(&tally->length, 0);
    tally->schedule[0] = '\0';
    tally->began = now();
}

double qx_tally_seconds(void)
{
    return now() - tally->began;
}

static unsigned long long runs(void)
{
    return atomic_load_explicit(&tally->executions, memory_order_relaxed) +
           atomic_load_explicit(&tally->blocked, memory_order_relaxed);
}

static void keep(const int *step, int steps)
{
    const struct qx_failure *failure = qx_failure();
    while (atomic_flag_test_and_set(&tally->busy)) {
    }
    int length = steps + 1, shortest = atomic_load(&tally->length);
    bool first = shortest == 0;
    if (first) {
        tally->executions_then = tally->executions;
        tally->blocked_then = tally->blocked;
        tally->found_at = qx_tally_seconds();
    }
    if (first || (failure->fault == tally->failure.fault && length < shortest)) {
        size_t capacity;
        char *text = qx_walk_schedule(qx_search_graph(), step, steps, qx_self_number(), &capacity);
        bool fits = strlen(text) < sizeof tally->schedule;
        snprintf(tally->schedule, sizeof tally->schedule, "%s", fits ? text : "");
        qx_release_memory(text, capacity);
        tally->failure = *failure;
        atomic_store(&tally->length, length);
    }
    atomic_flag_clear(&tally->busy);
}

void qx_tally_run(enum qx_end end)
{
    atomic_fetch_add_explicit(end == QX_BLOCKED ? &tally->blocked : &tally->executions, 1,
                              memory_order_relaxed);
    if (qx_limited_loop()) {
        atomic_store(&tally->limited, qx_limited_loop());
        atomic_store(&tally->partial, true);
    }
    int steps;
    const int *step = qx_steps(&steps);
    if (end == QX_FAULT)
        keep(step, steps);
}

// A search for a shorter failing execution may take as long as that for the first, and this much more.
static const double seconds_more = 0.02;

// The clock is looked at now and then only: most executions take less time than that.
static bool is_time_over(double most)
{
    static uint64_t since, last_tick;
    if (most <= 0 || (++since < 32 && qx_ticks() == last_tick))
        return false;
    since = 0;
    last_tick = qx_ticks();
    return qx_tally_seconds() > most;
}

bool qx_tally_over(void)
{
    const struct qx_options *o = qx_options();
    bool over = (o->most_executions && runs() >= o->most_executions) || is_time_over(o->most_seconds);
    if (atomic_load_explicit(&tally->length, memory_order_relaxed) > 0)
        return over || qx_tally_seconds() > 2 * tally->found_at + seconds_more;
    if (over)
        atomic_store(&tally->partial, true);
    return over;
}

enum qx_verdict qx_tally_verdict(void)
{
    if (atomic_load(&tally->length) > 0)
        return QX_BUG;
    return atomic_load(&tally->partial) ? QX_BOUND : QX_CLEAN;
}
