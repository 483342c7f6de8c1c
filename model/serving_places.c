#define _GNU_SOURCE /* sched_setaffinity */

#include "serving_round.h"

#include <unistd.h>

void qsc_serving_places_init(struct qsc_serving_places *places)
{
    *places = (struct qsc_serving_places){.processors = 1};
    if (sched_getaffinity(0, sizeof places->allowed, &places->allowed) != 0)
        return; /* more processors than cpu_set_t holds: nothing is held anywhere */
    places->processors = CPU_COUNT(&places->allowed);
    places->pinned = true;
}

void qsc_serving_places_hold(struct qsc_serving_places *places, int n)
{
    int wanted = n % places->processors;
    for (size_t cpu = 0; places->pinned && cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &places->allowed) || wanted-- > 0)
            continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (sched_setaffinity(0, sizeof one, &one) != 0)
            __atomic_store_n(&places->pinned, false,
                             __ATOMIC_RELAXED); /* read after the threads are joined */
        return;
    }
}

void qsc_serving_places_leave(const struct qsc_serving_places *places)
{
    if (CPU_COUNT(&places->allowed) > 0)
        (void)sched_setaffinity(0, sizeof places->allowed, &places->allowed);
}

int qsc_serving_processors(void)
{
    struct qsc_serving_places places;
    qsc_serving_places_init(&places);
    return places.processors;
}
