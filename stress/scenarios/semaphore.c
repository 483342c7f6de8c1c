/* One unit that goes from hand to hand, and a wait for what another posts. Oracle: who has it is alone. */
#include "scenario.h"

#include <quiesce/concurrency/semaphore.h>

static qsc_semaphore semaphore;
static int entries; // plain: the semaphore must order it

static void *use(void *unused)
{
    qsc_semaphore_wait(&semaphore, 1);
    entries++;
    qsc_semaphore_post(&semaphore, 1);
    return unused;
}

static void one_unit(void)
{
    qsc_semaphore_post(&semaphore, 1);
    pthread_t other = scenario_start(use, NULL);
    use(NULL);
    scenario_join(other);
    assert(entries == 2 && semaphore.line.word == 0);
}

static void *post(void *unused)
{
    entries = 1;
    qsc_semaphore_post(&semaphore, 1);
    return unused;
}

static void wait_for_post(void)
{
    pthread_t other = scenario_start(post, NULL);
    qsc_semaphore_wait(&semaphore, 1);
    assert(entries == 1);
    scenario_join(other);
    assert(semaphore.state == 0);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {{"one-unit", one_unit}, {"wait-for-post", wait_for_post}};
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
