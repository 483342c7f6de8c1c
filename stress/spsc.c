/* One thread sends numbered items to another through a ring of one or two, which both often find full or
 * empty. Oracle: every item comes out once, in order, with its content; nothing is left. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/spsc.h>
#include <sched.h>

enum { ITEMS = STRESS_SIZE(2000, 2) };

static qsc_spsc queue;
static int items[ITEMS]; // plain: the queue must order them
static long full, empty;

static void *run(void *arg)
{
    bool producer = *(bool *)arg;
    for (int i = 0; i < ITEMS; i++) {
        void *item = &items[i];
        if (producer)
            items[i] = i + 1;
        bool waits = false;
        while ((producer ? qsc_spsc_trypush(&queue, item) : qsc_spsc_trypop(&queue, &item)) == EAGAIN) {
            waits = true;
            sched_yield();
        }
        *(producer ? &full : &empty) += waits;
        if (!producer) {
            assert(item == &items[i] && items[i] == i + 1);
            items[i] = 0; // a second pop of it, or a late producer, is found out
        }
    }
    return NULL;
}

static long batch(void)
{
    full = empty = 0;
    for (size_t capacity = 1; capacity <= 2; capacity *= 2) {
        int error = qsc_spsc_init(&queue, capacity);
        assert(error == 0);
        bool producer[] = {true, false};
        stress_threads(2, run, producer, sizeof *producer);
        void *none;
        error = qsc_spsc_trypop(&queue, &none);
        assert(error == EAGAIN);
        qsc_spsc_fini(&queue);
    }
    return full + empty;
}

int main(void)
{
    return stress_repeat("times a thread found the ring full or empty", batch, 5000);
}
