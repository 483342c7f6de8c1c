#include "walk.h"

#include "machine.h"
#include "memory.h"

static struct {
    const struct qx_policy *policy;
    // Stores that an access can choose from: how many newer ones each has.
    int *older;
    int capacity;
} walk;

void qx_walk(const struct qx_policy *policy)
{
    walk.policy = policy;
}

bool qx_walking(void)
{
    return walk.policy;
}

bool qx_walk_next(void)
{
    return walk.policy->next();
}

int qx_walk_thread(int current, const int *able, int n)
{
    return walk.policy->pick(current, able, n);
}

void qx_walk_step(void)
{
    walk.policy->step();
}

int qx_walk_choose(int ways)
{
    return walk.policy->choose(ways, QX_CHOOSES_WAY);
}

bool qx_walk_repeats(void)
{
    return walk.policy && walk.policy->repeats && walk.policy->repeats();
}

static void add_older(int n, int older)
{
    walk.older = qx_room(walk.older, &walk.capacity, n + 1, sizeof *walk.older);
    walk.older[n] = older;
}

static int older_store(const struct qx_graph *g, int location, int older)
{
    int store = g->location[location].last;
    while (older-- > 0 && store != QX_NONE)
        store = g->event[store].mo_before;
    return store;
}

// Makes load e, the last event, read the store; false if that is impossible, and then it has no store of its
// own.
static bool try_read(struct qx_graph *g, int e, int store)
{
    qx_graph_read(g, e, store);
    if (!qx_graph_writes(g, e))
        return qx_graph_sc(g, &e, 1);
    if (qx_graph_claimed(g, g->event[e].location, store))
        return false;
    int own = qx_graph_add_rmw_store(g, e);
    if (qx_graph_sc(g, (int[]){e, own}, 2))
        return true;
    qx_graph_truncate(g, e + 1);
    return false;
}

bool qx_walk_lacks(const struct qx_graph *g, int thread, const struct qx_event *access)
{
    if (!qx_walking() || qx_walk_repeats() || access->await.what == QX_ANYTHING)
        return false;
    int floor = qx_graph_floor(g, access->location, qx_clock(g, g->thread[thread].last, QX_HB));
    for (int s = g->location[access->location].last;; s = g->event[s].mo_before) {
        bool taken = access->rmw.op != QX_NO_OP && qx_graph_claimed(g, access->location, s);
        if (!taken && qx_is_awaited(&access->await, qx_graph_value(g, access->location, s)))
            return false;
        if (s == floor)
            return true;
    }
}

// The stores that load e may read and, if any is there, whose value it awaits.
static int readable(struct qx_graph *g, int e)
{
    int n = 0, older = 0, location = g->event[e].location;
    int floor = qx_graph_floor(g, location, qx_graph_clock_before(g, e));
    for (int s = g->location[location].last;; s = g->event[s].mo_before, older++) {
        if (qx_is_awaited(&g->event[e].await, qx_graph_value(g, location, s)) && try_read(g, e, s))
            add_older(n++, older);
        qx_graph_truncate(g, e + 1);
        if (s == floor)
            break;
    }
    if (n == 0)
        add_older(n++, 0);
    return n;
}

static int choose_older(int n, enum qx_choice kind)
{
    return walk.older[walk.policy->choose(n, kind)];
}

int qx_walk_load(struct qx_graph *g, int thread, const struct qx_event *access)
{
    int e = qx_graph_add_load(g, thread, access), older = 0;
    if (qx_walk_repeats())
        older = walk.policy->choose(g->events, QX_CHOOSES_READ);
    else if (access->await.what != QX_ANYTHING || !qx_self()->fresh)
        older = choose_older(readable(g, e), QX_CHOOSES_READ);
    try_read(g, e, older_store(g, access->location, older));
    return e;
}

// Where the new store e may stand.
static int places(struct qx_graph *g, int e)
{
    int n = 0, older = 0, location = g->event[e].location;
    int floor = qx_graph_floor(g, location, qx_graph_clock_before(g, e));
    for (int s = g->location[location].last;; s = g->event[s].mo_before, older++) {
        if (!qx_graph_claimed(g, location, s)) {
            qx_graph_place(g, e, s);
            if (qx_graph_sc(g, &e, 1))
                add_older(n++, older);
            qx_graph_displace(g, e);
        }
        if (s == floor)
            return n;
    }
}

int qx_walk_store(struct qx_graph *g, int thread, const struct qx_event *access)
{
    int e = qx_graph_add_access(g, thread, QX_STORE, access);
    int older = qx_walk_repeats() ? walk.policy->choose(g->events, QX_CHOOSES_PLACE)
                                  : choose_older(places(g, e), QX_CHOOSES_PLACE);
    qx_graph_place(g, e, older_store(g, access->location, older));
    return e;
}
