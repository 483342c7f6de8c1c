/* Sleepers that wait for a flag each, or for one together, and a thread that notifies all of them, or one by
 * one. Oracle: nobody is left asleep. */
#include "scenario.h"

#include <quiesce/concurrency/eventcount.h>

static struct qsc_eventcount event;
static _Atomic int tokens;

// seq_cst: see eventcount.h
static bool take(void)
{
    int seen = atomic_load(&tokens);
    while (seen > 0)
        if (atomic_compare_exchange_strong(&tokens, &seen, seen - 1))
            return true;
    return false;
}

static void *wait_for_token(void *unused)
{
    for (;;) {
        uint32_t key = qsc_eventcount_prepare(&event);
        if (take())
            break;
        int error = qsc_eventcount_wait_cancellable(&event, key, NULL, NULL);
        assert(error == 0);
    }
    qsc_eventcount_leave(&event);
    return unused;
}

static void give(int count)
{
    atomic_fetch_add(&tokens, count);
    qsc_eventcount_notify(&event, (uint32_t)count);
}

static void one(void)
{
    pthread_t waiter = scenario_start(wait_for_token, NULL);
    give(1);
    scenario_join(waiter);
    assert(event.threads == 0);
}

static void two_at_once(void)
{
    pthread_t waiters[] = {scenario_start(wait_for_token, NULL), scenario_start(wait_for_token, NULL)};
    give(2);
    for (int i = 0; i < 2; i++)
        scenario_join(waiters[i]);
    assert(event.threads == 0);
}

static void one_by_one(void)
{
    pthread_t waiters[] = {scenario_start(wait_for_token, NULL), scenario_start(wait_for_token, NULL)};
    give(1);
    give(1);
    for (int i = 0; i < 2; i++)
        scenario_join(waiters[i]);
    assert(event.threads == 0);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"one", one},
        {"two-at-once", two_at_once},
        {"one-by-one", one_by_one},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
