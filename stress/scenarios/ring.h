/* ring.h: the scenarios of a bounded queue that does not wait. A ring of one place: a push, a pop and the
 * push that needs the place again. Oracle: what comes out is whole, once, and was read before its place is
 * used again. A program declares its `queue` and RING(call), the queue's call of that name, and includes
 * this. */
#ifndef QUIESCE_STRESS_RING_H
#define QUIESCE_STRESS_RING_H

#include "scenario.h"

static int items[2]; // plain: the queue must order them

static bool push(int index, int content)
{
    items[index] = content;
    return RING(trypush)(&queue, &items[index]) == 0;
}

static void *push_first(void *unused)
{
    bool pushed = push(0, 1);
    assert(pushed);
    return unused;
}

static bool pop(void)
{
    void *item;
    if (RING(trypop)(&queue, &item) != 0)
        return false;
    assert(*(int *)item == 1);
    *(int *)item = 0;
    return true;
}

static void *pop_one(void *popped)
{
    *(bool *)popped = pop();
    return NULL;
}

static void init(void)
{
    int error = RING(init)(&queue, 1);
    assert(error == 0);
}

static void push_and_pop(void)
{
    init();
    pthread_t producer = scenario_start(push_first, NULL);
    bool popped = pop();
    scenario_join(producer);
    assert(popped || pop());
    RING(fini)(&queue);
}

static void place_again(void)
{
    init();
    bool first = push(0, 1), popped;
    pthread_t consumer = scenario_start(pop_one, &popped);
    bool second = push(1, 1);
    scenario_join(consumer);
    assert(first && popped && pop() == second);
    RING(fini)(&queue);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {{"push-and-pop", push_and_pop}, {"place-again", place_again}};
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}

#endif
