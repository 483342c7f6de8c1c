/* The explorer against the reference: random programs, whose executions both must find, each exactly once. Of
 * every tenth program with few executions also walks: what is found at random is among the reference's
 * executions and comes again by its replay string; without bounds the same outcomes are found. usage:
 * fuzz-explore PROGRAMS [FIRST-SEED [STATEMENTS]] */
#include "interpret.h"
#include "program.h"
#include "reference.h"

#include "../../stress/explore/machine.h"
#include "../../stress/explore/memory.h"
#include "../../stress/explore/search.h"
#include "../../stress/explore/state.h"
#include "../../stress/explore/tally.h"
#include "../../stress/explore/walk.h"

#include <stdlib.h>
#include <string.h>

enum { OUTCOMES = 64, WALKS = 50, LONGEST_WALK = 5000, FEW_STATEMENTS = 4 };

struct tally {
    unsigned long executions;
    uint64_t hash;
    uint64_t outcome[OUTCOMES]; // the different ones
    int outcomes;               // OUTCOMES: too many
    uint64_t last;
};

// On the heap: the explorer puts variables back before each execution.
static struct kept {
    struct program program;
    struct tally explored;
    unsigned long walked, walked_whole;
} * kept;

static bool has_outcome(const struct tally *t, uint64_t hash)
{
    for (int i = 0; i < t->outcomes; i++) {
        if (t->outcome[i] == hash)
            return true;
    }
    return false;
}

static void count(const struct outcome *outcome, void *tally)
{
    struct tally *t = tally;
    t->executions++;
    t->last = outcome_hash(outcome);
    t->hash += t->last;
    if (t->outcomes < OUTCOMES && !has_outcome(t, t->last))
        t->outcome[t->outcomes++] = t->last;
}

static int run(int argc, char **argv, char **envp)
{
    (void)argc, (void)argv, (void)envp;
    struct outcome outcome;
    program_run(&kept->program, &outcome);
    count(&outcome, &kept->explored);
    return 0;
}

// How often the explorer ended an execution otherwise than as complete.
static unsigned long explore(void)
{
    unsigned long odd = 0;
    qx_search_begin();
    do
        odd += qx_run(run, 0, NULL, NULL) != QX_COMPLETE;
    while (qx_search_next());
    return odd;
}

// An execution of the walk that has begun; what it was, as a replay string. To be given back.
static char *walk_once(size_t *capacity)
{
    int steps;
    if (qx_run(run, 0, NULL, NULL) != QX_COMPLETE)
        return NULL;
    const int *step = qx_steps(&steps);
    return qx_walk_schedule(qx_search_graph(), step, steps, 0, capacity);
}

static bool comes_again(const char *schedule)
{
    uint64_t outcome = kept->explored.last;
    bool read = qx_walk_replay(schedule);
    qx_search_begin();
    return read && qx_run(run, 0, NULL, NULL) == QX_COMPLETE && !qx_walk_strayed() &&
           kept->explored.last == outcome;
}

static bool walk_at_random(uint64_t seed, const struct tally *expected)
{
    for (uint64_t i = 0; i < WALKS; i++) {
        size_t capacity;
        qx_walk_random(seed + i * 1000, 1);
        qx_search_begin();
        char *schedule = walk_once(&capacity);
        bool well = schedule && has_outcome(expected, kept->explored.last) && comes_again(schedule);
        if (!well)
            printf("seed %llu: the walk %s gives what it should not, or not again\n",
                   (unsigned long long)seed, schedule ? schedule : "(not complete)");
        if (schedule)
            qx_release_memory(schedule, capacity);
        if (!well)
            return false;
    }
    return true;
}

static bool walk_without_bounds(uint64_t seed, const struct tally *expected)
{
    kept->explored = (struct tally){0};
    qx_walk_bounded(QX_NO_BOUND, QX_NO_BOUND);
    qx_search_begin();
    unsigned long runs = 0;
    bool more = true;
    for (; more && runs < LONGEST_WALK; more = qx_search_next(), runs++) {
        if (qx_run(run, 0, NULL, NULL) != QX_COMPLETE || !has_outcome(expected, kept->explored.last)) {
            printf("seed %llu: a walk within bounds gives what it should not\n", (unsigned long long)seed);
            return false;
        }
    }
    kept->walked++;
    if (more)
        return true;
    kept->walked_whole++;
    if (kept->explored.outcomes == expected->outcomes)
        return true;
    printf("seed %llu: all walks find %d outcomes, the reference %d\n", (unsigned long long)seed,
           kept->explored.outcomes, expected->outcomes);
    return false;
}

static bool walks_agree(uint64_t seed, const struct tally *expected)
{
    bool well = walk_at_random(seed, expected) && walk_without_bounds(seed, expected);
    qx_walk(NULL);
    if (!well)
        program_print(stdout, &kept->program);
    return well;
}

static bool agree(uint64_t seed, int statements, bool walks)
{
    struct program_shape shape = program_shape_draw(seed, statements);
    kept->program = program_draw(seed, &shape);
    struct tally expected = {0};
    reference_executions(&kept->program, count, &expected);
    kept->explored = (struct tally){0};
    unsigned long odd = explore();
    const struct tally *explored = &kept->explored;
    if (!odd && explored->executions == expected.executions && explored->hash == expected.hash)
        return !walks || expected.outcomes == OUTCOMES || walks_agree(seed, &expected);
    printf("seed %llu, %d statements: the explorer found %lu executions, the reference %lu%s; %lu were not "
           "complete\n",
           (unsigned long long)seed, statements, explored->executions, expected.executions,
           explored->hash == expected.hash ? "" : ", and the outcomes differ", odd);
    program_print(stdout, &kept->program);
    return false;
}

int main(int argc, char **argv)
{
    unsigned long programs = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    int most = argc > 3 ? atoi(argv[3]) : 0;
    kept = malloc(sizeof *kept);
    if (!kept)
        return 2;
    memset(kept, 0, sizeof *kept);
    qx_tally_begin();
    qx_state_save();
    for (unsigned long i = 0; i < programs; i++) {
        int statements = most ? most : 6 + (int)(i % 4);
        bool walks = i % 20 == 0;
        if (!agree(first + i, walks ? FEW_STATEMENTS : statements, walks))
            return 1;
    }
    printf("%lu programs, no difference; %lu walked, %lu of them in all ways\n", programs, kept->walked,
           kept->walked_whole);
    return 0;
}
