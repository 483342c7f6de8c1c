// Random programs of accesses and barriers: a race is reported where vector clocks, kept for every thread and
// every access, say that there is one, and nowhere else.
#include "random.h"
#include "support.h"

#include <quiesce/kernels/cuda/launch.h>

#include <algorithm>

namespace
{

enum { THREADS = 64, WARP = 32, STEPS = 14, CELLS = 2, PROGRAMS = 3000 };

enum action { READ, WRITE, ADD, BLOCK_BARRIER, WARP_BARRIER };

struct step {
    enum action action;
    unsigned who;  // a thread, or the first of a warp
    unsigned mask; // of a warp's barrier
    unsigned cell;
};

struct program {
    step steps[STEPS];
};

__global__ void interpret(program program)
{
    QSC_SHARED(int, cells, [CELLS]);
    unsigned own = threadIdx.x, first = own / WARP * WARP;
    int sum = 0;
    for (const step &s : program.steps) {
        volatile int *cell = &cells[s.cell];
        if (s.action == BLOCK_BARRIER)
            __syncthreads();
        else if (s.action == WARP_BARRIER && s.who == first && s.mask >> (own - first) & 1)
            __syncwarp(s.mask);
        else if (s.action == READ && s.who == own)
            sum += *cell;
        else if (s.action == WRITE && s.who == own)
            *cell = sum;
        else if (s.action == ADD && s.who == own)
            atomicAdd(&cells[s.cell], 1);
    }
}

program random_program(shim_random &random)
{
    static const unsigned threads[] = {0, 1, 16, 32, 33, 48}, masks[] = {0xffffffff, 0x0000ffff, 0xffff0000};
    program made;
    for (step &s : made.steps) {
        static const action actions[] = {READ,          READ,          WRITE,         ADD,
                                         BLOCK_BARRIER, BLOCK_BARRIER, BLOCK_BARRIER, WARP_BARRIER,
                                         WARP_BARRIER,  WARP_BARRIER};
        s = {actions[random.below(10)], threads[random.below(6)], masks[random.below(3)],
             static_cast<unsigned>(random.below(CELLS))};
        if (s.action == WARP_BARRIER)
            s.who = s.who / WARP * WARP;
    }
    return made;
}

// clocks[a][b]: how much of thread b's doings lies before what a does now.
struct vector_clocks {
    unsigned clocks[THREADS][THREADS];

    void join(unsigned first, const std::vector<bool> &members)
    {
        unsigned joined[THREADS] = {};
        for (unsigned m = 0; m < members.size(); m++)
            for (unsigned t = 0; members[m] && t < THREADS; t++)
                joined[t] = std::max(joined[t], clocks[first + m][t]);
        for (unsigned m = 0; m < members.size(); m++)
            if (members[m])
                std::copy(joined, joined + THREADS, clocks[first + m]);
    }
};

bool has_race(const program &program)
{
    static vector_clocks now;
    unsigned when[STEPS];
    now = {};
    for (unsigned j = 0; j < STEPS; j++) {
        const step &s = program.steps[j];
        if (s.action == BLOCK_BARRIER) {
            now.join(0, std::vector<bool>(THREADS, true));
        } else if (s.action == WARP_BARRIER) {
            std::vector<bool> members(WARP);
            for (unsigned lane = 0; lane < WARP; lane++)
                members[lane] = s.mask >> lane & 1;
            now.join(s.who, members);
        } else {
            for (unsigned i = 0; i < j; i++) {
                const step &before = program.steps[i];
                bool conflict = before.action < BLOCK_BARRIER && before.cell == s.cell &&
                                before.who != s.who && before.action + s.action != READ + READ &&
                                before.action + s.action != ADD + ADD;
                if (conflict && now.clocks[s.who][before.who] < when[i])
                    return true;
            }
            when[j] = ++now.clocks[s.who][s.who];
        }
    }
    return false;
}

} // namespace

Test(races, as_vector_clocks_say)
{
    int races = 0;
    for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
        shim_random random = {seed};
        program made = random_program(random);
        qsc_shim_begin(seed);
        qsc_shim_collect();
        QSC_LAUNCH(interpret, 1, THREADS, 0, nullptr, made);
        bool there = has_race(made);
        std::string found = first_finding();
        cr_assert_eq(there, found != "", "program %d: %s", static_cast<int>(seed), found.c_str());
        races += there;
    }
    cr_assert(races > PROGRAMS / 4 && races < PROGRAMS * 3 / 4, "%d", races);
}
