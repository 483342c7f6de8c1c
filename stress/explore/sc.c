/* RC11's axiom of sequential consistency (Lahav et al., Repairing sequential consistency in C/C++11, PLDI
 * 2017): scb = po U po|!=loc ; hb ; po|!=loc U hb|loc U mo U rb psc = ([E^sc] U [F^sc] ; hb?) ; scb ; ([E^sc]
 * U hb? ; [F^sc])  U  [F^sc] ; (hb U hb ; eco ; hb) ; [F^sc]   is acyclic. The graph satisfied it before some
 * events changed, so a cycle leads through an edge that those make: it begins at one of them, or at a fence
 * that comes before one of them. From there the edges are found as they are needed. */
#include "graph.h"
#include "memory.h"

#include <limits.h>
#include <string.h>

// Scratch space, kept between calls.
static struct scratch {
    int capacity, locations;
    int *events; // those of order seq_cst
    int count;
    bool *start;       // for each event: is it in [E^sc] U [F^sc] ; hb?
    bool *reached;     // and then in scb behind it
    int *store, *load; // for each location, the least place of a store, or read by a load, in `start`
    int threads;
    uint32_t *first_reached, *first_by_eco; // for each thread, the least index of such an event
    int *begin, *end;   // for each thread, its part of `events`, and where those begin that were reached
    bool *known, *seen; // for each of `events`: are its edges known; was it reached in this search
    int *rank;          // for each event of order seq_cst: its place in `events`
    int *path;          // still to be followed
    size_t edge_bytes;
    bool *edge; // rows of psc
} s;

static void reserve(const struct qx_graph *g)
{
    if (g->events > s.capacity) {
        size_t old = (size_t)s.capacity, n = 2 * (size_t)g->events;
        s.events = qx_grow(s.events, old * sizeof(int), n * sizeof(int));
        s.rank = qx_grow(s.rank, old * sizeof(int), n * sizeof(int));
        s.path = qx_grow(s.path, old * sizeof(int), n * sizeof(int));
        s.start = qx_grow(s.start, old, n);
        s.reached = qx_grow(s.reached, old, n);
        s.known = qx_grow(s.known, old, n);
        s.seen = qx_grow(s.seen, old, n);
        s.capacity = (int)n;
    }
    if (g->threads > s.threads) {
        size_t old = (size_t)s.threads * sizeof(uint32_t), new = (size_t)g->threads * sizeof(uint32_t);
        s.first_reached = qx_grow(s.first_reached, old, new);
        s.first_by_eco = qx_grow(s.first_by_eco, old, new);
        s.begin = qx_grow(s.begin, old, new);
        s.end = qx_grow(s.end, old, new);
        s.threads = g->threads;
    }
    if (g->locations > s.locations) {
        size_t old = (size_t)s.locations * sizeof(int), new = (size_t)g->location_capacity * sizeof(int);
        s.store = qx_grow(s.store, old, new);
        s.load = qx_grow(s.load, old, new);
        s.locations = g->location_capacity;
    }
}

static bool before(const struct qx_graph *g, int a, int b)
{
    return a != b && qx_covers(g, qx_clock(g, b, QX_HB), a);
}

static int place(const struct qx_graph *g, int access)
{
    return g->event[access].kind == QX_STORE ? g->event[access].mo : qx_position(g, g->event[access].rf);
}

// The places from which mo and rb lead on, for each location.
static void find_places(const struct qx_graph *g)
{
    for (int l = 0; l < g->locations; l++)
        s.store[l] = s.load[l] = INT_MAX;
    for (int e = 0; e < g->events; e++) {
        const struct qx_event *event = &g->event[e];
        if (!s.start[e] || event->location == QX_NONE)
            continue;
        int *least = (event->kind == QX_STORE ? s.store : s.load) + event->location;
        *least = place(g, e) < *least ? place(g, e) : *least;
    }
}

static bool by_mo_or_rb(const struct qx_graph *g, int e)
{
    const struct qx_event *event = &g->event[e];
    return event->kind == QX_STORE &&
           (event->mo > s.store[event->location] || event->mo > s.load[event->location]);
}

static bool by_eco(const struct qx_graph *g, int e)
{
    const struct qx_event *event = &g->event[e];
    if (event->location == QX_NONE)
        return false;
    return by_mo_or_rb(g, e) || (event->kind == QX_LOAD && (place(g, e) >= s.store[event->location] ||
                                                            place(g, e) > s.load[event->location]));
}

// Of what happens before e, only what e itself acquires is not in program order behind something in `start`.
static bool by_hb_at_location(const struct qx_graph *g, int e)
{
    const struct qx_event *event = &g->event[e];
    if (event->kind != QX_LOAD || !qx_acquires(event->order))
        return false;
    const struct qx_graph_location *l = &g->location[event->location];
    for (int a = l->first; a != QX_NONE; a = g->event[a].mo_after) {
        if (s.start[a] && before(g, a, e))
            return true;
    }
    for (int a = l->loads; a != QX_NONE; a = g->event[a].next_load) {
        if (s.start[a] && before(g, a, e))
            return true;
    }
    return false;
}

// The nearest event after (before) e in program order that is not an access to e's location.
static int elsewhere(const struct qx_graph *g, int e, bool after)
{
    int at = e;
    do
        at = after ? g->event[at].po_after : g->event[at].po_before;
    while (at != QX_NONE && g->event[at].location != QX_NONE &&
           g->event[at].location == g->event[e].location);
    return at;
}

static void note(const struct qx_graph *g, int e, uint32_t *first)
{
    const struct qx_event *event = &g->event[e];
    if ((uint32_t)event->index < first[event->thread])
        first[event->thread] = (uint32_t)event->index;
}

// scb from the events in s.start. From a fence they are all that happens after it, so that its third kind,
// through other locations, is program order too.
static void reach(const struct qx_graph *g, int from)
{
    bool fence = g->event[from].kind == QX_FENCE;
    for (int e = 0; e < g->events; e++)
        s.start[e] = e == from || (fence && before(g, from, e));
    find_places(g);
    memset(s.first_reached, 0xFF, (size_t)g->threads * sizeof *s.first_reached);
    memset(s.first_by_eco, 0xFF, (size_t)g->threads * sizeof *s.first_by_eco);
    int departure = fence ? QX_NONE : elsewhere(g, from, true);
    for (int e = 0; e < g->events; e++) {
        int back = g->event[e].po_before;
        bool reached =
            fence ? back != QX_NONE && s.start[back]
                  : g->event[e].thread == g->event[from].thread && g->event[e].index > g->event[from].index;
        reached = reached || by_mo_or_rb(g, e) || by_hb_at_location(g, e);
        if (!reached && departure != QX_NONE) {
            int arrival = elsewhere(g, e, false);
            reached = arrival != QX_NONE && (arrival == departure || before(g, departure, arrival));
        }
        s.reached[e] = reached;
        if (reached)
            note(g, e, s.first_reached);
        if (fence && by_eco(g, e))
            note(g, e, s.first_by_eco);
    }
}

// Does one of these, or what happens after it, come before the fence?
static bool leads_to(const struct qx_graph *g, const uint32_t *first, int fence)
{
    const uint32_t *hb = qx_clock(g, fence, QX_HB);
    for (int t = 0; t < g->threads; t++) {
        if (first[t] < hb[t])
            return true;
    }
    return false;
}

// The part of scb that follows from x happening before y.
static bool scb_by_hb(const struct qx_graph *g, int x, int y)
{
    if (g->event[x].location == g->event[y].location)
        return true;
    int departure = elsewhere(g, x, true), arrival = elsewhere(g, y, false);
    return departure != QX_NONE && arrival != QX_NONE && before(g, departure, arrival);
}

// Where no fence is, psc is scb between accesses. It goes on in program order, so of a thread those that are
// reached are the last ones: all from `end` on.
static void extend(int thread, int from, int *waiting)
{
    while (s.end[thread] > from)
        s.path[(*waiting)++] = s.events[--s.end[thread]];
}

static void follow(const struct qx_graph *g, int x, int *waiting)
{
    const struct qx_event *event = &g->event[x];
    for (int t = 0; t < g->threads; t++) {
        int low = s.begin[t], high = s.end[t];
        while (low < high) { // the first that x happens before
            int middle = (low + high) / 2;
            if (before(g, x, s.events[middle]))
                high = middle;
            else
                low = middle + 1;
        }
        while (low < s.end[t] && t != event->thread && !scb_by_hb(g, x, s.events[low]))
            low++;
        extend(t, low, waiting);
    }
    int newer = event->kind == QX_STORE ? event->mo_after
                : event->rf == QX_NONE  ? g->location[event->location].first
                                        : g->event[event->rf].mo_after;
    for (; newer != QX_NONE; newer = g->event[newer].mo_after) {
        if (g->event[newer].order == QX_SEQ_CST && newer != x)
            extend(g->event[newer].thread, s.rank[newer], waiting);
    }
}

static bool on_cycle_without_fences(const struct qx_graph *g, int source)
{
    int waiting = 0, thread = g->event[source].thread;
    for (int i = 0; i < s.count; i++) // each thread's stand together
        s.end[g->event[s.events[i]].thread] = i + 1;
    s.path[waiting++] = source;
    while (waiting > 0) {
        follow(g, s.path[--waiting], &waiting);
        if (s.end[thread] <= s.rank[source])
            return true;
    }
    return false;
}

static void find_edges(const struct qx_graph *g, int i)
{
    int from = s.events[i];
    bool fence = g->event[from].kind == QX_FENCE;
    bool *row = s.edge + (size_t)i * (size_t)s.count;
    s.known[i] = true;
    reach(g, from);
    for (int j = 0; j < s.count; j++) {
        int to = s.events[j];
        row[j] = g->event[to].kind != QX_FENCE
                     ? s.reached[to]
                     : leads_to(g, s.first_reached, to) ||
                           (fence && (before(g, from, to) || leads_to(g, s.first_by_eco, to)));
    }
}

// Marks what was reached; true if it is the source. With a fence the later ones of its thread are reached
// too, and lead nowhere that it does not lead.
static bool arrive(const struct qx_graph *g, int at, int source, int *waiting)
{
    bool fence = g->event[s.events[at]].kind == QX_FENCE;
    int thread = g->event[s.events[at]].thread;
    s.seen[at] = true;
    s.path[(*waiting)++] = at;
    for (int i = at; fence && i < s.count && g->event[s.events[i]].thread == thread; i++) {
        if (g->event[s.events[i]].kind != QX_FENCE)
            continue;
        s.seen[i] = true;
        if (i == source)
            return true;
    }
    return at == source;
}

static bool on_cycle(const struct qx_graph *g, int source)
{
    memset(s.seen, false, (size_t)s.count);
    int waiting = 0;
    s.path[waiting++] = source;
    while (waiting > 0) {
        int i = s.path[--waiting];
        if (!s.known[i])
            find_edges(g, i);
        for (int j = 0; j < s.count; j++) {
            bool reached = s.edge[(size_t)i * (size_t)s.count + (size_t)j] && !s.seen[j];
            if (reached && arrive(g, j, source, &waiting))
                return true;
        }
    }
    return false;
}

// An event that changed is one, and so is, of the fences before it, the last of each thread: an earlier one
// on a cycle leads to the last one, which leads on as it does.
static bool is_source(const struct qx_graph *g, int at, const int *changed, int n)
{
    int e = s.events[at], thread = g->event[e].thread;
    int next = at + 1;
    while (next < s.count && g->event[s.events[next]].thread == thread &&
           g->event[s.events[next]].kind != QX_FENCE)
        next++;
    bool last = next == s.count || g->event[s.events[next]].thread != thread;
    for (int i = 0; i < n; i++) {
        if (e == changed[i])
            return true;
        if (changed[i] != QX_NONE && g->event[e].kind == QX_FENCE && before(g, e, changed[i]) &&
            (last || !before(g, s.events[next], changed[i])))
            return true;
    }
    return false;
}

static void collect(const struct qx_graph *g)
{
    s.count = 0;
    for (int t = 0; t < g->threads; t++) {
        s.begin[t] = s.end[t] = s.count;
        for (int e = g->thread[t].count ? g->thread[t].first : QX_NONE; e != QX_NONE;
             e = g->event[e].po_after) {
            if (g->event[e].order != QX_SEQ_CST)
                continue;
            s.rank[e] = s.count;
            s.events[s.count++] = e;
        }
    }
}

static bool is_concerned(const struct qx_graph *g, const int *changed, int n)
{
    bool concerned = g->fences > 0;
    for (int i = 0; i < n; i++)
        concerned = concerned || (changed[i] != QX_NONE && g->event[changed[i]].order == QX_SEQ_CST);
    return concerned;
}

bool qx_graph_sc(const struct qx_graph *g, const int *changed, int n)
{
    if (!is_concerned(g, changed, n))
        return true;
    reserve(g);
    collect(g);
    for (int i = 0; i < n && g->fences == 0; i++) {
        if (changed[i] != QX_NONE && g->event[changed[i]].order == QX_SEQ_CST &&
            on_cycle_without_fences(g, changed[i]))
            return false;
    }
    if (g->fences == 0)
        return true;
    size_t bytes = (size_t)s.count * (size_t)s.count;
    if (bytes > s.edge_bytes) {
        s.edge = qx_grow(s.edge, s.edge_bytes, 2 * bytes);
        s.edge_bytes = 2 * bytes;
    }
    memset(s.known, false, (size_t)s.count);
    for (int i = 0; i < s.count; i++) {
        if (is_source(g, i, changed, n) && on_cycle(g, i))
            return false;
    }
    return true;
}
