#include "machine.h"

#include "access.h"
#include "checkpoint.h"
#include "exit.h"
#include "frame.h"
#include "heap.h"
#include "idle.h"
#include "leaks.h"
#include "memory.h"
#include "park.h"
#include "search.h"
#include "shadow.h"
#include "spin.h"
#include "state.h"
#include "stuck.h"
#include "walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    MOST_EVENTS = 10000,  // of a thread, before its loop is called one that cannot be cut
    MOST_IDLE_YIELDS = 16 // of a loop that keeps changing its own variables alone
};

static struct {
    bool exploring;
    struct qx_context scheduler;
    struct qx_thread **thread; // each stays where it is
    int threads;               // that were ever used
    uint64_t runs;
    struct run {
        uint64_t number, changes;
        const void *limited;
        int current;   // the thread that runs
        int steps;     // see qx_steps()
        bool finished; // main has returned, or the program called exit
        bool divided;  // there has been a second thread
    } run;
    bool redundant;
    bool stays; // the running thread left for a checkpoint, and is to go on
    uint64_t progress;
    int *step;
    int step_capacity;
    int *able;  // threads that can go on
    int chosen; // by a walk, to go on next
    struct qx_failure failure;
    int (*main_function)(int, char **, char **);
    int argc;
    char **argv, **envp;
} m;

bool qx_exploring(void)
{
    return m.exploring;
}

bool qx_set_exploring(bool exploring)
{
    bool was = m.exploring;
    m.exploring = exploring;
    return was;
}

uint64_t qx_run_number(void)
{
    return m.run.number;
}

struct qx_thread *qx_self(void)
{
    return m.thread[m.run.current];
}

int qx_self_number(void)
{
    return m.run.current;
}

struct qx_thread *qx_thread_of(int number)
{
    return m.thread[number];
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
    return m.run.limited;
}

uint64_t qx_progress(void)
{
    return m.progress;
}

bool qx_divided(void)
{
    return m.run.divided;
}

static struct qx_graph *graph(void)
{
    return qx_search_graph();
}

static void leave(void)
{
    struct qx_thread *self = qx_self();
    qx_catch_up();
    m.exploring = false;
    qx_context_switch(&self->context, &m.scheduler);
}

void qx_fail(enum qx_fault fault, const void *site, const void *other, const char *format, ...)
{
    m.failure.fault = fault;
    m.failure.site = site;
    m.failure.other = other;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(m.failure.text, sizeof m.failure.text, format, arguments);
    va_end(arguments);
    for (;;)
        leave();
}

void qx_clash(int thread, uint32_t time)
{
    m.failure.clash_thread = thread;
    m.failure.clash_time = time;
}

// The other threads still run to their end: main might have been slower.
void qx_finish(void)
{
    m.run.finished = true;
    qx_self()->state = QX_ENDED;
    for (;;)
        leave();
}

bool qx_was_executed(int e)
{
    const struct qx_event *event = &graph()->event[e];
    return m.thread[event->thread]->executed > (uint32_t)event->index;
}

void qx_wait_until_executed(int e)
{
    struct qx_thread *self = qx_self();
    while (!qx_was_executed(e)) {
        self->state = QX_WAITS;
        self->waits_for = graph()->event[e].thread;
        self->waits_until = (uint32_t)graph()->event[e].index + 1;
        leave();
    }
}

static void stop(uint32_t since, const char *why, const void *site)
{
    struct qx_thread *self = qx_self();
    self->state = QX_STOPPED;
    self->stopped_since = since;
    self->stopped_by = why;
    self->stopped_at = site;
    leave();
}

void qx_stop(uint32_t since, const char *why, const void *site)
{
    for (;;)
        stop(since, why, site);
}

const int *qx_steps(int *n)
{
    *n = m.run.steps;
    return m.step;
}

void qx_count_change(void)
{
    m.run.changes++;
    qx_self()->changes++;
}

void qx_discount_changes(uint64_t n)
{
    m.run.changes -= n;
    qx_self()->changes -= n;
}

bool qx_await_change(void)
{
    struct qx_thread *self = qx_self();
    self->state = QX_YIELDS;
    self->changes_seen = m.run.changes;
    self->in_vain = false;
    leave();
    return !self->in_vain;
}

// A thread that called exit has not: nobody comes back from a join with it.
static bool has_ended(const struct qx_thread *t)
{
    return t->state == QX_ENDED && t->gone;
}

static bool may_go_on(const struct qx_thread *t)
{
    if (t->state == QX_READY)
        return true;
    if (t->state == QX_YIELDS)
        return qx_walking() && (m.run.changes != t->changes_seen || qx_walk_repeats());
    if (t->state != QX_WAITS)
        return false;
    const struct qx_thread *other = m.thread[t->waits_for];
    return t->waits_until == UINT32_MAX ? has_ended(other) : other->executed >= t->waits_until;
}

// The thread that a walk wants to go on.
static int walk_thread(void)
{
    int n = 0;
    for (int i = 0; i < m.threads; i++) {
        if (may_go_on(m.thread[i]))
            m.able[n++] = i;
    }
    return n > 0 ? qx_walk_thread(m.run.current, m.able, n) : QX_NONE;
}

void qx_step(void)
{
    qx_catch_up();
    int next = qx_walking() ? walk_thread() : m.run.current;
    if (next == m.run.current)
        return;
    m.chosen = next;
    qx_self()->state = QX_READY;
    leave();
}

void qx_leave_out(const void *site)
{
    m.run.limited = site;
}

void qx_limit(const void *site)
{
    qx_leave_out(site);
    qx_stop(qx_self()->executed, "a loop without an end", site);
}

int qx_last_executed(int number)
{
    return m.thread[number]->last;
}

void qx_stop_turn(uint32_t since, const char *why, const void *site)
{
    m.redundant = m.redundant || (!qx_walking() && qx_chose_stale(since));
    qx_self()->returns = true;
    stop(since, why, site);
    qx_self()->returns = false;
}

void qx_stop_if_redundant(void)
{
    if (m.redundant)
        qx_stop(qx_self()->executed, "another waits", NULL);
}

// Called where a new event is about to be made. An execution that goes on from here finds it in the graph.
static int pause_for_checkpoint(void)
{
    if (!qx_checkpoint_due(m.run.steps))
        return QX_NONE;
    m.stays = true;
    leave();
    return qx_self()->next;
}

int qx_repeated(enum qx_kind kind, int location, const void *site)
{
    int e = qx_self()->next;
    if (e == QX_NONE) {
        qx_stop_if_redundant();
        if (qx_self()->executed >= MOST_EVENTS)
            qx_limit(site);
        e = pause_for_checkpoint();
    }
    if (e == QX_NONE)
        return QX_NONE;
    const struct qx_event *event = &graph()->event[e];
    if (event->kind != kind || event->location != location)
        qx_fail(QX_CHANGING, site, NULL,
                "the program does not do the same in the same situation: does it read a clock, an address or "
                "random numbers?");
    return e;
}

void qx_done(int e)
{
    struct qx_thread *self = qx_self();
    self->executed = (uint32_t)graph()->event[e].index + 1;
    self->touched = false;
    self->last = e;
    m.progress++;
    self->next = graph()->event[e].po_after;
    m.step = qx_room(m.step, &m.step_capacity, m.run.steps + 1, sizeof *m.step);
    m.step[m.run.steps++] = e;
    if (qx_walking())
        qx_walk_step();
}

int qx_choose(int ways, const void *site)
{
    qx_step();
    int e = qx_repeated(QX_CHOICE, QX_NONE, site);
    if (e == QX_NONE)
        e = qx_search_choose(m.run.current, ways, site);
    qx_done(e);
    qx_spin_changed();
    return (int)graph()->event[e].value;
}

bool qx_happens(int *count, int most, const void *site)
{
    if (*count >= most || qx_choose(2, site) == 0)
        return false;
    ++*count;
    return true;
}

void qx_yield(const void *site)
{
    struct qx_thread *self = qx_self();
    if (++self->idle_yields > MOST_IDLE_YIELDS)
        qx_limit(site);
    qx_await_change();
}

static void reserve_threads(int n)
{
    if (n <= m.threads)
        return;
    size_t old = (size_t)m.threads, new = (size_t)n;
    m.thread = qx_grow(m.thread, old * sizeof *m.thread, new * sizeof *m.thread);
    m.able = qx_grow(m.able, old * sizeof *m.able, new * sizeof *m.able);
    for (; m.threads < n; m.threads++)
        m.thread[m.threads] = qx_grow(NULL, 0, sizeof **m.thread);
}

// The program's threads begin here, on a stack of their own.
static void enter(void)
{
    m.exploring = true;
    struct qx_thread *self = qx_self();
    if (m.run.current == 0) {
        int status = m.main_function(m.argc, m.argv, m.envp);
        qx_frame_end();
        self->gone = true;
        qx_exit(status, NULL);
    }
    qx_step();
    if (graph()->thread[m.run.current].count == 0) {
        qx_stop_if_redundant();
        int e = qx_graph_add(graph(), m.run.current, QX_BEGIN, QX_RELAXED, NULL);
        qx_graph_join(graph(), e, graph()->thread[m.run.current].create);
        self->next = e;
    }
    qx_done(qx_repeated(QX_BEGIN, QX_NONE, NULL));
    qx_end_thread(self->start(self->arg));
}

static void prepare(int number, int creator)
{
    struct qx_thread *t = m.thread[number];
    if (!t->context.stack) {
        bool exploring = qx_set_exploring(false); // it calls the C library
        qx_context_create(&t->context);
        qx_set_exploring(exploring);
    }
    qx_context_prepare(&t->context, enter);
    qx_state_restore_thread(&t->context);
    qx_spin_begin(t);
    *t = (struct qx_thread){.context = t->context,
                            .state = QX_READY,
                            .last = QX_NONE,
                            .next = graph()->thread[number].first,
                            .clock = creator == QX_NONE ? 0 : m.thread[creator]->clock,
                            .specific = t->specific,
                            .specific_run = t->specific_run,
                            .turns = t->turns,
                            .turn_capacity = t->turn_capacity};
}

int qx_create(void *(*start)(void *), void *arg, const void *site)
{
    qx_step();
    int e = qx_repeated(QX_CREATE, QX_NONE, site);
    if (e == QX_NONE) {
        e = qx_graph_add(graph(), m.run.current, QX_CREATE, QX_RELAXED, site);
        graph()->event[e].other = qx_graph_new_thread(graph(), e);
    }
    int number = graph()->event[e].other;
    reserve_threads(number + 1);
    qx_done(e);
    qx_spin_changed();
    m.run.divided = true;
    prepare(number, m.run.current);
    m.thread[number]->start = start;
    m.thread[number]->arg = arg;
    return number;
}

void qx_join(int thread, const void *site)
{
    struct qx_thread *self = qx_self();
    while (!has_ended(m.thread[thread])) {
        self->state = QX_WAITS;
        self->waits_for = thread;
        self->waits_until = UINT32_MAX;
        self->stopped_by = "it joins a thread";
        self->stopped_at = site;
        leave();
    }
    qx_step();
    int e = qx_repeated(QX_JOIN, QX_NONE, site);
    if (e == QX_NONE) {
        e = qx_graph_add(graph(), m.run.current, QX_JOIN, QX_RELAXED, site);
        graph()->event[e].other = thread;
        qx_graph_join(graph(), e, graph()->thread[thread].last);
    }
    qx_done(e);
    qx_spin_changed();
}

void qx_end_thread(void *result)
{
    qx_destroy_own();
    struct qx_thread *self = qx_self();
    self->result = result;
    qx_step();
    int e = qx_repeated(QX_END, QX_NONE, NULL);
    if (e == QX_NONE)
        e = qx_graph_add(graph(), m.run.current, QX_END, QX_RELAXED, NULL);
    qx_done(e);
    qx_frame_end();
    self->gone = true;
    self->state = QX_ENDED;
    for (;;)
        leave();
}

static int next_thread(void)
{
    if (qx_walking()) {
        int chosen = m.chosen != QX_NONE ? m.chosen : walk_thread();
        m.chosen = QX_NONE;
        if (chosen != QX_NONE)
            return chosen;
    }
    for (int i = 0; i < m.threads; i++) {
        if (may_go_on(m.thread[i]))
            return i;
    }
    for (int i = 0; i < m.threads; i++) {
        if (m.thread[i]->state == QX_YIELDS) {
            m.thread[i]->in_vain = true;
            return i;
        }
    }
    for (int i = 0; i < m.threads; i++) {
        if (m.thread[i]->state == QX_STOPPED && m.thread[i]->returns && qx_turn_was_seen(i))
            return i;
    }
    return QX_NONE;
}

static enum qx_end complete(void)
{
    return qx_leaks_find(m.run.finished, &m.failure) ? QX_FAULT : QX_COMPLETE;
}

// A detached thread may wait for ever when main has ended.
static bool only_detached_wait(void)
{
    for (int i = 0; i < m.threads; i++) {
        const struct qx_thread *t = m.thread[i];
        if ((t->state == QX_STOPPED || t->state == QX_WAITS) && !t->detached)
            return false;
    }
    return true;
}

static enum qx_end judge(void)
{
    if (m.failure.fault != QX_NO_FAULT)
        return QX_FAULT;
    if (m.redundant)
        return QX_BLOCKED;
    bool stopped = false;
    for (int i = 0; i < m.threads; i++)
        stopped = stopped || m.thread[i]->state == QX_STOPPED || m.thread[i]->state == QX_WAITS;
    if (!stopped)
        return complete();
    if (m.run.limited || !qx_stuck_for_ever())
        return QX_BLOCKED;
    if (m.run.finished)
        return complete() == QX_FAULT ? QX_FAULT : only_detached_wait() ? QX_COMPLETE : QX_BLOCKED;
    qx_stuck_name(&m.failure);
    return QX_FAULT;
}

// For a checkpoint. In the execution that goes on from it, the graph may have the thread's next event.
static void keep_thread(int number)
{
    struct qx_thread *t = m.thread[number], now = *t;
    bool used = t->state != QX_UNUSED;
    qx_keep(&used, sizeof used);
    if (!used) {
        t->state = QX_UNUSED;
        t->executed = 0;
        return;
    }
    qx_keep(t, sizeof *t);
    t->turns = now.turns; // room that was made meanwhile
    t->turn_capacity = now.turn_capacity;
    t->specific = now.specific;
    t->next = t->last == QX_NONE ? graph()->thread[number].first : graph()->event[t->last].po_after;
    qx_keep(t->context.sp, (size_t)(t->context.stack + t->context.stack_size - (char *)t->context.sp));
    qx_state_keep_thread(&t->context);
    qx_spin_keep(t);
}

static void keep(void)
{
    int threads = m.threads;
    qx_keep(&threads, sizeof threads);
    for (int i = 0; i < threads; i++)
        keep_thread(i);
    for (int i = threads; i < m.threads; i++) {
        m.thread[i]->state = QX_UNUSED;
        m.thread[i]->executed = 0;
    }
    qx_keep(&m.run, sizeof m.run);
    qx_keep(m.step, (size_t)m.run.steps * sizeof *m.step);
    qx_state_keep();
    qx_heap_keep();
    qx_shadow_keep();
    qx_access_keep();
    qx_park_keep();
    qx_urcu_keep();
    qx_exit_keep();
    qx_threads_keep();
}

static void begin_at_main(void)
{
    m.run = (struct run){.number = ++m.runs};
    qx_state_restore();
    qx_heap_begin();
    qx_shadow_begin();
    qx_park_begin();
    qx_urcu_begin();
    qx_exit_begin();
    reserve_threads(1);
    for (int i = 0; i < m.threads; i++) {
        m.thread[i]->state = QX_UNUSED;
        m.thread[i]->executed = 0;
    }
    prepare(0, QX_NONE);
    m.thread[0]->executed = 1;
    m.thread[0]->last = graph()->thread[0].first;
    m.thread[0]->next = graph()->event[m.thread[0]->last].po_after;
}

// A program that makes stacks of its own keeps them where no checkpoint looks.
static bool all_on_own_stacks(void)
{
    for (int i = 0; i < m.threads; i++) {
        const struct qx_context *c = &m.thread[i]->context;
        if (m.thread[i]->state != QX_UNUSED && (uintptr_t)c->sp - (uintptr_t)c->stack >= c->stack_size)
            return false;
    }
    return true;
}

// The current thread goes on until it leaves.
static void go_on(void)
{
    do {
        m.stays = false;
        m.exploring = true;
        qx_context_switch(&m.scheduler, &qx_self()->context);
        m.exploring = false;
        if (m.stays && all_on_own_stacks())
            qx_checkpoint_take(m.run.steps, keep);
    } while (m.stays);
}

enum qx_end qx_run(int (*main_function)(int, char **, char **), int argc, char **argv, char **envp)
{
    m.main_function = main_function;
    m.argc = argc, m.argv = argv, m.envp = envp;
    m.progress++;
    m.chosen = QX_NONE;
    m.redundant = false;
    m.failure = (struct qx_failure){.clash_thread = QX_NONE};
    qx_context_adopt(&m.scheduler);
    if (qx_checkpoint_resume(keep))
        go_on();
    else
        begin_at_main();
    while (m.failure.fault == QX_NO_FAULT && (m.run.current = next_thread()) != QX_NONE) {
        qx_self()->state = QX_READY;
        go_on();
    }
    m.run.current = m.run.current == QX_NONE ? 0 : m.run.current; // nobody can go on: main as good as any
    return judge();
}
