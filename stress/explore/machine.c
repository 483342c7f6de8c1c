#include "machine.h"

#include "heap.h"
#include "memory.h"
#include "park.h"
#include "search.h"
#include "shadow.h"
#include "spin.h"
#include "state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    MOST_EVENTS = 10000,  // of a thread, before its loop is called one that cannot be cut
    MOST_IDLE_YIELDS = 16 // of a loop that keeps changing its own variables alone
};

// What this run has done at a location.
struct native {
    uint64_t run;
    int32_t latest;  // the newest store, in modification order, that was executed: memory holds its value
    int32_t pending; // a store by a plain access whose value is not known yet
};

static struct {
    bool exploring;
    struct qx_context scheduler;
    struct qx_thread *thread;
    int threads, current; // threads that were ever used; the one that runs
    struct native *native;
    int natives;
    uint64_t run;
    bool finished; // main has returned, or the program called exit
    bool divided;  // there has been a second thread in this run
    struct qx_failure failure;
    const void *limited;
    int (*main_function)(int, char **, char **);
    int argc;
    char **argv, **envp;
} m;

bool qx_exploring(void)
{
    return m.exploring;
}

uint64_t qx_run_number(void)
{
    return m.run;
}

struct qx_thread *qx_self(void)
{
    return &m.thread[m.current];
}

int qx_self_number(void)
{
    return m.current;
}

struct qx_thread *qx_thread_of(int number)
{
    return &m.thread[number];
}

int qx_thread_count(void)
{
    return m.threads;
}

const struct qx_failure *qx_failure(void)
{
    return &m.failure;
}

const void *qx_limited_loop(void)
{
    return m.limited;
}

static struct qx_graph *graph(void)
{
    return qx_search_graph();
}

static void leave(void)
{
    struct qx_thread *self = qx_self();
    m.exploring = false;
    qx_context_switch(&self->context, &m.scheduler);
}

void qx_fail(enum qx_fault fault, const void *site, const void *other, const char *format, ...)
{
    m.failure = (struct qx_failure){.fault = fault, .thread = m.current, .site = site, .other = other};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(m.failure.text, sizeof m.failure.text, format, arguments);
    va_end(arguments);
    for (;;)
        leave();
}

// The other threads still run to their end: main might have been slower.
void qx_finish(void)
{
    m.finished = true;
    qx_self()->state = QX_ENDED;
    for (;;)
        leave();
}

static bool executed(int e)
{
    const struct qx_event *event = &graph()->event[e];
    return m.thread[event->thread].executed > (uint32_t)event->index;
}

static void wait_until_executed(int e)
{
    struct qx_thread *self = qx_self();
    while (!executed(e)) {
        self->state = QX_WAITS;
        self->waits_for = graph()->event[e].thread;
        self->waits_until = (uint32_t)graph()->event[e].index + 1;
        leave();
    }
}

void qx_stop(uint32_t since, const char *why, const void *site)
{
    struct qx_thread *self = qx_self();
    self->state = QX_STOPPED;
    self->stopped_since = since;
    self->stopped_by = why;
    self->stopped_at = site;
    for (;;)
        leave();
}

// The event that the graph has next for this thread; QX_NONE: it is at the end of what is known.
static int repeated(enum qx_kind kind, int location, const void *site)
{
    int e = qx_self()->next;
    if (e == QX_NONE) {
        if (qx_self()->executed >= MOST_EVENTS) {
            m.limited = site;
            qx_stop(qx_self()->executed, "a loop without an end", site);
        }
        return QX_NONE;
    }
    const struct qx_event *event = &graph()->event[e];
    if (event->kind != kind || event->location != location)
        qx_fail(QX_CHANGING, site, NULL,
                "the program does not do the same in the same situation: does it read a clock, an address or "
                "random numbers?");
    return e;
}

static void done(int e)
{
    struct qx_thread *self = qx_self();
    self->executed = (uint32_t)graph()->event[e].index + 1;
    self->next = graph()->event[e].po_after;
}

static struct native *native_of(int location)
{
    if (location >= m.natives) {
        int n = location < 16 ? 32 : 2 * location;
        m.native = qx_grow(m.native, (size_t)m.natives * sizeof *m.native, (size_t)n * sizeof *m.native);
        memset(m.native + m.natives, 0, (size_t)(n - m.natives) * sizeof *m.native);
        m.natives = n;
    }
    struct native *n = &m.native[location];
    if (n->run != m.run)
        *n = (struct native){.run = m.run, .latest = QX_NONE, .pending = QX_NONE};
    return n;
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

static void touch(const void *address, size_t size, bool write, bool atomic, const uint32_t *hb,
                  const void *site)
{
    struct qx_touch touch = {.address = (uintptr_t)address,
                             .size = size,
                             .write = write,
                             .atomic = atomic,
                             .thread = m.current,
                             .time = qx_self()->executed,
                             .hb = hb,
                             .site = site};
    const void *other;
    int thread;
    switch (qx_shadow_touch(&touch, &other, &thread)) {
    case QX_CLASH_RACE:
        qx_fail(QX_RACE, site, other,
                "data race: %s%s of %zu bytes, not ordered with the access of thread %d",
                atomic ? "atomic " : "", write ? "write" : "read", size, thread);
    case QX_CLASH_SIZE:
        qx_fail(QX_RACE, site, other,
                "atomic access of %zu bytes, which overlaps that of another size of thread %d", size, thread);
    case QX_NO_CLASH:;
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
    access.location = location_of(address, &access);
    int e = repeated(QX_LOAD, access.location, access.site);
    if (e == QX_NONE)
        e = qx_search_load(m.current, &access);
    if (graph()->event[e].rf != QX_NONE)
        wait_until_executed(graph()->event[e].rf);

    bool writes = qx_graph_writes(graph(), e);
    touch(address, access.size, writes, true, qx_clock(graph(), e, QX_HB), access.site);
    qx_value value = graph()->event[e].value;
    if (!qx_is_awaited(&access.await, value)) {
        done(e);
        qx_stop(qx_self()->executed - 1, "it waits", access.site);
    }
    if (!writes) {
        done(e);
        return value;
    }
    int store = graph()->event[e].po_after;
    remember(store, address);
    done(store);
    if (graph()->event[store].value != value)
        qx_spin_changed();
    return value;
}

void qx_store(void *address, struct qx_event access)
{
    access.location = location_of(address, &access);
    int e = repeated(QX_STORE, access.location, access.site);
    if (e == QX_NONE)
        e = qx_search_store(m.current, &access);
    touch(address, access.size, true, true, qx_clock(graph(), e, QX_HB), access.site);
    remember(e, address);
    done(e);
    qx_spin_changed();
}

void qx_fence(int order, const void *site)
{
    int e = repeated(QX_FENCE, QX_NONE, site);
    if (e == QX_NONE) {
        e = qx_graph_add(graph(), m.current, QX_FENCE, order, site);
        if (qx_acquires(order))
            qx_graph_fence(graph(), e);
    }
    done(e);
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
        e = qx_search_store(m.current, &(struct qx_event){.location = location,
                                                          .size = (uint8_t)g->location[location].size,
                                                          .plain = true,
                                                          .site = plain_site});
    } else if (!g->event[e].plain || g->event[e].location != location) {
        return;
    }
    n->latest = n->pending = e;
    done(e);
}

void qx_plain(void *address, size_t size, bool write, const void *site)
{
    struct qx_thread *self = qx_self();
    check_heap(address, size, site, write ? "a write" : "a read");
    const char *stack = self->context.stack;
    bool own_stack = (uintptr_t)address - (uintptr_t)stack < self->context.stack_size;
    if (m.divided) {
        int last =
            self->next == QX_NONE ? graph()->thread[m.current].last : graph()->event[self->next].po_before;
        touch(address, size, write, false, qx_clock(graph(), last, QX_HB), site);
    }
    if (!write)
        return;
    if (!own_stack)
        qx_spin_changed();
    plain_site = site;
    qx_shadow_locations_in((uintptr_t)address, size, store_plainly);
}

int qx_choose(int ways, const void *site)
{
    int e = repeated(QX_CHOICE, QX_NONE, site);
    if (e == QX_NONE)
        e = qx_search_choose(m.current, ways, site);
    done(e);
    qx_spin_changed();
    return (int)graph()->event[e].value;
}

void qx_yield(const void *site)
{
    struct qx_thread *self = qx_self();
    if (++self->idle_yields > MOST_IDLE_YIELDS) {
        m.limited = site;
        qx_stop(self->executed, "a loop without an end", site);
    }
    self->state = QX_YIELDS;
    leave();
}

static void reserve_threads(int n)
{
    if (n <= m.threads)
        return;
    m.thread = qx_grow(m.thread, (size_t)m.threads * sizeof *m.thread, (size_t)n * sizeof *m.thread);
    memset(m.thread + m.threads, 0, (size_t)(n - m.threads) * sizeof *m.thread);
    m.threads = n;
}

// The program's threads begin here, on a stack of their own.
static void enter(void)
{
    m.exploring = true;
    struct qx_thread *self = qx_self();
    if (m.current == 0) {
        int status = m.main_function(m.argc, m.argv, m.envp);
        (void)status;
        qx_finish();
    }
    if (graph()->thread[m.current].count == 0) {
        int e = qx_graph_add(graph(), m.current, QX_BEGIN, QX_RELAXED, NULL);
        qx_graph_join(graph(), e, graph()->thread[m.current].create);
        self->next = e;
    }
    done(repeated(QX_BEGIN, QX_NONE, NULL));
    qx_end_thread(self->start(self->arg));
}

static void prepare(int number, int creator)
{
    struct qx_thread *t = &m.thread[number];
    if (!t->context.stack) {
        bool exploring = m.exploring;
        m.exploring = false; // it calls the C library
        qx_context_create(&t->context);
        m.exploring = exploring;
    }
    qx_context_prepare(&t->context, enter);
    qx_state_restore_thread(&t->context);
    qx_spin_begin(t);
    *t = (struct qx_thread){.context = t->context,
                            .state = QX_READY,
                            .next = graph()->thread[number].first,
                            .clock = creator == QX_NONE ? 0 : m.thread[creator].clock,
                            .specific = t->specific,
                            .specific_run = t->specific_run,
                            .turns = t->turns,
                            .turn_capacity = t->turn_capacity};
}

int qx_create(void *(*start)(void *), void *arg, const void *site)
{
    int e = repeated(QX_CREATE, QX_NONE, site);
    if (e == QX_NONE) {
        e = qx_graph_add(graph(), m.current, QX_CREATE, QX_RELAXED, site);
        graph()->event[e].other = qx_graph_new_thread(graph(), e);
    }
    int number = graph()->event[e].other;
    reserve_threads(number + 1);
    done(e);
    qx_spin_changed();
    m.divided = true;
    prepare(number, m.current);
    m.thread[number].start = start;
    m.thread[number].arg = arg;
    return number;
}

void qx_join(int thread, const void *site)
{
    struct qx_thread *self = qx_self();
    while (m.thread[thread].state != QX_ENDED) {
        self->state = QX_WAITS;
        self->waits_for = thread;
        self->waits_until = UINT32_MAX;
        self->stopped_by = "it joins a thread";
        self->stopped_at = site;
        leave();
    }
    int e = repeated(QX_JOIN, QX_NONE, site);
    if (e == QX_NONE) {
        e = qx_graph_add(graph(), m.current, QX_JOIN, QX_RELAXED, site);
        graph()->event[e].other = thread;
        qx_graph_join(graph(), e, graph()->thread[thread].last);
    }
    done(e);
    qx_spin_changed();
}

void qx_end_thread(void *result)
{
    qx_destroy_specific();
    struct qx_thread *self = qx_self();
    self->result = result;
    int e = repeated(QX_END, QX_NONE, NULL);
    if (e == QX_NONE)
        e = qx_graph_add(graph(), m.current, QX_END, QX_RELAXED, NULL);
    done(e);
    self->state = QX_ENDED;
    for (;;)
        leave();
}

static bool may_go_on(const struct qx_thread *t)
{
    if (t->state == QX_READY)
        return true;
    if (t->state != QX_WAITS)
        return false;
    const struct qx_thread *other = &m.thread[t->waits_for];
    return t->waits_until == UINT32_MAX ? other->state == QX_ENDED : other->executed >= t->waits_until;
}

static int next_thread(void)
{
    for (int i = 0; i < m.threads; i++) {
        if (may_go_on(&m.thread[i]))
            return i;
    }
    for (int i = 0; i < m.threads; i++) {
        if (m.thread[i].state == QX_YIELDS)
            return i;
    }
    return QX_NONE;
}

// Whatever the stopped threads wait for does not come any more, not even later: each has seen the newest
// value.
static bool stuck_for_ever(void)
{
    const struct qx_graph *g = graph();
    for (int i = 0; i < m.threads; i++) {
        const struct qx_thread *t = &m.thread[i];
        if (t->state != QX_STOPPED)
            continue;
        if (t->timed)
            return false;
        bool read = false;
        for (int e = g->thread[i].last; e != QX_NONE && (uint32_t)g->event[e].index >= t->stopped_since;
             e = g->event[e].po_before) {
            const struct qx_event *event = &g->event[e];
            if (event->kind != QX_LOAD)
                continue;
            read = true;
            if (event->value != qx_graph_value(g, event->location, g->location[event->location].last))
                return false;
        }
        if (!read)
            return false;
    }
    return true;
}

static enum qx_end judge(void)
{
    if (m.failure.fault != QX_NO_FAULT)
        return QX_FAULT;
    bool stopped = false;
    for (int i = 0; i < m.threads; i++)
        stopped = stopped || m.thread[i].state == QX_STOPPED || m.thread[i].state == QX_WAITS;
    if (!stopped)
        return QX_COMPLETE;
    if (m.limited || !stuck_for_ever())
        return QX_BLOCKED;
    if (m.finished)
        return QX_COMPLETE;
    m.failure = (struct qx_failure){.fault = QX_DEADLOCK, .thread = QX_NONE, .text = "nobody can go on"};
    return QX_FAULT;
}

enum qx_end qx_run(int (*main_function)(int, char **, char **), int argc, char **argv, char **envp)
{
    m.main_function = main_function;
    m.argc = argc, m.argv = argv, m.envp = envp;
    m.run++;
    m.finished = m.divided = false;
    m.limited = NULL;
    m.failure.fault = QX_NO_FAULT;
    qx_context_adopt(&m.scheduler);
    qx_state_restore();
    qx_heap_begin();
    qx_shadow_begin();
    qx_park_begin();
    qx_urcu_begin();
    reserve_threads(1);
    for (int i = 0; i < m.threads; i++)
        m.thread[i].state = QX_UNUSED;
    prepare(0, QX_NONE);
    m.current = 0;
    m.thread[0].executed = 1;
    m.thread[0].next = graph()->event[graph()->thread[0].first].po_after;
    while (m.failure.fault == QX_NO_FAULT && (m.current = next_thread()) != QX_NONE) {
        m.thread[m.current].state = QX_READY;
        m.exploring = true;
        qx_context_switch(&m.scheduler, &m.thread[m.current].context);
        m.exploring = false;
    }
    return judge();
}
