/* One execution of the program under test, as a graph: events in program order, for each load the store it
 * reads (rf), for each location the order of its stores (mo). What happens before what is kept as vector
 * clocks. A graph is plain arrays, so that a copy is a few memcpy. */
#ifndef QUIESCE_EXPLORE_GRAPH_H
#define QUIESCE_EXPLORE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 qx_value;

// The numbers that compilers hand to __tsan_*.
enum qx_order { QX_RELAXED, QX_CONSUME, QX_ACQUIRE, QX_RELEASE, QX_ACQ_REL, QX_SEQ_CST };

enum qx_kind { QX_LOAD, QX_STORE, QX_FENCE, QX_CREATE, QX_BEGIN, QX_END, QX_JOIN, QX_CHOICE };

enum qx_op { QX_NO_OP, QX_SET, QX_ADD, QX_SUB, QX_AND, QX_OR, QX_XOR, QX_NAND, QX_CAS };

enum { QX_NONE = -1 }; // no event; as the store a load reads: the location's initial value

// What a read-modify-write does with what it reads. Its load and, where it writes, its store are neighbours
// in program order and are added together.
struct qx_rmw {
    qx_value operand, expected; // expected: of a compare-exchange
    uint8_t op, order, failure_order;
};

// What a load waits for: its thread goes no further unless the value is such.
struct qx_await {
    enum { QX_ANYTHING, QX_MASKED, QX_AT_LEAST } what; // (value & mask) == bound, value >= bound
    qx_value mask, bound;
};

struct qx_event {
    uint8_t kind, order, size;
    bool of_rmw;    // store: written by a read-modify-write, whose load stands before it
    bool plain;     // store: by a plain access to a location that is otherwise atomic
    int32_t thread; // whose event it is
    int32_t index;  // and which of its events
    int32_t location;
    int32_t rf; // load: the store it reads
    int32_t mo; // store: its place in the modification order, from 1; the initial value has 0
    int32_t mo_before, mo_after; // store: its neighbours there
    int32_t next_load;           // load: the load of its location that was added before it
    int32_t po_before, po_after;
    int32_t fence;         // the last release fence in program order, itself included
    int32_t other;         // create, join: the thread; choice: the number of ways
    qx_value value;        // read, written or chosen
    struct qx_rmw rmw;     // load: QX_NO_OP where it is not one
    struct qx_await await; // load
    const void *site;      // the return address in the program
};

struct qx_graph_thread {
    int32_t first, last, count;
    int32_t create; // the event that made it, QX_NONE: main
};

struct qx_graph_location {
    int32_t first, last; // stores in modification order
    int32_t loads;       // the load added last
    int32_t size;        // 0 while nothing has touched it
    qx_value initial;
};

// Events stand in the order in which they were added.
struct qx_graph {
    int32_t events, event_capacity;
    int32_t threads, stride; // clocks have `stride` entries, at least one for each thread
    int32_t thread_capacity;
    int32_t locations, location_capacity;
    int32_t fences; // of order seq_cst
    struct qx_event *event;
    uint32_t *clock; // three for each event, see below
    struct qx_graph_thread *thread;
    struct qx_graph_location *location;
};

// clock[t] counts the events of thread t that are before the event, itself included.
enum qx_clock {
    QX_HB,     // happens-before
    QX_PREFIX, // program order and reads-from
    QX_MESSAGE // store: what an acquire load that reads it learns (release sequences included)
};

static inline uint32_t *qx_clock(const struct qx_graph *g, int e, enum qx_clock which)
{
    return g->clock + ((size_t)e * 3 + which) * (size_t)g->stride;
}

static inline bool qx_covers(const struct qx_graph *g, const uint32_t *clock, int e)
{
    return (uint32_t)g->event[e].index < clock[g->event[e].thread];
}

static inline bool qx_acquires(int order)
{
    return order == QX_ACQUIRE || order == QX_CONSUME || order == QX_ACQ_REL || order == QX_SEQ_CST;
}

static inline bool qx_releases(int order)
{
    return order == QX_RELEASE || order == QX_ACQ_REL || order == QX_SEQ_CST;
}

static inline int qx_position(const struct qx_graph *g, int store)
{
    return store == QX_NONE ? 0 : g->event[store].mo;
}

static inline bool qx_is_awaited(const struct qx_await *await, qx_value value)
{
    return await->what == QX_ANYTHING ||
           (await->what == QX_MASKED ? (value & await->mask) == await->bound : value >= await->bound);
}

/* Keeps nothing. A graph begins as zero bytes. */
void qx_graph_clear(struct qx_graph *g);

/* A new thread's number, created by `create`; a number whose thread the graph has lost is used again. */
int qx_graph_new_thread(struct qx_graph *g, int create);

/* Appends an event to its thread's program order; its clocks are those of the event before it, itself
 * counted. */
int qx_graph_add(struct qx_graph *g, int thread, enum qx_kind kind, int order, const void *site);

/* Appends an access: `access` has location, size, order, await, rmw, value, plain and site. A load is not yet
 * among its location's, nor a store in its modification order. */
int qx_graph_add_access(struct qx_graph *g, int thread, enum qx_kind kind, const struct qx_event *access);

/* Appends a load that reads its location's newest store. */
int qx_graph_add_load(struct qx_graph *g, int thread, const struct qx_event *access);

/* Appends the store of a read-modify-write that writes, behind what its load reads. */
int qx_graph_add_rmw_store(struct qx_graph *g, int load);

/* What the thread of event e knew before it: its own clock may have learnt more from what it reads. */
const uint32_t *qx_graph_clock_before(const struct qx_graph *g, int e);

/* The first touch of a location fixes its size and initial value. */
void qx_graph_touch(struct qx_graph *g, int location, int size, qx_value initial);

/* Makes load e read `store`: sets its value, order (a compare-exchange that fails has another) and clocks. */
void qx_graph_read(struct qx_graph *g, int e, int store);
bool qx_graph_writes(const struct qx_graph *g,
                     int load); // does this read-modify-write write, given what it read?
qx_value qx_graph_rmw_result(const struct qx_graph *g, int load);

/* Puts store e behind `before` in its location's modification order, and sets its message. */
void qx_graph_place(struct qx_graph *g, int e, int before);
void qx_graph_displace(struct qx_graph *g, int e);

void qx_graph_join(const struct qx_graph *g, int e, int from); // from happens before e
void qx_graph_fence(const struct qx_graph *g, int e);          // an acquire fence's clock

/* The oldest store of the location (or QX_NONE) that a thread with this clock may still read, by coherence.
 */
int qx_graph_floor(const struct qx_graph *g, int location, const uint32_t *hb);

/* Is the store read by a read-modify-write that writes? Then nothing else can stand right behind it. */
bool qx_graph_claimed(const struct qx_graph *g, int location, int store);

qx_value qx_graph_value(const struct qx_graph *g, int location, int store);

/* Keeps the first `n` events only. */
void qx_graph_truncate(struct qx_graph *g, int n);

/* to = those events of `from` that are at most `last` or in the prefix of event a, and a itself at the end.
 * Stores keep their order; a has no place in it yet. Returns a's number in `to`. */
int qx_graph_restrict(struct qx_graph *to, const struct qx_graph *from, int last, int a);

/* RC11's axiom of sequential consistency: is psc acyclic, as it was before these events were changed? */
bool qx_graph_sc(const struct qx_graph *g, const int *changed, int n);

#endif
