/* Two producers and two consumers send items through a ring of two, which they often find full or empty.
 * Oracle: every item comes out once, with its content, those of a producer in order for one consumer; nothing
 * is left. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/mpmc.h>
#include <sched.h>

enum { PAIRS = STRESS_THREADS(2, 1), ITEMS = STRESS_SIZE(2000, 2) };

struct item {
    int producer, number; // plain: the queue must order them
};

static qsc_mpmc queue;
static struct item items[PAIRS][ITEMS];

struct member {
    int index; // producers first
    long met;  // items for which it found the ring full or empty
};

static void *run(void *arg)
{
    struct member *me = arg;
    bool producer = me->index < PAIRS;
    int last[PAIRS] = {0};
    for (int i = 0; i < ITEMS; i++) {
        void *slot = NULL;
        if (producer) {
            slot = &items[me->index][i];
            items[me->index][i] = (struct item){me->index, i + 1};
        }
        bool waits = false;
        while ((producer ? qsc_mpmc_trypush(&queue, slot) : qsc_mpmc_trypop(&queue, &slot)) == EAGAIN) {
            waits = true;
            sched_yield();
        }
        me->met += waits;
        if (!producer) {
            struct item *item = slot;
            assert(item->number > last[item->producer]);
            assert(item == &items[item->producer][item->number - 1]);
            last[item->producer] = item->number;
            item->number = 0; // a second pop of it is found out
        }
    }
    return NULL;
}

static long batch(void)
{
    int error = qsc_mpmc_init(&queue, STRESS_THREADS(2, 1));
    assert(error == 0);
    struct member members[2 * PAIRS];
    for (int i = 0; i < 2 * PAIRS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(2 * PAIRS, run, members, sizeof *members);
    void *none;
    error = qsc_mpmc_trypop(&queue, &none);
    assert(error == EAGAIN);
    qsc_mpmc_fini(&queue);
    long met = 0;
    for (int i = 0; i < 2 * PAIRS; i++)
        met += members[i].met;
    return met;
}

int main(void)
{
    return stress_repeat("items for which a thread found the ring full or empty", batch, 5000);
}
