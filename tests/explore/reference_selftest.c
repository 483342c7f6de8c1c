/* reference_selftest.c: whether the reference says what is known. A list of litmus tests with verdict and
 * number of executions; all programs of one location and all seq_cst programs, whose executions are the
 * interleavings; and real runs, whose outcomes must be among those allowed. */
#include "interpret.h"
#include "reference.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#ifdef NDEBUG
#error "the oracles are assertions: build with -UNDEBUG"
#endif

enum { X, Y, Z };
#define RLX memory_order_relaxed
#define CON memory_order_consume
#define ACQ memory_order_acquire
#define REL memory_order_release
#define A_R memory_order_acq_rel
#define SEQ memory_order_seq_cst

/* Programs, as short as they can be written. A statement's number is its place in the list. */

static struct statement statement(enum statement_kind kind, int thread, int location, int value,
                                  memory_order order)
{
    return (struct statement){.kind = kind,
                              .thread = thread,
                              .location = location,
                              .order = order,
                              .value = value,
                              .value_from = NONE,
                              .guard = NONE};
}

static struct statement get(int thread, int location, memory_order order)
{
    return statement(LOAD, thread, location, 0, order);
}

static struct statement put(int thread, int location, int value, memory_order order)
{
    return statement(STORE, thread, location, value, order);
}

static struct statement swap(int thread, int location, int value, memory_order order)
{
    return statement(EXCHANGE, thread, location, value, order);
}

static struct statement add(int thread, int location, int value, memory_order order)
{
    return statement(FETCH_ADD, thread, location, value, order);
}

static struct statement cas(int thread, int location, int expected, int value, memory_order order,
                            memory_order failure)
{
    struct statement s = statement(COMPARE_EXCHANGE, thread, location, value, order);
    s.expected = expected;
    s.failure = failure;
    return s;
}

static struct statement fence(int thread, memory_order order)
{
    return statement(FENCE, thread, 0, 0, order);
}

// put(), of what statement `from` has read
static struct statement copy(int thread, int location, int from, memory_order order)
{
    struct statement s = put(thread, location, 0, order);
    s.value_from = from;
    return s;
}

static struct statement when(int guard, int value, struct statement s)
{
    s.guard = guard;
    s.guard_value = value;
    return s;
}

static struct program program_of(int count, const struct statement *statements)
{
    struct program p = {.count = count};
    assert(count <= STATEMENTS_MAX);
    for (int i = 0; i < count; i++) {
        p.statements[i] = statements[i];
        if (p.threads <= statements[i].thread)
            p.threads = statements[i].thread + 1;
        if (p.locations <= statements[i].location)
            p.locations = statements[i].location + 1;
    }
    return p;
}

/* Litmus tests */

// One value of an outcome: a register's, or from STATEMENTS_MAX on a location's last one.
struct term {
    int place, value;
};

struct question {
    int terms;
    const struct term *term;
    unsigned long seen;
};

static int value_at(const struct outcome *outcome, int place)
{
    return place < STATEMENTS_MAX ? outcome->registers[place] : outcome->memory[place - STATEMENTS_MAX];
}

static void ask(const struct outcome *outcome, void *context)
{
    struct question *question = context;
    bool all = true;
    for (int i = 0; i < question->terms; i++)
        all &= value_at(outcome, question->term[i].place) == question->term[i].value;
    question->seen += all;
}

static unsigned litmus_tests, mistakes;

static void litmus(const char *name, unsigned long executions, bool allowed, int terms,
                   const struct term *term, struct program program)
{
    struct question question = {terms, term, 0};
    unsigned long got = reference_executions(&program, ask, &question);
    litmus_tests++;
    if (got == executions && (question.seen > 0) == allowed)
        return;
    mistakes++;
    printf("%s: %lu executions, should be %lu; the outcome is %s, should %s\n", name, got, executions,
           question.seen ? "allowed" : "forbidden", allowed ? "be allowed" : "be forbidden");
}

// LITMUS(name, executions, ALLOWED or FORBIDDEN, OUTCOME(...), statements...)
#define ALLOWED true
#define FORBIDDEN false
#define R(i, value) \
    {               \
        i, value    \
    }
#define LAST(location, value)              \
    {                                      \
        STATEMENTS_MAX + (location), value \
    }
#define LENGTH(type, ...)                                             \
    (int)(sizeof(type[]){__VA_ARGS__} / sizeof(type)), (const type[]) \
    {                                                                 \
        __VA_ARGS__                                                   \
    }
#define OUTCOME(...) LENGTH(struct term, __VA_ARGS__)
#define LITMUS(name, executions, verdict, outcome, ...) \
    litmus(name, executions, verdict, outcome, program_of(LENGTH(struct statement, __VA_ARGS__)))

static void store_buffering(void)
{
    // a b: what the stores and the loads are
#define SB(name, executions, verdict, a, b)                                                     \
    LITMUS(name, executions, verdict, OUTCOME(R(1, 0), R(3, 0)), put(0, X, 1, a), get(0, Y, b), \
           put(1, Y, 1, a), get(1, X, b))
    SB("SB", 4, ALLOWED, RLX, RLX);
    SB("SB rel acq", 4, ALLOWED, REL, ACQ);
    SB("SB sc", 3, FORBIDDEN, SEQ, SEQ);
    SB("SB sc acq", 4, ALLOWED, SEQ, ACQ);
    SB("SB rel sc", 4, ALLOWED, REL, SEQ);
    // the two fences
#define SB_FENCES(name, executions, verdict, a, b)                                               \
    LITMUS(name, executions, verdict, OUTCOME(R(2, 0), R(5, 0)), put(0, X, 1, RLX), fence(0, a), \
           get(0, Y, RLX), put(1, Y, 1, RLX), fence(1, b), get(1, X, RLX))
    SB_FENCES("SB+scfs", 3, FORBIDDEN, SEQ, SEQ);
    SB_FENCES("SB+scf+arf", 4, ALLOWED, SEQ, A_R);
    SB_FENCES("SB+arfs", 4, ALLOWED, A_R, A_R);
    LITMUS("SB+2sc+scf", 3, FORBIDDEN, OUTCOME(R(1, 0), R(4, 0)), put(0, X, 1, SEQ), get(0, Y, SEQ),
           put(1, Y, 1, RLX), fence(1, SEQ), get(1, X, RLX));
    LITMUS("SB+rfis", 4, ALLOWED, OUTCOME(R(2, 0), R(5, 0)), put(0, X, 1, REL), get(0, X, SEQ),
           get(0, Y, SEQ), put(1, Y, 1, REL), get(1, Y, SEQ), get(1, X, SEQ));
    LITMUS("SB, exchanges to two locations", 4, ALLOWED, OUTCOME(R(1, 0), R(3, 0)), swap(0, X, 1, A_R),
           get(0, Y, ACQ), swap(1, Y, 1, A_R), get(1, X, ACQ));
    // An exchange of a third location orders the stores before it with the loads after the other's.
    LITMUS("SB, exchanges between", 4, FORBIDDEN, OUTCOME(R(2, 0), R(5, 0)), put(0, X, 1, RLX),
           swap(0, Z, 1, A_R), get(0, Y, RLX), put(1, Y, 1, RLX), swap(1, Z, 2, A_R), get(1, X, RLX));
}

static void message_passing(void)
{
#define MP(name, executions, verdict, a, b)                                                          \
    LITMUS(name, executions, verdict, OUTCOME(R(2, 1), R(3, 0)), put(0, X, 1, RLX), put(0, Y, 1, a), \
           get(1, Y, b), get(1, X, RLX))
    MP("MP", 4, ALLOWED, RLX, RLX);
    MP("MP rel", 4, ALLOWED, REL, RLX);
    MP("MP acq", 4, ALLOWED, RLX, ACQ);
    MP("MP rel acq", 3, FORBIDDEN, REL, ACQ);
    MP("MP rel consume", 3, FORBIDDEN, REL, CON);
    MP("MP sc", 3, FORBIDDEN, SEQ, SEQ);
#define MP_FENCES(name, executions, verdict, a, b)                                               \
    LITMUS(name, executions, verdict, OUTCOME(R(3, 1), R(5, 0)), put(0, X, 1, RLX), fence(0, a), \
           put(0, Y, 1, RLX), get(1, Y, RLX), fence(1, b), get(1, X, RLX))
    MP_FENCES("MP relf acqf", 3, FORBIDDEN, REL, ACQ);
    MP_FENCES("MP scf consume fence", 3, FORBIDDEN, SEQ, CON);
    MP_FENCES("MP acqf relf", 4, ALLOWED, ACQ, REL);
    MP_FENCES("MP rlxf acqf", 4, ALLOWED, RLX, ACQ);
    LITMUS("MP, guarded", 2, FORBIDDEN, OUTCOME(R(2, 1), R(3, 0)), put(0, X, 1, RLX), put(0, Y, 1, REL),
           get(1, Y, ACQ), when(2, 1, get(1, X, RLX)));
    LITMUS("MP, guarded, relaxed", 3, ALLOWED, OUTCOME(R(2, 1), R(3, 0)), put(0, X, 1, RLX),
           put(0, Y, 1, RLX), get(1, Y, ACQ), when(2, 1, get(1, X, RLX)));
    // A compare_exchange that fails is a load with the order of failure.
#define MP_CAS(name, executions, verdict, success, failure)                                            \
    LITMUS(name, executions, verdict, OUTCOME(R(2, 1), R(3, 0)), put(0, X, 1, RLX), put(0, Y, 1, REL), \
           cas(1, Y, 3, 2, success, failure), get(1, X, RLX))
    MP_CAS("MP, failing cas", 4, ALLOWED, SEQ, RLX);
    MP_CAS("MP, failing cas acq", 3, FORBIDDEN, REL, ACQ);
    LITMUS("MP, cas", 3, FORBIDDEN, OUTCOME(R(2, 1), R(3, 0)), put(0, X, 1, RLX), put(0, Y, 1, REL),
           cas(1, Y, 1, 2, ACQ, RLX), get(1, X, RLX));
    LITMUS("S", 4, ALLOWED, OUTCOME(R(2, 1), LAST(X, 1)), put(0, X, 1, RLX), put(0, Y, 1, RLX),
           get(1, Y, RLX), put(1, X, 2, RLX));
    LITMUS("S+rel+acq", 3, FORBIDDEN, OUTCOME(R(2, 1), LAST(X, 1)), put(0, X, 1, RLX), put(0, Y, 1, REL),
           get(1, Y, ACQ), put(1, X, 2, RLX));
    LITMUS("MP+incMP", 7, FORBIDDEN, OUTCOME(R(0, 1), R(1, 0), R(2, 1), R(3, 0)), get(0, Y, ACQ),
           add(0, Z, 1, A_R), add(1, Z, 1, A_R), get(1, X, ACQ), put(2, X, 1, REL), put(2, Y, 1, REL));
}

static void no_value_out_of_thin_air(void)
{
    LITMUS("LB", 3, FORBIDDEN, OUTCOME(R(0, 1), R(2, 1)), get(0, X, RLX), put(0, Y, 1, RLX), get(1, Y, RLX),
           put(1, X, 1, RLX));
    LITMUS("LB+data", 3, FORBIDDEN, OUTCOME(R(0, 1)), get(0, X, RLX), copy(0, Y, 0, RLX), get(1, Y, RLX),
           copy(1, X, 2, RLX));
    LITMUS("LB+ctrl", 1, FORBIDDEN, OUTCOME(R(0, 1)), get(0, X, RLX), when(0, 1, put(0, Y, 1, RLX)),
           get(1, Y, RLX), when(2, 1, put(1, X, 1, RLX)));
    LITMUS("LB3", 7, FORBIDDEN, OUTCOME(R(0, 1), R(2, 1), R(4, 1)), get(0, X, RLX), put(0, Y, 1, RLX),
           get(1, Y, RLX), put(1, Z, 1, RLX), get(2, Z, RLX), put(2, X, 1, RLX));
    LITMUS("a read of what the next statement stores", 1, FORBIDDEN, OUTCOME(R(0, 1)), get(0, X, RLX),
           put(0, X, 1, RLX));
}

static void several_readers(void)
{
#define IRIW(name, executions, verdict, a, b, c)                                                    \
    LITMUS(name, executions, verdict, OUTCOME(R(1, 1), R(2, 0), R(3, 1), R(4, 0)), put(0, X, 1, a), \
           get(1, X, b), get(1, Y, c), get(2, Y, b), get(2, X, c), put(3, Y, 1, a))
    IRIW("IRIW", 16, ALLOWED, RLX, RLX, RLX);
    IRIW("IRIW rel acq", 16, ALLOWED, REL, ACQ, ACQ);
    IRIW("IRIW sc", 15, FORBIDDEN, SEQ, SEQ, SEQ);
    IRIW("IRIW-acq-sc", 16, ALLOWED, SEQ, ACQ, SEQ);
    LITMUS("IRIW+scfs", 15, FORBIDDEN, OUTCOME(R(1, 1), R(3, 0), R(4, 1), R(6, 0)), put(0, X, 1, RLX),
           get(1, X, RLX), fence(1, SEQ), get(1, Y, RLX), get(2, Y, RLX), fence(2, SEQ), get(2, X, RLX),
           put(3, Y, 1, RLX));
    LITMUS("IRIWish", 28, FORBIDDEN, OUTCOME(R(1, 1), R(3, 1), R(5, 0), R(6, 1), R(8, 0)), put(0, X, 1, RLX),
           get(1, X, RLX), copy(1, Y, 1, REL), get(2, X, RLX), fence(2, A_R), get(2, Y, RLX), get(3, Y, RLX),
           fence(3, A_R), get(3, X, RLX));
#define WRC(name, executions, verdict, a, b)                                                                 \
    LITMUS(name, executions, verdict, OUTCOME(R(1, 1), R(3, 1), R(4, 0)), put(0, X, 1, RLX), get(1, X, RLX), \
           put(1, Y, 1, a), get(2, Y, b), get(2, X, RLX))
    WRC("WRC", 8, ALLOWED, RLX, RLX);
    WRC("WRC rel acq", 7, FORBIDDEN, REL, ACQ);
    LITMUS("ISA2", 7, FORBIDDEN, OUTCOME(R(2, 1), R(4, 1), R(5, 0)), put(0, X, 1, RLX), put(0, Y, 1, REL),
           get(1, Y, ACQ), put(1, Z, 1, REL), get(2, Z, ACQ), get(2, X, RLX));
    LITMUS("RWC+syncs", 7, FORBIDDEN, OUTCOME(R(1, 1), R(3, 0), R(6, 0)), put(0, X, 1, RLX), get(1, X, RLX),
           fence(1, SEQ), get(1, Y, RLX), put(2, Y, 1, RLX), fence(2, SEQ), get(2, X, RLX));
    LITMUS("W+RWC", 7, FORBIDDEN, OUTCOME(R(2, 1), R(4, 0), R(7, 0)), put(0, X, 1, RLX), put(0, Z, 1, REL),
           get(1, Z, ACQ), fence(1, SEQ), get(1, Y, RLX), put(2, Y, 1, RLX), fence(2, SEQ), get(2, X, RLX));
    LITMUS("W+RWC, sc accesses", 7, FORBIDDEN, OUTCOME(R(2, 1), R(3, 0), R(5, 0)), put(0, X, 1, SEQ),
           put(0, Z, 1, REL), get(1, Z, ACQ), get(1, Y, SEQ), put(2, Y, 1, SEQ), get(2, X, SEQ));
    LITMUS("MP2", 9, FORBIDDEN, OUTCOME(R(5, 1), R(7, 0)), put(0, X, 1, RLX), fence(0, A_R),
           put(0, Y, 1, RLX), put(0, Z, 1, RLX), get(1, Y, RLX), get(2, Z, RLX), fence(1, A_R), fence(2, A_R),
           get(1, X, RLX), get(2, X, RLX));
}

static void seq_cst(void)
{
#define W2(name, executions, verdict, a, b)                                                              \
    LITMUS(name, executions, verdict, OUTCOME(LAST(X, 1), LAST(Y, 1)), put(0, X, 1, a), put(0, Y, 2, b), \
           put(1, Y, 1, a), put(1, X, 2, b))
    W2("2+2W", 4, ALLOWED, RLX, RLX);
    W2("2+2W rel", 4, ALLOWED, REL, REL);
    W2("2+2W+4sc", 3, FORBIDDEN, SEQ, SEQ);
    W2("2+2W+sc rel", 4, ALLOWED, SEQ, REL);
    LITMUS("2+2W+scfs", 3, FORBIDDEN, OUTCOME(LAST(X, 1), LAST(Y, 1)), put(0, X, 1, RLX), fence(0, SEQ),
           put(0, Y, 2, RLX), put(1, Y, 1, RLX), fence(1, SEQ), put(1, X, 2, RLX));
    // GenMC 0.11 counts 22: it takes po;hb;po in scb for po|!=loc;hb;po|!=loc, also around the two events of
    // the fetch_add, and so forbids this outcome. RC11 and C++20 allow it.
    LITMUS("Z6.U", 24, ALLOWED, OUTCOME(R(2, 1), R(3, 3), R(5, 0)), put(0, X, 1, SEQ), put(0, Y, 1, REL),
           add(1, Y, 1, SEQ), get(1, Y, RLX), put(2, Y, 3, SEQ), get(2, X, SEQ));
    LITMUS("Z6+acq", 7, FORBIDDEN, OUTCOME(R(3, 1), LAST(Z, 2), R(7, 0)), put(0, X, 1, RLX), fence(0, SEQ),
           put(0, Y, 1, RLX), get(1, Y, ACQ), put(1, Z, 1, RLX), put(2, Z, 2, RLX), fence(2, SEQ),
           get(2, X, RLX));
    LITMUS("peterZ", 7, FORBIDDEN, OUTCOME(R(2, 0), R(5, 1), R(7, 0)), put(0, X, 1, RLX), fence(0, SEQ),
           get(0, Y, RLX), put(1, Y, 1, RLX), put(1, Z, 1, REL), get(2, Z, ACQ), fence(2, SEQ),
           get(2, X, RLX));
    // GenMC 0.11 counts 17 for the same reason, and so would C++20, where the first store to x strongly
    // happens before the load of y. RC11 allows it.
    LITMUS("WWmerge1", 18, ALLOWED, OUTCOME(R(0, 2), R(1, 0), R(5, 0)), get(0, X, ACQ), get(0, Y, SEQ),
           put(1, X, 1, SEQ), put(1, X, 2, SEQ), put(2, Y, 1, SEQ), get(2, X, SEQ));
    // The seq_cst order is not the order of execution.
    LITMUS("sc store, relaxed store, sc loads", 4, ALLOWED, OUTCOME(R(2, 2), R(3, 0)), put(0, Y, 1, SEQ),
           put(0, X, 2, RLX), get(1, X, SEQ), get(1, Y, SEQ));
}

static void one_location(void)
{
    LITMUS("CoRR", 12, FORBIDDEN, OUTCOME(R(2, 1), R(3, 2), LAST(X, 1)), put(0, X, 1, RLX), put(1, X, 2, RLX),
           get(2, X, RLX), get(2, X, RLX));
    LITMUS("CoRR1", 36, ALLOWED, OUTCOME(R(2, 1), R(3, 2), R(4, 1)), put(0, X, 1, REL), put(1, X, 2, REL),
           get(2, X, ACQ), get(2, X, ACQ), get(3, X, ACQ));
    LITMUS("CoWR", 3, FORBIDDEN, OUTCOME(R(1, 0)), put(0, X, 1, RLX), get(0, X, RLX), put(1, X, 2, RLX));
    LITMUS("CoRW", 3, FORBIDDEN, OUTCOME(R(0, 2), LAST(X, 2)), get(0, X, RLX), put(0, X, 1, RLX),
           put(1, X, 2, RLX));
    LITMUS("W+RRR+W", 20, FORBIDDEN, OUTCOME(R(1, 1), R(2, 2), R(3, 1)), put(0, X, 1, RLX), get(1, X, RLX),
           get(1, X, RLX), get(1, X, RLX), put(2, X, 2, RLX));
    LITMUS("fr+w+w+w+reads", 210, ALLOWED, OUTCOME(R(3, 0), R(4, 3), R(5, 1), R(6, 2)), put(0, X, 1, RLX),
           put(1, X, 2, RLX), put(2, X, 3, RLX), get(3, X, RLX), get(3, X, RLX), get(3, X, RLX),
           get(3, X, RLX));
}

static void updates(void)
{
    LITMUS("2 add", 2, FORBIDDEN, OUTCOME(LAST(X, 1)), add(0, X, 1, RLX), add(1, X, 1, RLX));
    LITMUS("3 add", 6, FORBIDDEN, OUTCOME(R(0, 1), R(1, 1)), add(0, X, 1, RLX), add(1, X, 1, RLX),
           add(2, X, 1, RLX));
    LITMUS("4 add", 24, ALLOWED, OUTCOME(R(0, 3), R(3, 0)), add(0, X, 1, RLX), add(1, X, 1, RLX),
           add(2, X, 1, RLX), add(3, X, 1, RLX));
    LITMUS("viktor-relseq", 180, ALLOWED, OUTCOME(LAST(X, 6)), add(0, X, 1, ACQ), add(0, X, 1, RLX),
           add(1, X, 1, RLX), add(1, X, 1, RLX), add(2, X, 1, REL), add(3, X, 1, RLX));
    LITMUS("inc2w", 6, ALLOWED, OUTCOME(LAST(X, 4), R(2, 1)), add(0, X, 1, RLX), put(1, X, 4, REL),
           add(2, X, 2, RLX));
    LITMUS("add and store", 2, FORBIDDEN, OUTCOME(R(0, 0), LAST(X, 3)), add(0, X, 1, RLX), put(1, X, 2, RLX));
    LITMUS("2 cas", 2, FORBIDDEN, OUTCOME(R(0, 0), R(1, 0)), cas(0, X, 0, 1, RLX, RLX),
           cas(1, X, 0, 2, RLX, RLX));
    LITMUS("cas that fails by an old value", 4, ALLOWED, OUTCOME(R(0, 1), R(1, 0), LAST(X, 3)),
           get(0, Y, RLX), cas(0, X, 3, 1, RLX, RLX), put(1, X, 3, RLX), put(1, Y, 1, RLX));
    LITMUS("cii", 6, ALLOWED, OUTCOME(R(0, 1), LAST(X, 3)), cas(0, X, 1, 2, RLX, RLX), add(1, X, 1, RLX),
           add(2, X, 1, RLX));
    LITMUS("wcii", 24, ALLOWED, OUTCOME(R(1, 1), LAST(X, 5)), put(0, X, 5, REL), cas(1, X, 1, 2, RLX, RLX),
           add(2, X, 1, RLX), add(3, X, 1, RLX));
    LITMUS("RMWFix", 4, ALLOWED, OUTCOME(R(0, 3), R(1, 0), R(2, 2)), get(0, Y, SEQ),
           when(0, 3, add(0, X, 1, SEQ)), when(0, 3, add(0, X, 1, SEQ)), add(1, X, 1, SEQ),
           put(2, Y, 3, SEQ));
    LITMUS("atomicpo", 4, ALLOWED, OUTCOME(R(3, 1), R(4, 0)), put(0, Y, 1, RLX), fence(0, A_R),
           put(0, X, 1, RLX), swap(1, X, 1, RLX), swap(1, Y, 1, RLX));
}

static void release_sequences(void)
{
    LITMUS("an update continues it", 9, FORBIDDEN, OUTCOME(R(2, 1), R(3, 2), R(4, 0)), put(0, X, 1, RLX),
           put(0, Y, 1, REL), add(1, Y, 1, RLX), get(2, Y, ACQ), get(2, X, RLX));
    LITMUS("two updates continue it", 36, FORBIDDEN, OUTCOME(R(4, 3), R(2, 1), R(3, 2), R(5, 0)),
           put(0, X, 1, RLX), put(0, Y, 1, REL), add(1, Y, 1, RLX), add(2, Y, 1, RLX), get(3, Y, ACQ),
           get(3, X, RLX));
    LITMUS("a store of the same thread ends it (C++20)", 5, ALLOWED, OUTCOME(R(3, 2), R(4, 0)),
           put(0, X, 1, RLX), put(0, Y, 1, REL), put(0, Y, 2, RLX), get(1, Y, ACQ), get(1, X, RLX));
    LITMUS("a store of another thread ends it", 10, ALLOWED, OUTCOME(R(3, 2), R(4, 0), LAST(Y, 2)),
           put(0, X, 1, RLX), put(0, Y, 1, REL), put(1, Y, 2, RLX), get(2, Y, ACQ), get(2, X, RLX));
    LITMUS("from a fence", 9, FORBIDDEN, OUTCOME(R(3, 1), R(4, 2), R(6, 0)), put(0, X, 1, RLX), fence(0, REL),
           put(0, Y, 1, RLX), add(1, Y, 1, RLX), get(2, Y, RLX), fence(2, ACQ), get(2, X, RLX));
    LITMUS("relseq", 20, ALLOWED, OUTCOME(R(4, 2), R(6, 0)), put(0, X, 1, RLX), put(0, Y, 1, REL),
           put(0, Y, 2, RLX), swap(1, Y, 3, RLX), get(2, Y, RLX), fence(2, A_R), get(2, X, RLX));
    LITMUS("MPU+rel+acq", 6, FORBIDDEN, OUTCOME(R(3, 2), LAST(X, 1)), put(0, X, 1, RLX), put(0, Y, 1, REL),
           add(1, Y, 1, RLX), get(2, Y, ACQ), when(3, 2, put(2, X, 2, RLX)));
    LITMUS("MPU2+rel+acq", 14, FORBIDDEN, OUTCOME(R(4, 3), LAST(X, 1)), put(0, X, 1, RLX), put(0, Y, 1, REL),
           cas(1, Y, 2, 3, RLX, RLX), cas(2, Y, 1, 2, RLX, RLX), get(3, Y, ACQ),
           when(4, 3, put(3, X, 2, RLX)));
    LITMUS("MPU+rels+acq (C++20)", 13, ALLOWED, OUTCOME(R(4, 2), LAST(X, 1)), put(0, X, 1, RLX),
           put(0, Y, 3, REL), put(0, Y, 1, RLX), add(1, Y, 1, RLX), get(2, Y, ACQ),
           when(4, 2, put(2, X, 2, RLX)));
}

/* Programs whose executions are known without any axiom: on one location, coherence alone decides, and
 * coherence is sequential consistency; and where all accesses and fences are seq_cst, so does seq_cst. In
 * both the executions are the interleavings, those being the same in which each read reads from the same
 * store and each store follows the same store. */

enum { INTERLEAVINGS_MAX = 1 << 14 };

struct interleaving {
    struct outcome outcome;
    int source[STATEMENTS_MAX], previous[STATEMENTS_MAX]; // for a read, for a store: the store before it
};

struct machine {
    const struct program *program;
    int next[THREADS_MAX];
    int last_store[LOCATIONS_MAX];
    struct interleaving so_far;
};

static struct interleaving interleavings[INTERLEAVINGS_MAX];
static unsigned interleaved;

static void step(struct machine *machine, int i)
{
    const struct statement *s = &machine->program->statements[i];
    struct outcome *o = &machine->so_far.outcome;
    int *at = &o->memory[s->location], found = *at;
    int value = s->value_from == NONE ? s->value : o->registers[s->value_from];
    if (s->kind == FENCE || (s->guard != NONE && o->registers[s->guard] != s->guard_value))
        return;
    if (s->kind != STORE) {
        o->registers[i] = found;
        machine->so_far.source[i] = machine->last_store[s->location];
    }
    if (s->kind == LOAD || (s->kind == COMPARE_EXCHANGE && found != s->expected))
        return;
    *at = s->kind == FETCH_ADD ? found + value : value;
    machine->so_far.previous[i] = machine->last_store[s->location];
    machine->last_store[s->location] = i;
}

static void interleave(struct machine machine)
{
    bool end = true;
    for (int thread = 0; thread < machine.program->threads; thread++) {
        int i = machine.next[thread];
        while (i < machine.program->count && machine.program->statements[i].thread != thread)
            i++;
        if (i == machine.program->count)
            continue;
        struct machine then = machine;
        then.next[thread] = i + 1;
        step(&then, i);
        interleave(then);
        end = false;
    }
    if (end) {
        assert(interleaved < INTERLEAVINGS_MAX);
        interleavings[interleaved++] = machine.so_far;
    }
}

static int compare_interleavings(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct interleaving));
}

static void add_hash(const struct outcome *outcome, void *sum)
{
    *(uint64_t *)sum += outcome_hash(outcome);
}

static void expect_interleavings(const struct program *program)
{
    struct machine machine = {.program = program, .last_store = {NONE, NONE, NONE}};
    for (int i = 0; i < STATEMENTS_MAX; i++)
        machine.so_far.outcome.registers[i] = machine.so_far.source[i] = machine.so_far.previous[i] = NONE;
    interleaved = 0;
    interleave(machine);
    qsort(interleavings, interleaved, sizeof *interleavings, compare_interleavings);
    unsigned long different = 0;
    uint64_t sum = 0, expected = 0;
    for (unsigned i = 0; i < interleaved; i++)
        if (i == 0 || compare_interleavings(&interleavings[i - 1], &interleavings[i]) != 0) {
            different++;
            expected += outcome_hash(&interleavings[i].outcome);
        }
    unsigned long executions = reference_executions(program, add_hash, &sum);
    if (executions == different && sum == expected)
        return;
    mistakes++;
    printf("%lu executions, %lu interleavings%s:\n", executions, different,
           executions == different ? " with other outcomes" : "");
    program_print(stdout, program);
}

static struct program with_all_orders(struct program program, memory_order order)
{
    for (int i = 0; i < program.count; i++)
        program.statements[i].order = program.statements[i].failure = order;
    return program;
}

static void random_programs(uint64_t seeds)
{
    for (uint64_t seed = 0; seed < seeds; seed++) {
        struct program_shape shape = program_shape_draw(seed, 2 + (int)(seed % 6));
        struct program mixed = program_draw(seed, &shape);
        struct program strongest = with_all_orders(mixed, memory_order_seq_cst);
        struct program weakest = with_all_orders(mixed, memory_order_relaxed);
        expect_interleavings(&strongest);
        unsigned long executions = reference_executions(&mixed, NULL, NULL);
        assert(reference_executions(&strongest, NULL, NULL) <= executions);
        assert(executions <= reference_executions(&weakest, NULL, NULL));
        shape.locations = 1;
        struct program coherent = program_draw(seed, &shape);
        expect_interleavings(&coherent);
    }
}

/* What really happens must be allowed. */

struct search_for {
    struct outcome outcome;
    bool found;
};

static void look_for(const struct outcome *outcome, void *context)
{
    struct search_for *wanted = context;
    wanted->found |= memcmp(outcome, &wanted->outcome, sizeof *outcome) == 0;
}

static void real_runs(uint64_t seeds)
{
    for (uint64_t seed = 0; seed < seeds; seed++) {
        struct program_shape shape = program_shape_draw(~seed, 4 + (int)(seed % 4));
        struct program program = program_draw(~seed, &shape);
        struct search_for wanted = {.found = false};
        program_run(&program, &wanted.outcome);
        reference_executions(&program, look_for, &wanted);
        if (!wanted.found) {
            mistakes++;
            printf("really happened, and is not allowed: ");
            outcome_print(stdout, &program, &wanted.outcome);
            program_print(stdout, &program);
        }
    }
}

int main(void)
{
    store_buffering();
    message_passing();
    no_value_out_of_thin_air();
    several_readers();
    seq_cst();
    one_location();
    updates();
    release_sequences();
    random_programs(2000);
    real_runs(1000);
    printf("%u litmus tests, 4000 random programs, 1000 runs: %u mistakes\n", litmus_tests, mistakes);
    return mistakes != 0;
}
