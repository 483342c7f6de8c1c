/* An owner and two thieves at deques that are mostly almost empty, where they meet, and that grow under the
 * thieves' hands. The owner goes on to a fresh deque every now and then, so that there are many growths.
 * Oracle: every item is consumed exactly once, with the content that the owner gave it. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/deque.h>
#include <stdlib.h>

enum {
    THIEVES = STRESS_THREADS(2, 2),
    DEQUES = STRESS_SIZE(100, 1),
    ROUNDS = STRESS_THREADS(200, 2), // on one deque, of one or two items each
    BURST = STRESS_THREADS(9, 2),    // now and then, left for the thieves to take
    BURSTS = 4,
    ITEMS = 2 * ROUNDS + BURST * BURSTS
};

struct item {
    int number;         // plain: the deque must order it
    _Atomic int copies; // relaxed: it must not order what the deque should
};

struct shared {
    struct qsc_deque deques[DEQUES];
    struct item items[DEQUES][ITEMS];
    int pushed[DEQUES];
    _Atomic int current; // the deque in use; DEQUES at the end
    _Atomic long stolen;
};

static int number_of(int deque, const struct item *item, const struct shared *shared)
{
    return deque * ITEMS + (int)(item - shared->items[deque]) + 1;
}

static void consume(struct shared *shared, int deque, struct item *item)
{
    assert(item >= shared->items[deque] && item < shared->items[deque] + ITEMS);
    assert(item->number == number_of(deque, item, shared));
    int earlier = atomic_fetch_add_explicit(&item->copies, 1, memory_order_relaxed);
    assert(earlier == 0);
}

static void push(struct shared *shared, int deque, int count)
{
    for (int i = 0; i < count; i++) {
        struct item *item = &shared->items[deque][shared->pushed[deque]++];
        item->number = number_of(deque, item, shared);
        int error = qsc_deque_push(&shared->deques[deque], item);
        assert(error == 0);
    }
}

static bool take(struct shared *shared, int deque)
{
    struct item *item = qsc_deque_take(&shared->deques[deque]);
    if (item)
        consume(shared, deque, item);
    return item;
}

static void own(struct shared *shared)
{
    for (int deque = 0; deque < DEQUES; deque++) {
        for (int round = 0; round < ROUNDS; round++) {
            int count = 1 + (round & 1);
            push(shared, deque, count);
            for (int i = 0; i < count; i++)
                (void)take(shared, deque);
            if (round % (ROUNDS / BURSTS + 1) == 1)
                push(shared, deque, BURST);
        }
        while (take(shared, deque))
            ;
        atomic_store_explicit(&shared->current, deque + 1, memory_order_relaxed);
    }
}

static void rob(struct shared *shared)
{
    long stolen = 0;
    int deque;
    while ((deque = atomic_load_explicit(&shared->current, memory_order_relaxed)) < DEQUES) {
        void *item;
        int error = qsc_deque_steal(&shared->deques[deque], &item);
        assert(error == 0 || error == EAGAIN || error == ENOENT);
        if (error == 0) {
            consume(shared, deque, item);
            stolen++;
        }
    }
    atomic_fetch_add_explicit(&shared->stolen, stolen, memory_order_relaxed);
}

struct member {
    struct shared *shared;
    bool owner;
};

static void *run(void *arg)
{
    struct member *me = arg;
    if (me->owner)
        own(me->shared);
    else
        rob(me->shared);
    return NULL;
}

static long batch(void)
{
    struct shared *shared = aligned_alloc(64, (sizeof *shared + 63) & ~(size_t)63);
    assert(shared);
    *shared = (struct shared){.stolen = 0};
    for (int i = 0; i < DEQUES; i++) {
        int error = qsc_deque_init(&shared->deques[i], 1);
        assert(error == 0);
    }
    struct member members[1 + THIEVES] = {{shared, true}};
    for (int i = 1; i <= THIEVES; i++)
        members[i].shared = shared;
    stress_threads(1 + THIEVES, run, members, sizeof *members);
    for (int deque = 0; deque < DEQUES; deque++) {
        for (int i = 0; i < shared->pushed[deque]; i++)
            assert(shared->items[deque][i].copies == 1);
        qsc_deque_fini(&shared->deques[deque]);
    }
    long stolen = shared->stolen;
    free(shared);
    return stolen;
}

int main(void)
{
    return stress_repeat("steals", batch, 2000);
}
