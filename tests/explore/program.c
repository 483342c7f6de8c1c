#include "program.h"

#include <string.h>

static const char *const order_names[ORDERS] = {
    [memory_order_relaxed] = "memory_order_relaxed", [memory_order_consume] = "memory_order_consume",
    [memory_order_acquire] = "memory_order_acquire", [memory_order_release] = "memory_order_release",
    [memory_order_acq_rel] = "memory_order_acq_rel", [memory_order_seq_cst] = "memory_order_seq_cst",
};

static const char location_names[LOCATIONS_MAX] = {'x', 'y', 'z'};

bool statement_reads(const struct statement *statement)
{
    return statement->kind != STORE && statement->kind != FENCE;
}

bool statement_writes(const struct statement *statement)
{
    return statement->kind != LOAD && statement->kind != FENCE;
}

// A bijection that scatters its argument: the output of splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
static uint64_t scatter(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static unsigned draw(uint64_t *state, unsigned below)
{
    *state += 0x9e3779b97f4a7c15;
    return (unsigned)((scatter(*state) >> 32) * below >> 32);
}

// An index by its weight; 0 if all weigh nothing.
static unsigned draw_weighted(uint64_t *state, const unsigned *weights, unsigned n)
{
    unsigned sum = 0, i = 0;
    for (i = 0; i < n; i++)
        sum += weights[i];
    if (sum == 0)
        return 0;
    unsigned at = draw(state, sum);
    for (i = 0; at >= weights[i]; i++)
        at -= weights[i];
    return i;
}

// C11 7.17.7: a load does not release, a store does not acquire.
static bool order_allowed(enum statement_kind kind, memory_order order)
{
    if (kind == LOAD)
        return order != memory_order_release && order != memory_order_acq_rel;
    if (kind == STORE)
        return order == memory_order_relaxed || order == memory_order_release ||
               order == memory_order_seq_cst;
    return true;
}

static memory_order draw_order(uint64_t *state, const struct program_shape *shape, enum statement_kind kind)
{
    const unsigned *mix = kind == FENCE ? shape->fences : shape->orders;
    unsigned weights[ORDERS];
    for (int order = 0; order < ORDERS; order++)
        weights[order] = order_allowed(kind, (memory_order)order) ? mix[order] : 0;
    return (memory_order)draw_weighted(state, weights, ORDERS);
}

// C11 7.17.7.4: a failure is a load, and its order no stronger than that of a success. Acquire and release
// are incomparable, and their numbers are such that a comparison of numbers says just that.
static memory_order draw_failure(uint64_t *state, const struct program_shape *shape, memory_order success)
{
    unsigned weights[ORDERS] = {0};
    for (int order = 0; order <= (int)success; order++)
        weights[order] = order_allowed(LOAD, (memory_order)order) ? shape->orders[order] : 0;
    return (memory_order)draw_weighted(state, weights, ORDERS);
}

// One of the statements of the thread before `end` that read (and have no guard), or NONE.
static int draw_register(uint64_t *state, const struct program *program, int thread, bool unguarded)
{
    unsigned weights[STATEMENTS_MAX] = {0}, sum = 0;
    for (int i = 0; i < program->count; i++) {
        const struct statement *s = &program->statements[i];
        weights[i] = s->thread == thread && statement_reads(s) && !(unguarded && s->guard != NONE);
        sum += weights[i];
    }
    return sum ? (int)draw_weighted(state, weights, STATEMENTS_MAX) : NONE;
}

static struct statement draw_statement(uint64_t *state, const struct program_shape *shape,
                                       const struct program *earlier, int thread, const unsigned *kinds)
{
    struct statement s = {.thread = thread, .value_from = NONE, .guard = NONE};
    s.kind = (enum statement_kind)draw_weighted(state, kinds, KINDS);
    s.location = (int)draw(state, (unsigned)shape->locations);
    s.order = draw_order(state, shape, s.kind);
    if (s.kind == COMPARE_EXCHANGE) {
        s.failure = draw_failure(state, shape, s.order);
        s.expected = (int)draw(state, 4);
    }
    s.value = 1 + (int)draw(state, 3);
    if (statement_writes(&s) && draw(state, 100) < shape->dependent)
        s.value_from = draw_register(state, earlier, thread, true);
    if (draw(state, 100) < shape->guarded)
        s.guard = draw_register(state, earlier, thread, false);
    s.guard_value = (int)draw(state, 4);
    return s;
}

/* What a memory model forbids are cycles: thread 0 ends where thread 1 begins, and so on, and the last one
 * ends where thread 0 began, "where" being a location of which at least one of the two accesses is a store.
 * Statements drawn without regard to that hardly ever form one. So the threads are a ring: some step from one
 * location to the next between their first statement and their last, the others stay. */
struct ring {
    int lengths[THREADS_MAX]; // statements
    bool steps[THREADS_MAX];
    int locations; // as many as threads that step, or 1
};

static struct ring draw_ring(uint64_t *state, const struct program_shape *shape)
{
    struct ring ring = {.locations = 1};
    int most = shape->locations, spare = shape->count - shape->threads;
    if (most > shape->threads)
        most = shape->threads;
    if (most > spare)
        most = spare;
    for (int thread = 0; thread < shape->threads; thread++)
        ring.lengths[thread] = 1;
    if (most >= 2) {
        ring.locations = 2 + (int)draw(state, (unsigned)most - 1);
        for (int stepping = 0; stepping < ring.locations;) {
            unsigned thread = draw(state, (unsigned)shape->threads);
            stepping += !ring.steps[thread];
            ring.lengths[thread] += !ring.steps[thread];
            ring.steps[thread] = true;
        }
        spare -= ring.locations;
    }
    while (spare-- > 0)
        ring.lengths[draw(state, (unsigned)shape->threads)]++;
    return ring;
}

struct program program_draw(uint64_t seed, const struct program_shape *shape)
{
    uint64_t state = scatter(seed);
    struct ring ring = draw_ring(&state, shape);
    struct program program = {.threads = shape->threads, .locations = shape->locations};
    int location = 0;
    for (int thread = 0; thread < shape->threads; thread++)
        for (int i = 0; i < ring.lengths[thread]; i++) {
            bool first = i == 0, last = i == ring.lengths[thread] - 1;
            bool closes = last && thread == shape->threads - 1;
            const struct statement *all = program.statements;
            unsigned kinds[KINDS];
            memcpy(kinds, shape->kinds, sizeof kinds);
            if (first || last)
                kinds[FENCE] = 0;
            if (first && thread > 0 && !statement_writes(&all[program.count - 1]))
                kinds[LOAD] = 0;
            if (closes && !statement_writes(&all[0]))
                kinds[LOAD] = 0;
            struct statement s = draw_statement(&state, shape, &program, thread, kinds);
            if (last && ring.steps[thread])
                location = (location + 1) % ring.locations;
            if (first || last)
                s.location = location;
            program.statements[program.count++] = s;
        }
    return program;
}

// Where every order is as frequent as another, hardly one program in a thousand depends on a given rule: it
// needs four accesses of the right orders in the right places. So one program has few orders, and either
// strong accesses or relaxed ones with strong fences.
struct program_shape program_shape_draw(uint64_t seed, int count)
{
    static const struct {
        unsigned orders[ORDERS], fences[ORDERS]; // relaxed, consume, acquire, release, acq_rel, seq_cst
        unsigned fence;
    } mixes[] = {
        {{1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1}, 1},  // everything
        {{0, 0, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 1}, 0},  // sequential consistency
        {{1, 0, 0, 0, 0, 6}, {0, 0, 0, 0, 0, 1}, 1},  // with exceptions
        {{1, 0, 3, 3, 2, 6}, {0, 0, 0, 0, 0, 1}, 0},  // with many
        {{0, 0, 1, 1, 1, 0}, {0, 0, 0, 0, 0, 1}, 0},  // release and acquire
        {{1, 1, 2, 4, 4, 0}, {0, 0, 1, 1, 1, 1}, 1},  // with exceptions
        {{1, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 1}, 40}, // seq_cst fences
        {{1, 0, 0, 0, 0, 0}, {0, 1, 2, 2, 1, 1}, 40}, // any fences
        {{4, 0, 1, 1, 1, 2}, {0, 0, 1, 1, 2, 6}, 20}, // fences and accesses
    };
    uint64_t state = ~scatter(seed);
    unsigned mix = draw(&state, sizeof mixes / sizeof *mixes);
    struct program_shape shape = {.count = count};
    shape.threads = 2 + (int)draw_weighted(&state, (unsigned[]){4, count > 2 ? 4 : 0, count > 3 ? 2 : 0}, 3);
    shape.locations = 1 + (int)draw_weighted(&state, (unsigned[]){1, 6, 3}, 3);
    shape.kinds[LOAD] = 3 + draw(&state, 4);
    shape.kinds[STORE] = 3 + draw(&state, 4);
    for (int kind = EXCHANGE; kind <= COMPARE_EXCHANGE; kind++)
        shape.kinds[kind] = draw(&state, 2);
    shape.kinds[FENCE] = mixes[mix].fence;
    for (int order = 0; order < ORDERS; order++) {
        shape.orders[order] = mixes[mix].orders[order];
        shape.fences[order] = mixes[mix].fences[order];
    }
    shape.guarded = draw(&state, 2) * draw(&state, 40);
    shape.dependent = draw(&state, 2) * draw(&state, 40);
    return shape;
}

static void print_value(FILE *file, const struct statement *s)
{
    if (s->value_from == NONE)
        fprintf(file, "%d", s->value);
    else
        fprintf(file, "r[%d]", s->value_from);
}

// With r[i] as the expected value, it ends as the value found.
static void print_compare_exchange(FILE *file, int i, const struct statement *s)
{
    fprintf(file, "r[%d] = %d, atomic_compare_exchange_strong_explicit(&%c, &r[%d], ", i, s->expected,
            location_names[s->location], i);
    print_value(file, s);
    fprintf(file, ", %s, %s);\n", order_names[s->order], order_names[s->failure]);
}

static void print_statement(FILE *file, int i, const struct statement *s)
{
    static const char *const calls[KINDS] = {
        [LOAD] = "load", [STORE] = "store", [EXCHANGE] = "exchange", [FETCH_ADD] = "fetch_add"};
    fprintf(file, "    ");
    if (s->guard != NONE)
        fprintf(file, "if (r[%d] == %d)\n        ", s->guard, s->guard_value);
    if (s->kind == FENCE) {
        fprintf(file, "atomic_thread_fence(%s);\n", order_names[s->order]);
        return;
    }
    if (s->kind == COMPARE_EXCHANGE) {
        print_compare_exchange(file, i, s);
        return;
    }
    if (statement_reads(s))
        fprintf(file, "r[%d] = ", i);
    fprintf(file, "atomic_%s_explicit(&%c, ", calls[s->kind], location_names[s->location]);
    if (statement_writes(s)) {
        print_value(file, s);
        fprintf(file, ", ");
    }
    fprintf(file, "%s);\n", order_names[s->order]);
}

static void print_variables(FILE *file, const struct program *program)
{
    fprintf(file, "#include <pthread.h>\n#include <stdatomic.h>\n#include <stdio.h>\n\nstatic atomic_uint x");
    for (int location = 1; location < program->locations; location++)
        fprintf(file, ", %c", location_names[location]);
    fprintf(file, ";\nstatic unsigned r[] = {");
    for (int i = 0; i < program->count; i++)
        fprintf(file, "%s-1U", i ? ", " : "");
    fprintf(file, "};\n\n");
}

static void print_thread(FILE *file, const struct program *program, int thread)
{
    fprintf(file, "static void *thread%d(void *unused)\n{\n", thread);
    for (int i = 0; i < program->count; i++)
        if (program->statements[i].thread == thread)
            print_statement(file, i, &program->statements[i]);
    fprintf(file, "    return unused;\n}\n\n");
}

static void print_main(FILE *file, const struct program *program)
{
    fprintf(file, "int main(void)\n{\n    pthread_t threads[%d];\n", program->threads);
    for (int thread = 0; thread < program->threads; thread++)
        fprintf(file, "    pthread_create(&threads[%d], NULL, thread%d, NULL);\n", thread, thread);
    for (int thread = 0; thread < program->threads; thread++)
        fprintf(file, "    pthread_join(threads[%d], NULL);\n", thread);
    for (int i = 0; i < program->count; i++)
        if (statement_reads(&program->statements[i]))
            fprintf(file, "    printf(\"r%d=%%d \", (int)r[%d]);\n", i, i);
    for (int location = 0; location < program->locations; location++)
        fprintf(file, "    printf(\"%c=%%u%s\", atomic_load_explicit(&%c, memory_order_relaxed));\n",
                location_names[location], location + 1 < program->locations ? " " : "\\n",
                location_names[location]);
    fprintf(file, "}\n");
}

void program_print(FILE *file, const struct program *program)
{
    print_variables(file, program);
    for (int thread = 0; thread < program->threads; thread++)
        print_thread(file, program, thread);
    print_main(file, program);
}

void outcome_print(FILE *file, const struct program *program, const struct outcome *outcome)
{
    for (int i = 0; i < program->count; i++)
        if (statement_reads(&program->statements[i]))
            fprintf(file, "r%d=%d ", i, outcome->registers[i]);
    for (int location = 0; location < program->locations; location++)
        fprintf(file, "%c=%d%c", location_names[location], outcome->memory[location],
                location + 1 < program->locations ? ' ' : '\n');
}

uint64_t outcome_hash(const struct outcome *outcome)
{
    uint64_t hash = 0;
    for (int i = 0; i < STATEMENTS_MAX; i++)
        hash = scatter(hash + (unsigned)outcome->registers[i]);
    for (int location = 0; location < LOCATIONS_MAX; location++)
        hash = scatter(hash + (unsigned)outcome->memory[location]);
    return hash;
}
