/* One write against one read, which tries once. Oracle: it gets all of the write or nothing of it. */
#include "scenario.h"

#include <quiesce/concurrency/seqlock.h>

static qsc_seqlock lock;
static uint64_t words[2];
static int before; // plain: the lock must order it

static void *write_once(void *unused)
{
    before = 1;
    uint64_t in[2] = {1, 1};
    qsc_seqlock_write(&lock, words, 2, in);
    return unused;
}

static void write_and_read(void)
{
    pthread_t writer = scenario_start(write_once, NULL);
    uint64_t got[2];
    if (qsc_seqlock_tryread(&lock, words, 2, got)) {
        assert(got[0] == got[1]);
        assert(got[0] == 0 || before == 1);
    }
    scenario_join(writer);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {{"write-and-read", write_and_read}};
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
