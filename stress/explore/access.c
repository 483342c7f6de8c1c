/* The program's accesses to memory: atomic ones are events of the graph, plain ones leave their mark for
 * races. */
#include "access.h"

#include "checkpoint.h"
#include "frame.h"
#include "heap.h"
#include "machine.h"
#include "memory.h"
#include "orders.h"
#include "search.h"
#include "shadow.h"
#include "spin.h"
#include "walk.h"
#include "why.h"
#include "written.h"

#include <string.h>

// What this run has done at a location.
struct native {
    uint64_t run;
    int32_t latest;  // the newest store, in modification order, that was executed: memory holds its value
    int32_t pending; // a store by a plain access whose value is not known yet
    bool garbage;    // the initial value is what a new block of the heap is filled with
};

static struct {
    struct native *native;
    int natives, capacity;
} known;

static struct qx_graph *graph(void)
{
    return qx_search_graph();
}

static bool is_garbage(const void *address, size_t size)
{
    const struct qx_block *block = qx_heap_owns(address) ? qx_heap_find(address) : NULL;
    return block && qx_written_never(address, size, block->start + block->size);
}

static struct native *native_of(int location)
{
    known.native = qx_room(known.native, &known.capacity, location + 1, sizeof *known.native);
    known.natives = location < known.natives ? known.natives : location + 1;
    struct native *n = &known.native[location];
    if (n->run != qx_run_number())
        *n = (struct native){
            .run = qx_run_number(),
            .latest = QX_NONE,
            .pending = QX_NONE,
            .garbage = is_garbage((const void *)qx_shadow_address(location), qx_shadow_size(location))};
    return n;
}

// Nobody is in the middle of an access.
void qx_access_keep(void)
{
    int natives = known.natives;
    qx_keep(&natives, sizeof natives);
    qx_keep(known.native, (size_t)natives * sizeof *known.native);
    for (int i = natives; i < known.natives; i++)
        known.native[i].run = 0;
}

static qx_value in_memory(const void *address, int size)
{
    qx_value v = 0;
    memcpy(&v, address, (size_t)size);
    return v;
}

// Memory holds the value of the newest store that was executed.
static void remember(int store, void *address)
{
    const struct qx_event *event = &graph()->event[store];
    struct native *n = native_of(event->location);
    if (event->mo < qx_position(graph(), n->latest))
        return;
    n->latest = store;
    memcpy(address, &event->value, event->size);
    if (qx_heap_owns(address))
        qx_written_note(address, event->size);
}

// A plain store has happened since: now its value can be seen.
static void settle(struct native *n, const void *address)
{
    if (n->pending == QX_NONE)
        return;
    struct qx_event *store = &graph()->event[n->pending];
    store->value = in_memory(address, store->size);
    n->pending = QX_NONE;
}

// The access that the program makes itself when the present call returns: it reads what is not the newest
// value, or writes what may not be.
static struct ahead {
    void *address; // NULL: there is none
    int size;
    int location; // of a write, whose store is pending; QX_NONE: a read
    bool puts_back;
    qx_value newest;
} ahead;

void qx_catch_up(void)
{
    if (!ahead.address)
        return;
    if (ahead.location != QX_NONE)
        settle(native_of(ahead.location), ahead.address);
    if (ahead.puts_back)
        memcpy(ahead.address, &ahead.newest, (size_t)ahead.size);
    ahead.address = NULL;
}

static void check_heap(const void *address, size_t size, const void *site, const char *what)
{
    if (!qx_heap_owns(address))
        return;
    const struct qx_block *block = qx_heap_find(address);
    if (block && block->freed)
        qx_fail(QX_MISUSE, site, block->freed_at, "%s of %zu bytes in a block that was freed", what, size);
    if (!block || (const char *)address + size > block->start + block->size)
        qx_fail(QX_MISUSE, site, NULL, "%s of %zu bytes outside of any block of the heap", what, size);
}

static void fail_unwritten(const void *address, size_t size, const void *site)
{
    qx_fail(QX_MISUSE, site, qx_heap_find(address)->site,
            "a read of %zu bytes of a heap block that were never written, allocated", size);
}

// Another thread may have seen the block's address before the block was there for it.
static void check_allocation(const void *address, size_t size, bool write, const uint32_t *hb,
                             const void *site)
{
    if (!qx_heap_owns(address) || qx_heap_thread(address) == qx_self_number())
        return;
    const struct qx_block *block = qx_heap_find(address);
    int thread = qx_heap_thread(address);
    if (hb[thread] > block->time)
        return;
    char why[200];
    qx_clash(thread, block->time);
    qx_why_unordered(graph(), thread, block->time + 1, graph()->thread[qx_self_number()].last, why,
                     sizeof why);
    qx_fail(QX_RACE, site, block->site,
            "%s of %zu bytes of a heap block, not ordered after its allocation by thread %d%s%s",
            write ? "write" : "read", size, thread, *why ? ": " : "", why);
}

// What was done before there was a second thread comes before everything that others do.
static void touch(const void *address, size_t size, bool write, bool atomic, const uint32_t *hb,
                  const void *site)
{
    if (!qx_divided())
        return;
    struct qx_touch touch = {.address = (uintptr_t)address,
                             .size = size,
                             .write = write,
                             .atomic = atomic,
                             .thread = qx_self_number(),
                             .time = qx_self()->executed,
                             .hb = hb,
                             .site = site};
    qx_frame_touch(address, size, site);
    struct qx_touch other;
    char why[200];
    enum qx_clash clash = qx_shadow_touch(&touch, &other);
    if (clash != QX_NO_CLASH)
        qx_clash(other.thread, other.time);
    switch (clash) {
    case QX_CLASH_RACE:
        qx_why_unordered(graph(), other.thread, other.time + 1, graph()->thread[touch.thread].last, why,
                         sizeof why);
        qx_fail(QX_RACE, site, other.site,
                "data race: %s%s of %zu bytes, not ordered with the access of thread %d%s%s",
                atomic ? "atomic " : "", write ? "write" : "read", size, other.thread, *why ? ": " : "", why);
    case QX_CLASH_SIZE:
        qx_fail(QX_RACE, site, other.site,
                "atomic access of %zu bytes, which overlaps that of another size of thread %d", size,
                other.thread);
    case QX_NO_CLASH:
        check_allocation(address, size, write, hb, site);
    }
}

static int location_of(void *address, const struct qx_event *access)
{
    check_heap(address, access->size, access->site, "an atomic access");
    int location = qx_shadow_location((uintptr_t)address, access->size);
    settle(native_of(location), address);
    qx_graph_touch(graph(), location, access->size, in_memory(address, access->size));
    return location;
}

qx_value qx_load(void *address, struct qx_event access)
{
    qx_step();
    do
        access.location = location_of(address, &access);
    while (qx_walk_lacks(graph(), qx_self_number(), &access) && qx_await_change());
    int e = qx_repeated(QX_LOAD, access.location, access.site);
    if (e == QX_NONE)
        e = qx_search_load(qx_self_number(), &access);
    if (graph()->event[e].rf != QX_NONE)
        qx_wait_until_executed(graph()->event[e].rf);

    bool writes = qx_graph_writes(graph(), e);
    touch(address, access.size, writes, true, qx_clock(graph(), e, QX_HB), access.site);
    if (graph()->event[e].rf == QX_NONE && native_of(access.location)->garbage)
        fail_unwritten(address, access.size, access.site);
    qx_value value = graph()->event[e].value;
    if (!qx_is_awaited(&access.await, value)) {
        qx_done(e);
        qx_stop(qx_self()->executed - 1, qx_self()->halt == QX_SLEEPS ? "it sleeps" : "it waits",
                access.site);
    }
    if (!writes) {
        qx_done(e);
        return value;
    }
    int store = graph()->event[e].po_after;
    remember(store, address);
    qx_done(store);
    if (graph()->event[store].value != value)
        qx_spin_stored();
    return value;
}

static int store_event(void *address, struct qx_event *access)
{
    qx_step();
    access->location = location_of(address, access);
    int e = qx_repeated(QX_STORE, access->location, access->site);
    if (e == QX_NONE)
        e = qx_search_store(qx_self_number(), access);
    touch(address, access->size, true, true, qx_clock(graph(), e, QX_HB), access->site);
    return e;
}

void qx_store(void *address, struct qx_event access)
{
    int e = store_event(address, &access);
    remember(e, address);
    qx_done(e);
    qx_spin_stored();
}

void qx_store_ahead(void *address, struct qx_event access)
{
    int e = store_event(address, &access);
    struct native *n = native_of(access.location);
    bool newest = graph()->event[e].mo >= qx_position(graph(), n->latest);
    ahead = (struct ahead){.address = address,
                           .size = access.size,
                           .location = access.location,
                           .puts_back = !newest,
                           .newest = in_memory(address, access.size)};
    n->pending = e;
    if (newest)
        n->latest = e;
    if (qx_heap_owns(address))
        qx_written_note(address, access.size);
    qx_done(e);
    qx_spin_changed();
}

void qx_read_ahead(void *address, int size, qx_value value)
{
    qx_value newest = in_memory(address, size);
    if (newest == value)
        return;
    ahead = (struct ahead){
        .address = address, .size = size, .location = QX_NONE, .puts_back = true, .newest = newest};
    memcpy(address, &value, (size_t)size);
}

void qx_fence(int order, const void *site)
{
    qx_step();
    int e = qx_repeated(QX_FENCE, QX_NONE, site);
    if (e == QX_NONE) {
        e = qx_graph_add(graph(), qx_self_number(), QX_FENCE, order, site);
        if (qx_acquires(order))
            qx_graph_fence(graph(), e);
    }
    qx_done(e);
}

// A location that is otherwise atomic is written by a plain access: its store has its place in the graph.
static const void *plain_site;

static void store_plainly(int location)
{
    struct qx_graph *g = graph();
    struct native *n = native_of(location);
    int e = qx_self()->next;
    if (e == QX_NONE) {
        if (location >= g->locations || g->location[location].size == 0)
            return; // what it will find at its first atomic access is its initial value
        qx_stop_if_redundant();
        e = qx_search_store(qx_self_number(), &(struct qx_event){.location = location,
                                                                 .size = (uint8_t)g->location[location].size,
                                                                 .plain = true,
                                                                 .site = plain_site});
    } else if (!g->event[e].plain || g->event[e].location != location) {
        return;
    }
    n->latest = n->pending = e;
    qx_done(e);
}

void qx_plain(void *address, size_t size, bool write, const void *site)
{
    struct qx_thread *self = qx_self();
    qx_catch_up();
    qx_reach(site);
    check_heap(address, size, site, write ? "a write" : "a read");
    const char *stack = self->context.stack;
    bool own_stack = (uintptr_t)address - (uintptr_t)stack < self->context.stack_size;
    touch(address, size, write, false, qx_clock(graph(), qx_last_executed(qx_self_number()), QX_HB), site);
    self->touched = self->touched || !own_stack;
    if (!write)
        return;
    if (!own_stack)
        qx_spin_changed();
    if (qx_heap_owns(address))
        qx_written_note(address, size);
    plain_site = site;
    qx_shadow_locations_in((uintptr_t)address, size, store_plainly);
}

void qx_read(void *address, size_t size, const void *site)
{
    qx_plain(address, size, false, site);
    bool scalar = size <= sizeof(void *); // compilers copy structs by wider ones
    if (scalar && is_garbage(address, size))
        fail_unwritten(address, size, site);
}
