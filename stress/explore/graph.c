#include "graph.h"

#include "memory.h"

#include <string.h>

void qx_graph_clear(struct qx_graph *g)
{
    g->events = g->threads = g->locations = g->fences = 0;
}

static size_t clocks_of_event(int stride)
{
    return 3 * (size_t)stride * sizeof(uint32_t);
}

static void reserve_events(struct qx_graph *g, int n)
{
    int capacity = g->event_capacity;
    g->event = qx_room(g->event, &g->event_capacity, n, sizeof *g->event);
    g->clock = qx_room(g->clock, &capacity, n, clocks_of_event(g->stride));
}

static uint32_t *new_clocks(const struct qx_graph *g, int stride)
{
    return qx_grow(NULL, 0, (size_t)g->event_capacity * clocks_of_event(stride));
}

static void set_clocks(struct qx_graph *g, uint32_t *clock, int stride)
{
    qx_release_memory(g->clock, (size_t)g->event_capacity * clocks_of_event(g->stride));
    g->clock = clock;
    g->stride = stride;
}

static void widen(struct qx_graph *g)
{
    int stride = g->stride ? 2 * g->stride : 4;
    uint32_t *wide = new_clocks(g, stride);
    for (size_t i = 0; i < 3 * (size_t)g->events; i++)
        memcpy(wide + i * (size_t)stride, g->clock + i * (size_t)g->stride, (size_t)g->stride * sizeof *wide);
    set_clocks(g, wide, stride);
}

static void reserve_threads(struct qx_graph *g, int n)
{
    while (n > g->stride)
        widen(g);
    g->thread = qx_room(g->thread, &g->thread_capacity, n, sizeof *g->thread);
}

int qx_graph_new_thread(struct qx_graph *g, int create)
{
    int t = 0;
    while (t < g->threads && (g->thread[t].count > 0 || g->thread[t].create != QX_NONE))
        t++;
    if (t == g->threads) {
        reserve_threads(g, t + 1);
        g->threads++;
    }
    g->thread[t] = (struct qx_graph_thread){QX_NONE, QX_NONE, 0, create};
    return t;
}

int qx_graph_add(struct qx_graph *g, int thread, enum qx_kind kind, int order, const void *site)
{
    reserve_events(g, g->events + 1);
    int e = g->events++;
    struct qx_graph_thread *t = &g->thread[thread];
    struct qx_event *event = &g->event[e];
    *event = (struct qx_event){
        .kind = (uint8_t)kind,
        .order = (uint8_t)order,
        .thread = thread,
        .index = t->count,
        .location = QX_NONE,
        .rf = QX_NONE,
        .mo_before = QX_NONE,
        .mo_after = QX_NONE,
        .next_load = QX_NONE,
        .po_before = t->last,
        .po_after = QX_NONE,
        .fence = QX_NONE,
        .site = site,
    };
    uint32_t *clock = qx_clock(g, e, QX_HB);
    size_t width = (size_t)g->stride * sizeof *clock;
    if (t->last == QX_NONE) {
        t->first = e;
        memset(clock, 0, 3 * width);
    } else {
        g->event[t->last].po_after = e;
        event->fence = g->event[t->last].fence;
        memcpy(clock, qx_clock(g, t->last, QX_HB), 2 * width);
        memset(clock + 2 * g->stride, 0, width);
    }
    t->last = e;
    t->count++;
    clock[thread] = clock[g->stride + thread] = (uint32_t)t->count;
    if (kind == QX_FENCE && qx_releases(order))
        event->fence = e;
    g->fences += kind == QX_FENCE && order == QX_SEQ_CST;
    return e;
}

static void reserve_locations(struct qx_graph *g, int n)
{
    g->location = qx_room(g->location, &g->location_capacity, n, sizeof *g->location);
}

void qx_graph_touch(struct qx_graph *g, int location, int size, qx_value initial)
{
    if (location >= g->locations) {
        reserve_locations(g, location + 1);
        memset(g->location + g->locations, 0, (size_t)(location + 1 - g->locations) * sizeof *g->location);
        g->locations = location + 1;
    }
    struct qx_graph_location *l = &g->location[location];
    if (l->size == 0)
        *l = (struct qx_graph_location){QX_NONE, QX_NONE, QX_NONE, size, initial};
}

int qx_graph_add_access(struct qx_graph *g, int thread, enum qx_kind kind, const struct qx_event *access)
{
    int e = qx_graph_add(g, thread, kind, access->order, access->site);
    struct qx_event *event = &g->event[e];
    event->location = access->location;
    event->size = access->size;
    event->await = access->await;
    event->plain = access->plain;
    event->rmw = access->rmw;
    event->value = access->value;
    return e;
}

int qx_graph_add_load(struct qx_graph *g, int thread, const struct qx_event *access)
{
    int e = qx_graph_add_access(g, thread, QX_LOAD, access);
    struct qx_graph_location *l = &g->location[access->location];
    g->event[e].next_load = l->loads;
    l->loads = e;
    qx_graph_read(g, e, l->last);
    return e;
}

int qx_graph_add_rmw_store(struct qx_graph *g, int load)
{
    struct qx_event store = g->event[load];
    store.value = qx_graph_rmw_result(g, load);
    store.order = store.rmw.order;
    store.rmw.op = QX_NO_OP;
    int e = qx_graph_add_access(g, store.thread, QX_STORE, &store);
    g->event[e].of_rmw = true;
    qx_graph_place(g, e, store.rf);
    return e;
}

const uint32_t *qx_graph_clock_before(const struct qx_graph *g, int e)
{
    return qx_clock(g, g->event[e].po_before, QX_HB);
}

static void unite(uint32_t *clock, const uint32_t *other, int n)
{
    for (int i = 0; i < n; i++)
        clock[i] = clock[i] > other[i] ? clock[i] : other[i];
}

qx_value qx_graph_value(const struct qx_graph *g, int location, int store)
{
    return store == QX_NONE ? g->location[location].initial : g->event[store].value;
}

static qx_value truncated(qx_value v, int size)
{
    return size >= 16 ? v : v & (((qx_value)1 << (8 * size)) - 1);
}

bool qx_graph_writes(const struct qx_graph *g, int load)
{
    const struct qx_event *e = &g->event[load];
    return e->rmw.op != QX_NO_OP && qx_is_awaited(&e->await, e->value) &&
           (e->rmw.op != QX_CAS || e->value == e->rmw.expected);
}

qx_value qx_graph_rmw_result(const struct qx_graph *g, int load)
{
    const struct qx_event *e = &g->event[load];
    qx_value old = e->value, operand = e->rmw.operand;
    switch (e->rmw.op) {
    case QX_ADD:
        return truncated(old + operand, e->size);
    case QX_SUB:
        return truncated(old - operand, e->size);
    case QX_AND:
        return old & operand;
    case QX_OR:
        return old | operand;
    case QX_XOR:
        return old ^ operand;
    case QX_NAND:
        return truncated(~(old & operand), e->size);
    default:
        return operand;
    }
}

void qx_graph_read(struct qx_graph *g, int e, int store)
{
    struct qx_event *load = &g->event[e];
    load->rf = store;
    load->value = qx_graph_value(g, load->location, store);
    if (load->rmw.op != QX_NO_OP)
        load->order = qx_graph_writes(g, e) ? load->rmw.order : load->rmw.failure_order;

    uint32_t *hb = qx_clock(g, e, QX_HB), *prefix = qx_clock(g, e, QX_PREFIX);
    const uint32_t *before = qx_clock(g, load->po_before, QX_HB); // a thread's first event is its beginning
    memcpy(hb, before, 2 * (size_t)g->stride * sizeof *hb);
    hb[load->thread] = prefix[load->thread] = (uint32_t)load->index + 1;
    if (store == QX_NONE)
        return;
    unite(prefix, qx_clock(g, store, QX_PREFIX), g->stride);
    if (qx_acquires(load->order))
        unite(hb, qx_clock(g, store, QX_MESSAGE), g->stride);
}

// C++20: a release sequence goes on through read-modify-writes alone.
static void set_message(struct qx_graph *g, int e)
{
    const struct qx_event *store = &g->event[e];
    uint32_t *message = qx_clock(g, e, QX_MESSAGE);
    size_t width = (size_t)g->stride * sizeof *message;
    if (store->plain)
        return;
    if (qx_releases(store->order))
        memcpy(message, qx_clock(g, e, QX_HB), width);
    else if (store->fence != QX_NONE)
        memcpy(message, qx_clock(g, store->fence, QX_HB), width);
    else
        memset(message, 0, width);
    int source = store->of_rmw ? g->event[store->po_before].rf : QX_NONE;
    if (source != QX_NONE)
        unite(message, qx_clock(g, source, QX_MESSAGE), g->stride);
}

static void renumber(struct qx_graph *g, int from, int place)
{
    for (; from != QX_NONE; from = g->event[from].mo_after)
        g->event[from].mo = place++;
}

void qx_graph_place(struct qx_graph *g, int e, int before)
{
    struct qx_event *store = &g->event[e];
    struct qx_graph_location *l = &g->location[store->location];
    int after = before == QX_NONE ? l->first : g->event[before].mo_after;
    store->mo_before = before;
    store->mo_after = after;
    *(before == QX_NONE ? &l->first : &g->event[before].mo_after) = e;
    *(after == QX_NONE ? &l->last : &g->event[after].mo_before) = e;
    renumber(g, e, qx_position(g, before) + 1);
    set_message(g, e);
}

void qx_graph_displace(struct qx_graph *g, int e)
{
    const struct qx_event *store = &g->event[e];
    struct qx_graph_location *l = &g->location[store->location];
    int before = store->mo_before, after = store->mo_after;
    *(before == QX_NONE ? &l->first : &g->event[before].mo_after) = after;
    *(after == QX_NONE ? &l->last : &g->event[after].mo_before) = before;
    renumber(g, after, store->mo);
}

void qx_graph_join(const struct qx_graph *g, int e, int from)
{
    unite(qx_clock(g, e, QX_HB), qx_clock(g, from, QX_HB), g->stride);
    unite(qx_clock(g, e, QX_PREFIX), qx_clock(g, from, QX_PREFIX), g->stride);
}

void qx_graph_fence(const struct qx_graph *g, int e)
{
    for (int i = g->event[e].po_before; i != QX_NONE; i = g->event[i].po_before) {
        if (g->event[i].kind == QX_FENCE && qx_acquires(g->event[i].order))
            break; // what came before it is known by it
        if (g->event[i].kind == QX_LOAD && g->event[i].rf != QX_NONE)
            unite(qx_clock(g, e, QX_HB), qx_clock(g, g->event[i].rf, QX_MESSAGE), g->stride);
    }
}

int qx_graph_floor(const struct qx_graph *g, int location, const uint32_t *hb)
{
    const struct qx_graph_location *l = &g->location[location];
    int floor = l->last;
    while (floor != QX_NONE && !qx_covers(g, hb, floor))
        floor = g->event[floor].mo_before;
    for (int r = l->loads; r != QX_NONE; r = g->event[r].next_load) {
        if (qx_covers(g, hb, r) && qx_position(g, g->event[r].rf) > qx_position(g, floor))
            floor = g->event[r].rf;
    }
    return floor;
}

bool qx_graph_claimed(const struct qx_graph *g, int location, int store)
{
    int next = store == QX_NONE ? g->location[location].first : g->event[store].mo_after;
    return next != QX_NONE && g->event[next].of_rmw;
}

void qx_graph_truncate(struct qx_graph *g, int n)
{
    while (g->events > n) {
        int e = --g->events;
        const struct qx_event *event = &g->event[e];
        struct qx_graph_thread *t = &g->thread[event->thread];
        if (event->kind == QX_STORE)
            qx_graph_displace(g, e);
        if (event->kind == QX_LOAD)
            g->location[event->location].loads = event->next_load;
        if (event->location != QX_NONE && g->location[event->location].first == QX_NONE &&
            g->location[event->location].loads == QX_NONE)
            g->location[event->location].size = 0;
        if (event->kind == QX_CREATE)
            g->thread[event->other].create = QX_NONE;
        g->fences -= event->kind == QX_FENCE && event->order == QX_SEQ_CST;
        t->last = event->po_before;
        t->count--;
        if (t->last == QX_NONE)
            t->first = QX_NONE;
        else
            g->event[t->last].po_after = QX_NONE;
    }
}

static int32_t *map; // from the old graph's events to the new one's
static int map_capacity;

static int mapped(int e)
{
    return e == QX_NONE ? QX_NONE : map[e];
}

static void copy_event(struct qx_graph *to, const struct qx_graph *from, int e)
{
    int new = map[e];
    struct qx_event *event = &to->event[new];
    *event = from->event[e];
    memcpy(qx_clock(to, new, QX_HB), qx_clock(from, e, QX_HB), 3 * (size_t)to->stride * sizeof *to->clock);
    struct qx_graph_thread *t = &to->thread[event->thread];
    event->po_before = t->last;
    event->po_after = QX_NONE;
    *(t->last == QX_NONE ? &t->first : &to->event[t->last].po_after) = new;
    t->last = new;
    t->count++;
    event->fence = mapped(event->fence);
    if (event->kind == QX_LOAD) {
        event->rf = mapped(event->rf);
        event->next_load = to->location[event->location].loads;
        to->location[event->location].loads = new;
    }
    if (event->kind == QX_CREATE)
        to->thread[event->other].create = new;
    to->fences += event->kind == QX_FENCE && event->order == QX_SEQ_CST;
}

static void copy_orders(struct qx_graph *to, const struct qx_graph *from, int a)
{
    for (int l = 0; l < from->locations; l++) {
        struct qx_graph_location *location = &to->location[l];
        int place = 0;
        for (int s = from->location[l].first; s != QX_NONE; s = from->event[s].mo_after) {
            int new = s == a ? QX_NONE : map[s];
            if (new == QX_NONE)
                continue;
            to->event[new].mo = ++place;
            to->event[new].mo_before = location->last;
            to->event[new].mo_after = QX_NONE;
            *(location->last == QX_NONE ? &location->first : &to->event[location->last].mo_after) = new;
            location->last = new;
        }
        bool touched =
            location->first != QX_NONE || location->loads != QX_NONE || from->event[a].location == l;
        location->size = touched ? location->size : 0;
    }
}

int qx_graph_restrict(struct qx_graph *to, const struct qx_graph *from, int last, int a)
{
    map = qx_room(map, &map_capacity, from->events, sizeof *map);
    if (to->stride != from->stride)
        set_clocks(to, new_clocks(to, from->stride), from->stride);
    reserve_events(to, from->events);
    reserve_threads(to, from->threads);
    to->threads = from->threads;
    for (int t = 0; t < from->threads; t++)
        to->thread[t] = (struct qx_graph_thread){QX_NONE, QX_NONE, 0, QX_NONE};
    reserve_locations(to, from->locations);
    to->locations = from->locations;
    for (int l = 0; l < from->locations; l++)
        to->location[l] = (struct qx_graph_location){QX_NONE, QX_NONE, QX_NONE, from->location[l].size,
                                                     from->location[l].initial};

    const uint32_t *prefix = qx_clock(from, a, QX_PREFIX);
    to->events = to->fences = 0;
    for (int e = 0; e < from->events; e++) {
        bool kept = e <= last || qx_covers(from, prefix, e);
        map[e] = kept && e != a ? to->events++ : QX_NONE;
    }
    map[a] = to->events++;
    for (int e = 0; e < from->events; e++) {
        if (map[e] != QX_NONE && e != a)
            copy_event(to, from, e);
    }
    copy_event(to, from, a);
    copy_orders(to, from, a);
    return map[a];
}
