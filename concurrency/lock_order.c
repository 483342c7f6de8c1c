/* lock_order.c: a graph of what was waited for while what was held.
 *
 * Each thread keeps the list of the locks that it holds. A wait with some of them held makes pairs (held,
 * wanted); one that the graph has already is fine, whatever it was found to be then. A new one becomes an
 * edge, and a search asks whether the graph leads from the wanted lock back to the held one.
 *
 * A node is a class, or a lock: a pair of locks of different classes is an edge between the classes, a pair
 * of one class an edge between the locks.
 *
 * All that threads share is under one lock, the C library's, for ours come here. */
#define _GNU_SOURCE // dladdr
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/lock_order.h>
#include <quiesce/concurrency/text.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#else
#define backtrace(frames, most) ((void)(frames), 0) // musl has none
#endif

#define HELD_MAX 32 // of more locks at a time the others are not seen
#define FRAMES 32
#define BUCKETS 4096

struct held {
    const void *lock;
    const void *taken_at, *called_from;
};

struct edge {
    struct node *from, *to;
    struct edge *next_out; // of `from`
    struct edge *next;     // in its bucket
    struct held held;      // these made it
    const void *wanted, *wanted_at;
    int frames;
    void *stack[FRAMES]; // from in here; where the caller's begins tells wanted_at
};

struct node {
    const void *key; // the class or the lock
    const struct qsc_lock_class *lock_class;
    struct edge *out;
    struct node *next; // in its bucket
    // The search that last came here, by which edge, and whom it looks at afterwards
    unsigned long search;
    struct edge *by;
    struct node *later;
};

static _Thread_local struct {
    struct held held[HELD_MAX];
    unsigned count;
    bool off; // the thread is in here: what it locks meanwhile is not looked at
} mine;

static pthread_mutex_t graph = PTHREAD_MUTEX_INITIALIZER;
static struct node *nodes[BUCKETS];
static struct edge *edges[BUCKETS];
static unsigned long searches;
static void (*report_handler)(const char *, void *);
static void *report_context;

// Returns whether the thread is in now: not from a handler, nor from an allocator that is called here.
static bool enter(void)
{
    if (mine.off)
        return false;
    mine.off = true;
    (void)pthread_mutex_lock(&graph);
    return true;
}

static void leave(void)
{
    (void)pthread_mutex_unlock(&graph);
    mine.off = false;
}

static size_t bucket_of(const void *one, const void *other)
{
    uint64_t mixed = (uint64_t)(uintptr_t)one * 0x9e3779b97f4a7c15U + (uint64_t)(uintptr_t)other;
    return (size_t)(mixed * 0x9e3779b97f4a7c15U >> 32) % BUCKETS;
}

static struct node *find_node(const void *key)
{
    struct node *node = nodes[bucket_of(key, NULL)];
    while (node && node->key != key)
        node = node->next;
    return node;
}

// Finds or makes it; NULL when there is no memory.
static struct node *node_of(const void *key, const struct qsc_lock_class *lock_class)
{
    struct node *node = find_node(key);
    if (node || !(node = qsc_alloc(sizeof *node)))
        return node;
    struct node **bucket = &nodes[bucket_of(key, NULL)];
    *node = (struct node){.key = key, .lock_class = lock_class, .next = *bucket};
    *bucket = node;
    return node;
}

static const struct qsc_lock_class *class_of(const void *lock)
{
    const struct node *node = find_node(lock);
    return node ? node->lock_class : NULL;
}

static struct edge *find_edge(const struct node *from, const struct node *to)
{
    struct edge *edge = edges[bucket_of(from, to)];
    while (edge && (edge->from != from || edge->to != to))
        edge = edge->next;
    return edge;
}

static struct edge *add_edge(struct node *from, struct node *to, const struct held *held, const void *wanted,
                             const void *wanted_at)
{
    struct edge *edge = qsc_alloc(sizeof *edge);
    if (!edge)
        return NULL;
    struct edge **bucket = &edges[bucket_of(from, to)];
    *edge = (struct edge){.from = from,
                          .to = to,
                          .next_out = from->out,
                          .next = *bucket,
                          .held = *held,
                          .wanted = wanted,
                          .wanted_at = wanted_at};
    edge->frames = backtrace(edge->stack, FRAMES);
    *bucket = edge;
    from->out = edge;
    return edge;
}

// Breadth first, so that the circle is the shortest. Leaves the way in `by`, from its end.
static bool leads_to(struct node *start, const struct node *goal)
{
    struct node *last = start;
    start->search = ++searches;
    start->later = NULL;
    for (struct node *node = start; node; node = node->later) {
        if (node == goal)
            return true;
        for (struct edge *edge = node->out; edge; edge = edge->next_out)
            if (edge->to->search != searches) {
                edge->to->search = searches;
                edge->to->by = edge;
                edge->to->later = NULL;
                last = last->later = edge->to;
            }
    }
    return false;
}

// Where the instruction stands that returns or has called to `address`.
static void add_place(struct text *text, const void *address)
{
    const char *instruction = (const char *)address - 1;
    Dl_info info;
    if (!address || !dladdr(instruction, &info) || !info.dli_fname) {
        qsc_text_add(text, "%p\n", address);
        return;
    }
    if (info.dli_sname)
        qsc_text_add(text, "%s ", info.dli_sname);
    qsc_text_add(text, "(%s+%#tx)\n", info.dli_fname, instruction - (const char *)info.dli_fbase);
}

static void add_lock(struct text *text, const void *lock)
{
    const struct qsc_lock_class *lock_class = class_of(lock);
    if (!lock_class)
        qsc_text_add(text, "%p", lock);
    else if (lock_class->rank)
        qsc_text_add(text, "%s %p (rank %u)", lock_class->name, lock, lock_class->rank);
    else
        qsc_text_add(text, "%s %p", lock_class->name, lock);
}

static void add_pair(struct text *text, const struct edge *edge)
{
    add_lock(text, edge->wanted);
    qsc_text_add(text, "\n  is wanted at\n    ");
    add_place(text, edge->wanted_at);
    int i = 0;
    while (i < edge->frames && edge->stack[i] != edge->wanted_at)
        i++;
    for (i++; i < edge->frames; i++) {
        qsc_text_add(text, "    ");
        add_place(text, edge->stack[i]);
    }
    qsc_text_add(text, "  while ");
    add_lock(text, edge->held.lock);
    qsc_text_add(text, "\n  is held, taken at\n    ");
    add_place(text, edge->held.taken_at);
    qsc_text_add(text, "    ");
    add_place(text, edge->held.called_from);
}

static void add_report(struct text *text, const char *what, const struct edge *edge, bool circle)
{
    qsc_text_add(text, "lock order: %s\n", what);
    add_pair(text, edge);
    for (const struct node *node = edge->from; circle && node != edge->to; node = node->by->from)
        add_pair(text, node->by);
}

// `circle`: leads_to has just found that the edge closes one.
static void report(const char *what, const struct edge *edge, bool circle)
{
    struct text text = {0};
    add_report(&text, what, edge, circle);
    char *written = qsc_alloc(text.length + 1);
    if (written) {
        text = (struct text){written, text.length + 1, 0};
        add_report(&text, what, edge, circle);
    }
    const char *shown = written ? written : "lock order: no memory for a report\n";
    void (*handler)(const char *, void *) = report_handler;
    void *context = report_context;
    (void)pthread_mutex_unlock(&graph);
    if (handler)
        handler(shown, context);
    else
        (void)fputs(shown, stderr);
    qsc_free(written);
    (void)pthread_mutex_lock(&graph);
}

static bool ranks_rise(const struct qsc_lock_class *held, const struct qsc_lock_class *wanted)
{
    return !held || !wanted || held == wanted || !held->rank || !wanted->rank || held->rank < wanted->rank;
}

static void check_pair(const struct held *held, const void *wanted, const void *wanted_at)
{
    const struct qsc_lock_class *held_class = class_of(held->lock), *wanted_class = class_of(wanted);
    bool by_lock = held_class == wanted_class;
    struct node *from = node_of(!held_class || by_lock ? held->lock : held_class, held_class);
    struct node *to = node_of(!wanted_class || by_lock ? wanted : wanted_class, wanted_class);
    if (!from || !to || find_edge(from, to))
        return;
    bool circle = leads_to(to, from);
    const struct edge *edge = add_edge(from, to, held, wanted, wanted_at);
    if (!edge)
        return;
    if (!ranks_rise(held_class, wanted_class))
        report("a lock is wanted while one of the same or a higher rank is held", edge, circle);
    else if (circle)
        report("locks are wanted in a circle", edge, circle);
}

void qsc_lock_wanted_slow(const void *lock)
{
    const void *at = __builtin_return_address(0);
    if (mine.count == 0 || !enter())
        return;
    for (unsigned i = 0; i < mine.count; i++)
        if (mine.held[i].lock != lock) {
            check_pair(&mine.held[i], lock, at);
        } else {
            struct edge again = {.held = mine.held[i], .wanted = lock, .wanted_at = at};
            again.frames = backtrace(again.stack, FRAMES);
            report("a thread waits for a lock that it holds", &again, false);
        }
    leave();
}

void qsc_lock_taken_slow(const void *lock, const void *caller)
{
    if (mine.count < HELD_MAX && !mine.off)
        mine.held[mine.count++] = (struct held){lock, __builtin_return_address(0), caller};
}

void qsc_lock_released_slow(const void *lock)
{
    unsigned i = mine.count;
    while (i > 0 && mine.held[i - 1].lock != lock)
        i--;
    if (i == 0 || mine.off) // it was one too many, or taken in code that is not checked
        return;
    for (mine.count--; i <= mine.count; i++)
        mine.held[i - 1] = mine.held[i];
}

static void unlink_out(const struct edge *edge)
{
    struct edge **link = &edge->from->out;
    while (*link != edge)
        link = &(*link)->next_out;
    *link = edge->next_out;
}

static void remove_edges(const struct node *node)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct edge **link = &edges[i]; *link;) {
            struct edge *edge = *link;
            if (edge->from != node && edge->to != node) {
                link = &edge->next;
                continue;
            }
            *link = edge->next;
            unlink_out(edge);
            qsc_free(edge);
        }
}

static void remove_node(const void *key)
{
    struct node **link = &nodes[bucket_of(key, NULL)];
    while (*link && (*link)->key != key)
        link = &(*link)->next;
    struct node *node = *link;
    if (!node)
        return;
    remove_edges(node);
    *link = node->next;
    qsc_free(node);
}

void qsc_lock_set_class_slow(const void *lock, const struct qsc_lock_class *lock_class)
{
    if (!enter())
        return;
    remove_node(lock);
    (void)node_of(lock, lock_class);
    leave();
}

void qsc_lock_forget_slow(const void *lock)
{
    if (!enter())
        return;
    remove_node(lock);
    leave();
}

void qsc_lock_order_set_handler(void (*handler)(const char *, void *), void *context)
{
    if (!enter())
        return;
    report_handler = handler;
    report_context = context;
    leave();
}
