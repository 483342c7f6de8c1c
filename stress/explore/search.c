#include "search.h"

#include "memory.h"
#include "walk.h"

#include <string.h>

// Where the search can still go another way: at one event.
struct decision {
    enum { READS, PLACES, REVISITS, CHOOSES } way;
    int event;
    int at;     // READS, PLACES: the store now read, or stood behind; REVISITS: the load whose turn it is
    int place;  // REVISITS: places tried for the store
    int places; // of so many
};

enum { NOT_BEGUN = -2 };

// A revisit opens a frame of its own, so that what it was made from is still there when it is done.
struct frame {
    struct qx_graph graph;
    struct decision *decision;
    int decisions, capacity;
    uint64_t number;
    int revisited; // the load; the events before it are those of the frame below
};

static struct {
    struct frame *frame;
    int depth, capacity;
    uint64_t frames; // that were ever pushed
    int changed;     // the event that is another one than in the last execution of this frame
} search;

static struct frame *top(void)
{
    return &search.frame[search.depth - 1];
}

struct qx_graph *qx_search_graph(void)
{
    return &top()->graph;
}

static struct frame *push_frame(void)
{
    search.frame = qx_room(search.frame, &search.capacity, search.depth + 1, sizeof *search.frame);
    struct frame *f = &search.frame[search.depth++];
    f->decisions = 0;
    f->number = ++search.frames;
    return f;
}

static void decide(struct frame *f, struct decision decision)
{
    f->decision = qx_room(f->decision, &f->capacity, f->decisions + 1, sizeof *f->decision);
    f->decision[f->decisions++] = decision;
}

void qx_search_begin(void)
{
    search.depth = 0;
    search.changed = 0;
    struct frame *f = push_frame();
    qx_graph_clear(&f->graph);
    qx_graph_new_thread(&f->graph, QX_NONE);
    qx_graph_add(&f->graph, 0, QX_BEGIN, QX_RELAXED, NULL);
}

static bool has_loads_outside(const struct qx_graph *g, int store)
{
    const uint32_t *prefix = qx_clock(g, store, QX_PREFIX);
    for (int r = g->location[g->event[store].location].loads; r != QX_NONE; r = g->event[r].next_load) {
        if (!qx_covers(g, prefix, r))
            return true;
    }
    return false;
}

static void decide_revisits(struct frame *f, int store)
{
    if (has_loads_outside(&f->graph, store))
        decide(f, (struct decision){.way = REVISITS, .event = store, .at = NOT_BEGUN});
}

int qx_search_load(int thread, const struct qx_event *access)
{
    struct frame *f = top();
    struct qx_graph *g = &f->graph;
    if (qx_walking())
        return qx_walk_load(g, thread, access);
    int e = qx_graph_add_load(g, thread, access), newest = g->event[e].rf;
    if (qx_graph_floor(g, access->location, qx_graph_clock_before(g, e)) != newest)
        decide(f, (struct decision){.way = READS, .event = e, .at = newest});
    if (qx_graph_writes(g, e))
        decide_revisits(f, qx_graph_add_rmw_store(g, e));
    return e;
}

int qx_search_store(int thread, const struct qx_event *access)
{
    struct frame *f = top();
    struct qx_graph *g = &f->graph;
    if (qx_walking())
        return qx_walk_store(g, thread, access);
    int e = qx_graph_add_access(g, thread, QX_STORE, access), last = g->location[access->location].last;
    qx_graph_place(g, e, last);
    if (qx_graph_floor(g, access->location, qx_graph_clock_before(g, e)) != last)
        decide(f, (struct decision){.way = PLACES, .event = e, .at = last});
    else
        decide_revisits(f, e);
    return e;
}

int qx_search_choose(int thread, int ways, const void *site)
{
    struct frame *f = top();
    int e = qx_graph_add(&f->graph, thread, QX_CHOICE, QX_RELAXED, site);
    f->graph.event[e].other = ways;
    if (qx_walking())
        f->graph.event[e].value = (qx_value)qx_walk_choose(ways);
    else if (ways > 1)
        decide(f, (struct decision){.way = CHOOSES, .event = e});
    return e;
}

// An older store for the load. A store that another read-modify-write has taken cannot be taken by this one
// as well, but this one's store can be offered to the other.
static bool next_read(struct frame *f, struct decision *d)
{
    struct qx_graph *g = &f->graph;
    int e = d->event;
    qx_graph_truncate(g, e + 1);
    int floor = qx_graph_floor(g, g->event[e].location, qx_graph_clock_before(g, e));
    while (d->at != floor) {
        d->at = g->event[d->at].mo_before;
        if (!qx_is_awaited(&g->event[e].await, qx_graph_value(g, g->event[e].location, d->at)))
            continue; // its thread would wait for a newer one, which it reads in another execution
        qx_graph_read(g, e, d->at);
        int store = qx_graph_writes(g, e) ? qx_graph_add_rmw_store(g, e) : QX_NONE;
        if (store != QX_NONE && qx_graph_claimed(g, g->event[e].location, store) &&
            g->event[g->event[g->event[store].mo_after].po_before].rf == d->at) {
            decide_revisits(f, store);
            return false;
        }
        if (qx_graph_sc(g, (int[]){e, store}, store == QX_NONE ? 1 : 2)) {
            if (store != QX_NONE)
                decide_revisits(f, store);
            return true;
        }
        qx_graph_truncate(g, e + 1);
    }
    f->decisions--;
    return false;
}

static bool next_place(struct frame *f, struct decision *d)
{
    struct qx_graph *g = &f->graph;
    int e = d->event, location = g->event[e].location;
    qx_graph_truncate(g, e + 1);
    qx_graph_displace(g, e);
    int floor = qx_graph_floor(g, location, qx_graph_clock_before(g, e));
    while (d->at != floor) {
        d->at = g->event[d->at].mo_before;
        if (qx_graph_claimed(g, location, d->at))
            continue;
        qx_graph_place(g, e, d->at);
        if (qx_graph_sc(g, &e, 1))
            return true;
        qx_graph_displace(g, e);
    }
    qx_graph_place(g, e, g->location[location].last);
    d->way = REVISITS;
    d->at = NOT_BEGUN;
    return false;
}

// Does e stand as it would if it were added now, after all that will remain of what came before it?
static bool is_maximal(const struct qx_graph *g, int e, int a)
{
    const struct qx_event *event = &g->event[e];
    const uint32_t *prefix = qx_clock(g, a, QX_PREFIX);
    if (event->kind == QX_CHOICE)
        return event->value == 0;
    if (event->kind != QX_LOAD && event->kind != QX_STORE)
        return true;
    const struct qx_graph_location *l = &g->location[event->location];
    if (event->kind == QX_STORE) {
        for (int r = l->loads; r != QX_NONE; r = g->event[r].next_load) {
            if (g->event[r].rf == e && (r <= e || qx_covers(g, prefix, r)))
                return false;
        }
    }
    int store = event->kind == QX_STORE ? e : event->rf;
    if (store > e && !qx_covers(g, prefix, store))
        return false;
    int newer = store == QX_NONE ? l->first : g->event[store].mo_after;
    for (; newer != QX_NONE; newer = g->event[newer].mo_after) {
        if (newer != a && (newer <= e || qx_covers(g, prefix, newer)))
            return false;
    }
    return true;
}

static bool may_revisit(const struct qx_graph *g, int r, int a)
{
    const uint32_t *prefix = qx_clock(g, a, QX_PREFIX);
    if (qx_covers(g, prefix, r) || !is_maximal(g, r, a))
        return false;
    for (int e = r + 1; e < a; e++) {
        if (!qx_covers(g, prefix, e) && !is_maximal(g, e, a))
            return false;
    }
    return true;
}

static int newer_of(const struct qx_graph *g, int a, int b)
{
    return qx_position(g, a) > qx_position(g, b) ? a : b;
}

// A frame in which load r reads store a, at the next of a's places. True: it is to be run.
static bool revisit(struct decision *d)
{
    int r = d->at;
    struct frame *to = push_frame(); // moves the frames
    struct qx_graph *g = &to->graph;
    int a = qx_graph_restrict(g, &search.frame[search.depth - 2].graph, r, d->event);
    int location = g->event[a].location, before = g->location[location].last;
    int floor = newer_of(g, qx_graph_floor(g, location, qx_graph_clock_before(g, r)),
                         qx_graph_floor(g, location, qx_graph_clock_before(g, a)));
    if (g->event[a].of_rmw) {
        before = g->event[g->event[a].po_before].rf;
        d->places = qx_position(g, before) >= qx_position(g, floor);
    } else {
        d->places = qx_position(g, before) - qx_position(g, floor) + 1;
        for (int i = 0; i < d->place; i++)
            before = g->event[before].mo_before;
    }
    bool possible = d->place++ < d->places && !qx_graph_claimed(g, location, before);
    if (possible) {
        qx_graph_place(g, a, before);
        qx_graph_read(g, r, a);
        int newest = a;
        if (qx_graph_writes(g, r))
            decide_revisits(to, newest = qx_graph_add_rmw_store(g, r));
        possible = g->event[newest].mo_after == QX_NONE || qx_graph_sc(g, (int[]){a, r, newest}, 3);
    }
    if (possible)
        search.changed = to->revisited = r;
    else
        search.depth--;
    return possible;
}

static bool next_revisit(struct frame *f, struct decision *d)
{
    struct qx_graph *g = &f->graph;
    qx_graph_truncate(g, d->event + 1);
    if (d->at == NOT_BEGUN) {
        d->at = g->location[g->event[d->event].location].loads;
        d->place = d->places = 0;
    }
    while (d->at != QX_NONE) {
        if (d->place ? d->place < d->places : may_revisit(g, d->at, d->event)) {
            size_t index = (size_t)(d - f->decision), frame = (size_t)(f - search.frame);
            struct decision copy = *d;
            bool pushed = revisit(&copy);
            f = &search.frame[frame];
            d = &f->decision[index];
            g = &f->graph;
            *d = copy;
            if (pushed)
                return true;
        } else {
            d->at = g->event[d->at].next_load;
            d->place = d->places = 0;
        }
    }
    f->decisions--;
    return false;
}

static bool next_choice(struct frame *f, struct decision *d)
{
    struct qx_graph *g = &f->graph;
    qx_graph_truncate(g, d->event + 1);
    if (++g->event[d->event].value < (qx_value)g->event[d->event].other)
        return true;
    f->decisions--;
    return false;
}

bool qx_search_next(void)
{
    if (qx_walking()) {
        qx_search_begin();
        return qx_walk_next();
    }
    while (search.depth > 0) {
        struct frame *f = top();
        if (f->decisions == 0) {
            search.depth--;
            continue;
        }
        struct decision *d = &f->decision[f->decisions - 1];
        search.changed = d->event;
        bool (*const next[])(struct frame *, struct decision *) = {next_read, next_place, next_revisit,
                                                                   next_choice};
        if (next[d->way](f, d))
            return true;
    }
    return false;
}

uint64_t qx_search_frame(void)
{
    return top()->number;
}

struct qx_search_kin qx_search_kin(void)
{
    return (struct qx_search_kin){search.depth, search.changed};
}

int qx_search_kept(struct qx_search_kin *kin, uint64_t frame)
{
    for (; kin->depth > 0 && search.frame[kin->depth - 1].number > frame; kin->depth--) {
        int revisited = search.frame[kin->depth - 1].revisited;
        kin->kept = revisited < kin->kept ? revisited : kin->kept;
    }
    return kin->depth > 0 && search.frame[kin->depth - 1].number == frame ? kin->kept : QX_NONE;
}

static struct frame *oldest_frame(void)
{
    struct frame *f = search.frame;
    while (f < top() && f->decisions == 0)
        f++;
    return f;
}

bool qx_search_divisible(void)
{
    int pending = 0;
    for (int i = search.depth; i > 0 && pending < 2; i--)
        pending += search.frame[i - 1].decisions;
    return pending >= 2;
}

void qx_search_keep_oldest(void)
{
    struct frame *f = oldest_frame();
    search.depth = (int)(f - search.frame) + 1;
    f->decisions = 1;
}

void qx_search_drop_oldest(void)
{
    struct frame *f = oldest_frame();
    memmove(f->decision, f->decision + 1, (size_t)--f->decisions * sizeof *f->decision);
}
