#include "idle.h"

#include "machine.h"
#include "search.h"

// A thread's stores to a location, from `since` on to event `last`, which is the newest of them: do they
// follow each other, and leave the value that was there before?
static bool is_taken_back(const struct qx_graph *g, int last, uint32_t since)
{
    const struct qx_event *newest = &g->event[last];
    int before = newest->mo_before;
    for (int e = newest->po_before; e != QX_NONE && (uint32_t)g->event[e].index >= since;
         e = g->event[e].po_before) {
        if (g->event[e].kind != QX_STORE || g->event[e].location != newest->location)
            continue;
        if (e != before)
            return false;
        before = g->event[e].mo_before;
    }
    return qx_graph_value(g, newest->location, before) == newest->value;
}

// Is e the last of its thread's stores to its location, of those up to event `last`?
static bool is_newest_own(const struct qx_graph *g, int e, int last)
{
    for (int later = last; later != e; later = g->event[later].po_before) {
        if (g->event[later].kind == QX_STORE && g->event[later].location == g->event[e].location)
            return false;
    }
    return true;
}

bool qx_turn_is_idle(uint32_t since)
{
    const struct qx_graph *g = qx_search_graph();
    int last = qx_last_executed(qx_self_number());
    for (int e = last; e != QX_NONE && (uint32_t)g->event[e].index >= since; e = g->event[e].po_before) {
        const struct qx_event *event = &g->event[e];
        if (event->kind == QX_STORE &&
            (event->plain || (is_newest_own(g, e, last) && !is_taken_back(g, e, since))))
            return false;
    }
    return true;
}

static bool is_stale(const struct qx_graph *g, int load)
{
    const struct qx_event *event = &g->event[load];
    int newer = event->rf == QX_NONE ? g->location[event->location].first : g->event[event->rf].mo_after;
    while (newer != QX_NONE && newer > load)
        newer = g->event[newer].mo_after;
    return newer != QX_NONE;
}

bool qx_chose_stale(uint32_t since)
{
    const struct qx_graph *g = qx_search_graph();
    struct qx_thread *self = qx_self();
    int e = qx_last_executed(qx_self_number());
    if (self->touched || g->event[e].kind != QX_LOAD || (uint32_t)g->event[e].index < since ||
        !is_stale(g, e))
        return false;
    while ((e = g->event[e].po_before) != QX_NONE && (uint32_t)g->event[e].index >= since) {
        if (g->event[e].kind == QX_STORE || (g->event[e].kind == QX_LOAD && is_stale(g, e)))
            return false;
    }
    return true;
}

// A thread that waits for a lock has not.
bool qx_turn_was_seen(int number)
{
    const struct qx_graph *g = qx_search_graph();
    const struct qx_thread *t = qx_thread_of(number);
    int last = qx_last_executed(number);
    for (int e = last; e != QX_NONE && (uint32_t)g->event[e].index >= t->stopped_since;
         e = g->event[e].po_before) {
        if (g->event[e].kind != QX_STORE || is_newest_own(g, e, last))
            continue;
        for (int r = g->location[g->event[e].location].loads; r != QX_NONE; r = g->event[r].next_load) {
            const struct qx_event *load = &g->event[r];
            if (load->rf == e && load->thread != number && qx_is_awaited(&load->await, load->value) &&
                qx_was_executed(r))
                return true;
        }
    }
    return false;
}

// Is it part of a turn that took back what it stored?
static bool is_in_idle_turn(const struct qx_graph *g, int e)
{
    const struct qx_thread *t = qx_thread_of(g->event[e].thread);
    return t->state == QX_STOPPED && t->returns && (uint32_t)g->event[e].index >= t->stopped_since;
}

// The newest store of a location that is not taken back.
static int settled_store(const struct qx_graph *g, int location)
{
    int store = g->location[location].last;
    while (store != QX_NONE && is_in_idle_turn(g, store))
        store = g->event[store].mo_before;
    return store;
}

// Would this access of a stopped thread be the same for ever?
static bool is_final(const struct qx_graph *g, int e)
{
    const struct qx_event *event = &g->event[e];
    switch (event->kind) {
    case QX_LOAD: {
        bool own = event->rf != QX_NONE && g->event[event->rf].thread == event->thread &&
                   is_in_idle_turn(g, event->rf);
        return own || event->value == qx_graph_value(g, event->location, g->location[event->location].last);
    }
    case QX_STORE: // nobody has stored since, apart from what was taken back
        return event->mo > qx_position(g, settled_store(g, event->location));
    default:
        return true;
    }
}

// Each has seen the newest value.
bool qx_stuck_for_ever(void)
{
    const struct qx_graph *g = qx_search_graph();
    for (int i = 0; i < qx_thread_count(); i++) {
        const struct qx_thread *t = qx_thread_of(i);
        if (t->state != QX_STOPPED)
            continue;
        bool read = false;
        for (int e = g->thread[i].last; e != QX_NONE && (uint32_t)g->event[e].index >= t->stopped_since;
             e = g->event[e].po_before) {
            if (!is_final(g, e))
                return false;
            read = read || g->event[e].kind == QX_LOAD;
        }
        if (t->timed || !read)
            return false;
    }
    return true;
}
