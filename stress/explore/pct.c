#include "walk.h"

#include "memory.h"
#include "tally.h"

#include <string.h>

// PCT (Burckhardt et al.: A randomized scheduler with probabilistic guarantees of finding bugs, ASPLOS 2010):
// the thread of the highest priority runs, and at a few steps, drawn before, the running one loses it.
enum { MOST_CHANGES = 4, FIRST_GUESS = 64 };

static struct {
    uint64_t seed, run, last, state;
    uint64_t *priority; // of each thread; 0: not drawn yet
    int priorities;
    int change[MOST_CHANGES]; // steps at which that happens
    int steps, guess;         // of this execution; of the first one
} pct;

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014)
static uint64_t draw(void)
{
    uint64_t z = pct.state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static int below(int n)
{
    return (int)(draw() % (uint64_t)n);
}

// What an execution draws depends on the seed and its number alone.
static void begin(void)
{
    pct.state = pct.seed * UINT64_C(0xD1342543DE82EF95) + pct.run;
    pct.state = draw();
    pct.steps = 0;
    if (pct.priorities)
        memset(pct.priority, 0, (size_t)pct.priorities * sizeof *pct.priority);
    for (int i = 0; i < MOST_CHANGES; i++)
        pct.change[i] = below(2) ? below(pct.guess) : QX_NONE;
}

static uint64_t *priority_of(int thread)
{
    pct.priority = qx_room(pct.priority, &pct.priorities, thread + 1, sizeof *pct.priority);
    if (pct.priority[thread] == 0)
        pct.priority[thread] = draw() | UINT64_C(1) << 63;
    return &pct.priority[thread];
}

static int pick(int current, const int *able, int n)
{
    for (int i = 0; i < MOST_CHANGES; i++) {
        if (pct.change[i] == pct.steps) {
            *priority_of(current) = (uint64_t)i + 1;
            pct.change[i] = QX_NONE;
        }
    }
    int best = able[0];
    for (int i = 1; i < n; i++) {
        if (*priority_of(able[i]) > *priority_of(best))
            best = able[i];
    }
    return best;
}

// Stores are seldom placed behind newer ones: few programs notice, and it hides what a newer one would show.
static int choose(int ways, enum qx_choice kind)
{
    if (ways == 1)
        return 0;
    switch (kind) {
    case QX_CHOOSES_READ:
        return below(2) ? 0 : 1 + below(ways - 1);
    case QX_CHOOSES_PLACE:
        return below(4) ? 0 : 1 + below(ways - 1);
    default:
        return below(ways);
    }
}

static void step(void)
{
    pct.steps++;
}

// Processes take the numbers as they come, so that all of them are taken, each once.
static bool next(void)
{
    if (pct.run == 0)
        pct.guess = pct.steps;
    pct.run = atomic_fetch_add(&qx_tally()->drawn, 1) + 1;
    begin();
    return pct.run < pct.last;
}

void qx_walk_random(uint64_t seed, uint64_t executions)
{
    static const struct qx_policy random = {pick, choose, step, next, .repeats = NULL};
    pct.seed = seed;
    pct.run = 0;
    pct.last = executions;
    pct.guess = FIRST_GUESS;
    begin();
    qx_walk(&random);
}
