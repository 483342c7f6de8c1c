/* An owner who takes its last item against a thief who is after it. Oracle: one of them gets it, with its
 * content. */
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/deque.h>

static struct qsc_deque deque;
static int items[2]; // plain: the deque must order them

static void push(int index)
{
    items[index] = 1;
    int error = qsc_deque_push(&deque, &items[index]);
    assert(error == 0);
}

static int consume(int *item)
{
    if (!item)
        return 0;
    assert(*item == 1);
    *item = 0;
    return 1;
}

static void *steal(void *count)
{
    void *item;
    if (qsc_deque_steal(&deque, &item) == 0)
        *(int *)count += consume(item);
    return NULL;
}

static void owner_and_thief(int pushed)
{
    int stolen = 0, error = qsc_deque_init(&deque, 2);
    assert(error == 0);
    pthread_t thief = scenario_start(steal, &stolen);
    for (int i = 0; i < pushed; i++)
        push(i);
    int taken = 0;
    for (int i = 0; i < pushed; i++)
        taken += consume(qsc_deque_take(&deque));
    scenario_join(thief);
    assert(taken + stolen == pushed);
    qsc_deque_fini(&deque);
}

static void last_item(void)
{
    owner_and_thief(1);
}

static void two_items(void)
{
    owner_and_thief(2);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {{"last-item", last_item}, {"two-items", two_items}};
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
