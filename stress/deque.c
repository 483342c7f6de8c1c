/* An owner and two thieves at a deque that is mostly almost empty, where they meet, and now and then grows
 * under the thieves' hands. Oracle: every item is consumed exactly once, with the content that the owner gave
 * it. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/deque.h>
#include <stdlib.h>

enum { THIEVES = STRESS_THREADS(2, 2), ROUNDS = STRESS_SIZE(20000, 2), ITEMS = 5 * ROUNDS };

struct item {
    int number;         // plain: the deque must order it
    _Atomic int copies; // relaxed: it must not order what the deque should
};

struct shared {
    struct qsc_deque deque;
    struct item items[ITEMS];
    int pushed;
    _Atomic bool done;
    _Atomic long stolen;
};

static void consume(struct shared *shared, struct item *item)
{
    assert(item >= shared->items && item < shared->items + ITEMS);
    assert(item->number == (int)(item - shared->items) + 1);
    int earlier = atomic_fetch_add_explicit(&item->copies, 1, memory_order_relaxed);
    assert(earlier == 0);
}

static void own(struct shared *shared)
{
    int pushed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int burst = round % 64 == 63 ? 5 : 1 + (round & 1);
        for (int i = 0; i < burst; i++) {
            shared->items[pushed].number = pushed + 1;
            int error = qsc_deque_push(&shared->deque, &shared->items[pushed]);
            assert(error == 0);
            pushed++;
        }
        // One in 64 rounds leaves its items to the thieves, and to the final sweep: that makes the deque grow
        for (int i = 0; round % 64 != 0 && i < burst; i++) {
            struct item *item = qsc_deque_take(&shared->deque);
            if (item)
                consume(shared, item);
        }
    }
    for (struct item *item; (item = qsc_deque_take(&shared->deque));)
        consume(shared, item);
    shared->pushed = pushed;
    atomic_store_explicit(&shared->done, true, memory_order_relaxed);
}

static void rob(struct shared *shared)
{
    long stolen = 0;
    for (;;) {
        bool last = atomic_load_explicit(&shared->done, memory_order_relaxed);
        void *item;
        int error = qsc_deque_steal(&shared->deque, &item);
        assert(error == 0 || error == EAGAIN || error == ENOENT);
        if (error == 0) {
            consume(shared, item);
            stolen++;
        }
        if (last)
            break;
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
    *shared = (struct shared){.pushed = 0};
    int error = qsc_deque_init(&shared->deque, 4);
    assert(error == 0);
    struct member members[1 + THIEVES] = {{shared, true}};
    for (int i = 1; i <= THIEVES; i++)
        members[i].shared = shared;
    stress_threads(1 + THIEVES, run, members, sizeof *members);
    for (int i = 0; i < shared->pushed; i++)
        assert(shared->items[i].copies == 1);
    long stolen = shared->stolen;
    qsc_deque_fini(&shared->deque);
    free(shared);
    return stolen;
}

int main(void)
{
    return stress_repeat("steals", batch, 2000);
}
