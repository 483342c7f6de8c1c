#include "why.h"

#include "orders.h"

#include <stdio.h>

bool qx_why_synchronises(const struct qx_graph *g, int e)
{
    int store = g->event[e].rf;
    return store != QX_NONE && qx_covers(g, qx_clock(g, e, QX_HB), store);
}

static bool knows(const uint32_t *clock, int thread, uint32_t time)
{
    return clock[thread] >= time;
}

// A load before e, or e itself, that reads from behind these events but does not learn of them.
static int deaf_load(const struct qx_graph *g, int thread, uint32_t time, int e)
{
    for (int l = 0; l < g->events; l++) {
        const struct qx_event *load = &g->event[l];
        if (load->kind != QX_LOAD || load->rf == QX_NONE || g->event[load->rf].thread == load->thread)
            continue;
        bool before = l == e || qx_covers(g, qx_clock(g, e, QX_HB), l);
        if (before && knows(qx_clock(g, load->rf, QX_HB), thread, time) &&
            !knows(qx_clock(g, l, QX_HB), thread, time))
            return l;
    }
    return QX_NONE;
}

void qx_why_unordered(const struct qx_graph *g, int thread, uint32_t time, int e, char *text, size_t size)
{
    *text = '\0';
    int l = deaf_load(g, thread, time, e);
    if (l == QX_NONE)
        return;
    const struct qx_event *load = &g->event[l], *store = &g->event[load->rf];
    bool told = knows(qx_clock(g, load->rf, QX_MESSAGE), thread, time);
    if (told)
        snprintf(text, size, "#%d reads #%d, which released it, but is %s", l, load->rf,
                 qx_order_name(load->order));
    else if (store->plain)
        snprintf(text, size, "#%d reads #%d, but that is a plain store", l, load->rf);
    else if (qx_releases(store->order) || store->fence != QX_NONE)
        snprintf(text, size, "#%d reads #%d, but the release fence stands before it", l, load->rf);
    else
        snprintf(text, size, "#%d reads #%d, but that is %s", l, load->rf, qx_order_name(store->order));
}

void qx_why_load(const struct qx_graph *g, int e, char *text, size_t size)
{
    const struct qx_event *load = &g->event[e];
    int newer = load->rf == QX_NONE ? g->location[load->location].first : g->event[load->rf].mo_after;
    if (newer != QX_NONE && g->event[newer].of_rmw && g->event[newer].po_before == e)
        newer = g->event[newer].mo_after; // its own
    *text = '\0';
    if (newer == QX_NONE)
        return;
    const struct qx_event *store = &g->event[newer];
    if (store->thread == load->thread)
        return; // it comes later in the same thread
    char missing[200];
    qx_why_unordered(g, store->thread, (uint32_t)store->index + 1, e, missing, sizeof missing);
    snprintf(text, size, "#%d is newer, but nothing orders it before this%s%s", newer, *missing ? ": " : "",
             missing);
}
