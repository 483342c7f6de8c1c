/* reference.c: an execution is guessed in two steps and then judged.
 *
 * First each read is given a store to read from. Where the stores' values are known only when their threads
 * have come to them, a read waits for its store; where that wait would never end, po U rf has a cycle and
 * the guess is dropped, as RC11 demands. Then the stores to each location are put into every order. What is
 * left is a graph of events, and the axioms are evaluated on it as they stand in the paper.
 *
 * All axioms forbid cycles in relations that only grow with rf and mo. So a graph whose modification order is
 * not complete yet and already breaks one need not be completed: the same test prunes and judges. */
#include "reference.h"
#include "relation.h"

/* The threads' run, under a guess of who reads from whom. */

enum progress { PENDING, OMITTED, EXECUTED };
enum { UNCHOSEN = -2, INITIAL = -1 };

struct run {
    enum progress progress[STATEMENTS_MAX];
    int source[STATEMENTS_MAX];  // the statement that each read reads from, or INITIAL, or UNCHOSEN
    int read[STATEMENTS_MAX];    // a value, or NONE
    int written[STATEMENTS_MAX]; // a value, or NONE
};

/* A graph of events. The initial value of location l is event l. A read-modify-write is two events. */

struct graph {
    events reads, writes, fences;
    events releases, acquires, seq_cst;
    events at[LOCATIONS_MAX];
    struct relation po, rmw, rf, mo;
    struct relation hb, rb, eco; // follow from those; hb does not depend on mo
};

struct search {
    const struct program *program;
    struct run run;
    struct graph graph;
    int read_event[STATEMENTS_MAX], write_event[STATEMENTS_MAX];
    void (*visit)(const struct outcome *outcome, void *context);
    void *context;
    unsigned long executions;
};

/* The axioms */

static struct relation happens_before(const struct graph *g)
{
    struct relation R = on(g->reads), W = on(g->writes), F = on(g->fences);
    struct relation rs = SEQUENCE(W, star(compose(g->rf, g->rmw)));
    struct relation sw = SEQUENCE(on(g->releases), optional(compose(F, g->po)), rs, g->rf, R,
                                  optional(compose(g->po, F)), on(g->acquires));
    return plus(UNION(g->po, sw));
}

// Coherence and atomicity, which can be judged while mo grows.
static bool consistent_so_far(struct graph *g)
{
    g->rb = compose(inverse(g->rf), g->mo);
    g->eco = plus(UNION(g->rf, g->mo, g->rb));
    return irreflexive(compose(g->hb, optional(g->eco))) && empty(both(g->rmw, compose(g->rb, g->mo)));
}

static struct relation same_location(const struct graph *g)
{
    struct relation r = {0};
    for (int location = 0; location < LOCATIONS_MAX; location++) {
        events here = g->at[location];
        for (int e; take(&here, &e);)
            r.after[e] = g->at[location];
    }
    return r;
}

static bool sequentially_consistent(const struct graph *g)
{
    struct relation hb = g->hb, eco = g->eco, same = same_location(g);
    struct relation Esc = on(g->seq_cst), Fsc = on(g->seq_cst & g->fences);
    struct relation po_elsewhere = minus(g->po, same);
    struct relation scb =
        UNION(g->po, SEQUENCE(po_elsewhere, hb, po_elsewhere), both(hb, same), g->mo, g->rb);
    struct relation psc_base =
        SEQUENCE(UNION(Esc, compose(Fsc, optional(hb))), scb, UNION(Esc, compose(optional(hb), Fsc)));
    struct relation psc_F = SEQUENCE(Fsc, UNION(hb, SEQUENCE(hb, eco, hb)), Fsc);
    return acyclic(UNION(psc_base, psc_F));
}

/* The modification orders */

static int last_value(const struct search *s, int location)
{
    for (int i = 0; i < s->program->count; i++)
        if (s->run.written[i] != NONE && s->program->statements[i].location == location &&
            !s->graph.mo.after[s->write_event[i]])
            return s->run.written[i];
    return 0;
}

static void found(struct search *s)
{
    struct outcome outcome;
    for (int i = 0; i < STATEMENTS_MAX; i++)
        outcome.registers[i] = i < s->program->count ? s->run.read[i] : NONE;
    for (int location = 0; location < LOCATIONS_MAX; location++)
        outcome.memory[location] = last_value(s, location);
    s->executions++;
    if (s->visit)
        s->visit(&outcome, s->context);
}

static events first_location(const struct graph *g, events set)
{
    int location = 0;
    while (!(g->at[location] & set))
        location++;
    return g->at[location];
}

// Puts the stores `left` into every order, location by location.
static void order_stores(struct search *s, events left)
{
    struct graph *g = &s->graph;
    if (!consistent_so_far(g))
        return;
    if (!left) {
        if (sequentially_consistent(g))
            found(s);
        return;
    }
    events here = left & first_location(g, left), behind = 0, rest = here;
    for (int e; take(&rest, &e);)
        behind |= g->mo.after[e];
    events candidates = here & ~behind;
    for (int next; take(&candidates, &next);) {
        events known = g->mo.after[next];
        g->mo.after[next] = here & ~event_set(next);
        order_stores(s, left & ~event_set(next));
        g->mo.after[next] = known;
    }
}

/* From a run to its graph */

// A new event after all those of `past`, which it joins.
static events add_event(struct graph *g, int e, events *past, memory_order order)
{
    events alone = event_set(e), before = *past;
    for (int a; take(&before, &a);)
        relate(&g->po, a, e);
    *past |= alone;
    if (order == memory_order_release || order == memory_order_acq_rel || order == memory_order_seq_cst)
        g->releases |= alone;
    if (order == memory_order_acquire || order == memory_order_acq_rel || order == memory_order_seq_cst ||
        order == memory_order_consume)
        g->acquires |= alone;
    if (order == memory_order_seq_cst)
        g->seq_cst |= alone;
    return alone;
}

// The one or two events of an executed statement, numbered from n.
static void add_statement(struct search *s, int i, events *past, int *n)
{
    const struct statement *statement = &s->program->statements[i];
    struct graph *g = &s->graph;
    bool reads = s->run.read[i] != NONE, writes = s->run.written[i] != NONE;
    bool failed = statement->kind == COMPARE_EXCHANGE && !writes;
    memory_order order = failed ? statement->failure : statement->order;
    events *here = &g->at[statement->location];

    if (statement->kind == FENCE)
        g->fences |= add_event(g, (*n)++, past, order);
    if (reads) {
        s->read_event[i] = (*n)++;
        events read = add_event(g, s->read_event[i], past, order);
        g->reads |= read;
        *here |= read;
    }
    if (writes) {
        s->write_event[i] = (*n)++;
        events write = add_event(g, s->write_event[i], past, order);
        g->writes |= write;
        *here |= write;
    }
    if (reads && writes)
        relate(&g->rmw, s->read_event[i], s->write_event[i]);
}

static void build_graph(struct search *s)
{
    const struct program *program = s->program;
    struct graph *g = &s->graph;
    events initial = 0, past[THREADS_MAX];
    int n = program->locations;
    *g = (struct graph){0};
    for (int location = 0; location < n; location++) {
        g->at[location] = event_set(location);
        initial |= event_set(location);
    }
    g->writes = initial;
    for (int thread = 0; thread < program->threads; thread++)
        past[thread] = initial;
    for (int i = 0; i < program->count; i++)
        if (s->run.progress[i] == EXECUTED)
            add_statement(s, i, &past[program->statements[i].thread], &n);
    for (int i = 0; i < program->count; i++)
        if (s->run.read[i] != NONE)
            relate(&g->rf,
                   s->run.source[i] == INITIAL ? program->statements[i].location
                                               : s->write_event[s->run.source[i]],
                   s->read_event[i]);
    g->hb = happens_before(g);
    // what coherence demands, before anything is guessed
    g->mo = both(SEQUENCE(on(g->writes), g->hb, on(g->writes)), same_location(g));
}

/* The runs */

static int written_value(const struct run *run, const struct statement *s, int read)
{
    int operand = s->value_from == NONE ? s->value : run->read[s->value_from];
    switch (s->kind) {
    case STORE:
    case EXCHANGE:
        return operand;
    case FETCH_ADD:
        return read + operand;
    case COMPARE_EXCHANGE:
        return read == s->expected ? operand : NONE;
    default:
        return NONE;
    }
}

static void execute(const struct program *program, struct run *run, int i)
{
    const struct statement *s = &program->statements[i];
    if (statement_reads(s))
        run->read[i] = run->source[i] == INITIAL ? 0 : run->written[run->source[i]];
    run->written[i] = written_value(run, s, run->read[i]);
    run->progress[i] = EXECUTED;
}

static int next_statement(const struct program *program, const struct run *run, int thread)
{
    for (int i = 0; i < program->count; i++)
        if (program->statements[i].thread == thread && run->progress[i] == PENDING)
            return i;
    return NONE;
}

// Whether it reads, and the value it reads is not known yet.
static bool waits(const struct program *program, const struct run *run, int i)
{
    if (!statement_reads(&program->statements[i]) || run->source[i] == INITIAL)
        return false;
    return run->source[i] == UNCHOSEN || run->progress[run->source[i]] == PENDING;
}

// Whether it was promised a store that does not happen: one left out, or a compare_exchange that failed.
static bool deceived(const struct run *run, int i)
{
    return run->source[i] >= 0 && run->written[run->source[i]] == NONE;
}

// Runs every thread until it ends or waits. False: the guess has come to nothing.
static bool advance(const struct program *program, struct run *run)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (int thread = 0; thread < program->threads; thread++) {
            int i = next_statement(program, run, thread);
            if (i == NONE)
                continue;
            const struct statement *s = &program->statements[i];
            if (s->guard != NONE && run->read[s->guard] != s->guard_value)
                run->progress[i] = OMITTED;
            else if (waits(program, run, i))
                continue;
            else if (deceived(run, i))
                return false;
            else
                execute(program, run, i);
            moved = true;
        }
    }
    return true;
}

// Only an abbreviation: with whatever modification order, the graph would not be atomic.
static bool two_updates_of_one_store(const struct program *program, const struct run *run)
{
    for (int i = 0; i < program->count; i++)
        for (int k = 0; k < i && run->read[i] != NONE && run->written[i] != NONE; k++)
            if (run->read[k] != NONE && run->written[k] != NONE && run->source[i] == run->source[k] &&
                program->statements[i].location == program->statements[k].location)
                return true;
    return false;
}

static bool ended(const struct program *program, const struct run *run)
{
    for (int i = 0; i < program->count; i++)
        if (run->progress[i] == PENDING)
            return false;
    return true;
}

// A read to which some thread has come and which has no source yet, or NONE.
static int undecided_read(const struct program *program, const struct run *run)
{
    for (int thread = 0; thread < program->threads; thread++) {
        int i = next_statement(program, run, thread);
        if (i != NONE && run->source[i] == UNCHOSEN)
            return i;
    }
    return NONE;
}

static bool could_read_from(const struct program *program, int reader, int source)
{
    const struct statement *to = &program->statements[reader], *from = &program->statements[source];
    return statement_writes(from) && from->location == to->location && source != reader;
}

// Continues the guess in all ways. A guess that has neither ended nor an undecided read is one whose threads
// wait for each other: po U rf has a cycle.
static void extend(struct search *s)
{
    if (!advance(s->program, &s->run) || two_updates_of_one_store(s->program, &s->run))
        return;
    build_graph(s);
    if (ended(s->program, &s->run)) {
        order_stores(s, s->graph.writes);
        return;
    }
    int reader = undecided_read(s->program, &s->run);
    if (reader == NONE || !consistent_so_far(&s->graph))
        return;
    const struct run guess = s->run;
    for (int source = INITIAL; source < s->program->count; source++)
        if (source == INITIAL || could_read_from(s->program, reader, source)) {
            s->run = guess;
            s->run.source[reader] = source;
            extend(s);
        }
}

unsigned long reference_executions(const struct program *program,
                                   void (*visit)(const struct outcome *outcome, void *context), void *context)
{
    struct search s = {.program = program, .visit = visit, .context = context};
    for (int i = 0; i < STATEMENTS_MAX; i++) {
        s.run.source[i] = UNCHOSEN;
        s.run.read[i] = s.run.written[i] = NONE;
    }
    extend(&s);
    return s.executions;
}
