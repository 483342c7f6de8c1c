#include "walk.h"

#include "memory.h"

#include <string.h>

// What has been decided, from the beginning of the execution. Every way but the first costs something.
struct decision {
    int taken, ways;
    enum cost { NOTHING, PREEMPTION, STALENESS, COSTS } cost;
};

static struct {
    struct decision *decision;
    int decisions, capacity;
    int depth; // so many of them this execution has met
    int bound[COSTS], used[COSTS];
    bool cut; // something was too dear
} bounded;

static void begin(void)
{
    bounded.depth = 0;
    memset(bounded.used, 0, sizeof bounded.used);
}

static int decide(int ways, enum cost cost)
{
    if (ways == 1)
        return 0;
    if (bounded.depth == bounded.decisions) {
        bounded.decision =
            qx_room(bounded.decision, &bounded.capacity, bounded.decisions + 1, sizeof *bounded.decision);
        bool spent = bounded.bound[cost] != QX_NO_BOUND && bounded.used[cost] >= bounded.bound[cost];
        bounded.cut = bounded.cut || spent;
        bounded.decision[bounded.decisions++] = (struct decision){.ways = spent ? 1 : ways, .cost = cost};
    }
    const struct decision *d = &bounded.decision[bounded.depth++];
    bounded.used[d->cost] += d->taken > 0;
    return d->taken;
}

static int pick(int current, const int *able, int n)
{
    int self = 0;
    while (self < n && able[self] != current)
        self++;
    if (self == n)
        return able[decide(n, NOTHING)];
    int way = decide(n, PREEMPTION); // the current one is the first
    return way == 0 ? current : able[way <= self ? way - 1 : way];
}

static int choose(int ways, enum qx_choice kind)
{
    return decide(ways, kind == QX_CHOOSES_WAY ? NOTHING : STALENESS);
}

static void step(void)
{
}

static bool next(void)
{
    while (bounded.decisions > 0) {
        struct decision *d = &bounded.decision[bounded.decisions - 1];
        if (++d->taken < d->ways)
            break;
        bounded.decisions--;
    }
    begin();
    return bounded.decisions > 0;
}

void qx_walk_bounded(int preemptions, int stale)
{
    static const struct qx_policy within = {pick, choose, step, next, .repeats = NULL};
    bounded.bound[NOTHING] = QX_NO_BOUND;
    bounded.bound[PREEMPTION] = preemptions;
    bounded.bound[STALENESS] = stale;
    bounded.decisions = 0;
    bounded.cut = false;
    begin();
    qx_walk(&within);
}

bool qx_walk_met_bound(void)
{
    return bounded.cut;
}
