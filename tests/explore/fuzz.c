/* The explorer against the reference: random programs, whose executions both must find, each exactly once.
 * usage: fuzz-explore PROGRAMS [FIRST-SEED [STATEMENTS]] */
#include "interpret.h"
#include "program.h"
#include "reference.h"

#include "../../stress/explore/machine.h"
#include "../../stress/explore/search.h"
#include "../../stress/explore/state.h"

#include <stdlib.h>

struct tally {
    unsigned long executions;
    uint64_t hash;
};

// On the heap: the explorer puts variables back before each execution.
static struct kept {
    struct program program;
    struct tally explored;
} * kept;

static void count(const struct outcome *outcome, void *tally)
{
    struct tally *t = tally;
    t->executions++;
    t->hash += outcome_hash(outcome);
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

static bool agree(uint64_t seed, int statements)
{
    struct program_shape shape = program_shape_draw(seed, statements);
    kept->program = program_draw(seed, &shape);
    struct tally expected = {0};
    reference_executions(&kept->program, count, &expected);
    kept->explored = (struct tally){0};
    unsigned long odd = explore();
    const struct tally *explored = &kept->explored;
    if (!odd && explored->executions == expected.executions && explored->hash == expected.hash)
        return true;
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
    qx_state_save();
    for (unsigned long i = 0; i < programs; i++) {
        int statements = most ? most : 6 + (int)(i % 4);
        if (!agree(first + i, statements))
            return 1;
    }
    printf("%lu programs, no difference\n", programs);
    return 0;
}
