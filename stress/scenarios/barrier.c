/* Two threads that meet once. Oracle: each finds what the other wrote before, one of them is the last. */
#include "scenario.h"

#include <quiesce/concurrency/barrier.h>

static qsc_barrier barrier = QSC_BARRIER_INIT(2);
static int wrote[2]; // plain: the barrier must order it

static bool pass(int index)
{
    wrote[index] = 1;
    bool last = qsc_barrier_wait(&barrier);
    assert(wrote[!index] == 1);
    return last;
}

static void *pass_first(void *last)
{
    *(bool *)last = pass(0);
    return NULL;
}

static void meet(void)
{
    bool last;
    pthread_t other = scenario_start(pass_first, &last);
    bool mine = pass(1);
    scenario_join(other);
    assert(mine != last);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {{"meet", meet}};
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
