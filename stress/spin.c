/* Threads enter one section of each spin lock by both doors, and sometimes give their processor away inside,
 * or sleep, so that others find the lock taken. Then they drop their references to what the lock protects,
 * under the lock, and the last one frees it, lock included. Arguments name the locks to be used, by default
 * all. Oracle: nobody else inside, no update lost, no access after the free, and at the end each node belongs
 * to one thread or to the lock. */
#include "stress.h"

#include <limits.h>
#include <quiesce/concurrency/spin.h>
#include <sched.h>
#include <stdlib.h>

enum { THREADS = STRESS_THREADS(4, 3), ROUNDS = STRESS_SIZE(200, 2) };

struct object {
    void *lock[2]; // the largest has two pointers
    long entries;  // plain: the lock must order it
    int users;
};

static const struct qsc_spin_ops *ops;
static char **chosen; // names of locks; none: all
static struct object *object;
static long entries;       // when the object was freed
static void *kept;         // the node that came back then
static _Atomic int inside; // relaxed: it must not order what the lock should

static union {
    qsc_mcs_node mcs;
    qsc_clh_node clh;
} nodes[THREADS + 1];

struct member {
    int index;
    void *node;
    long met, entered;
};

// Enters by the door of this member's round. Returns whether it is inside; `met` counts finding it occupied.
static bool enter(struct member *me, int round)
{
    int door = (me->index + round) % 3;
    if (door == 0) {
        ops->lock(object->lock, me->node);
        return true;
    }
    if (ops->trylock(object->lock, me->node))
        return true;
    me->met++;
    if (door == 1)
        return false;
    ops->lock(object->lock, me->node);
    return true;
}

static void sleep_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
}

static void section(struct member *me, int round)
{
    int others = atomic_fetch_add_explicit(&inside, 1, memory_order_relaxed);
    assert(others == 0);
    object->entries++;
    me->entered++;
    if (round % 16 == 0)
        sleep_shortly();
    else if (round % 3 == 0)
        sched_yield();
    atomic_fetch_sub_explicit(&inside, 1, memory_order_relaxed);
}

// Drops this member's reference. The last one ends the lock, and takes a node that it kept.
static void part(struct member *me)
{
    struct object *mine = object;
    ops->lock(mine->lock, me->node);
    bool last = --mine->users == 0;
    me->node = ops->unlock(mine->lock, me->node);
    if (last) {
        entries = mine->entries;
        kept = ops->fini(mine->lock);
        free(mine);
    }
}

static void *run(void *arg)
{
    struct member *me = arg;
    // one round less for each: of three threads explored one uses its node three times, one only to part
    for (int round = me->index; round < ROUNDS; round++)
        if (enter(me, round)) {
            section(me, round);
            me->node = ops->unlock(object->lock, me->node);
            if (round % 4 == 2) // or else nobody gets the TAS lock but who just had it
                sleep_shortly();
        }
    part(me);
    return NULL;
}

static long use(void)
{
    object = malloc(sizeof *object);
    assert(object && ops->size <= sizeof object->lock && ops->node_size <= sizeof *nodes);
    object->entries = 0;
    object->users = THREADS;
    ops->init(object->lock, &nodes[THREADS]);
    struct member members[THREADS];
    for (int i = 0; i < THREADS; i++)
        members[i] = (struct member){.index = i, .node = &nodes[i]};
    stress_threads(THREADS, run, members, sizeof *members);

    long entered = 0, met = 0;
    for (int i = 0; i < THREADS; i++) {
        met += members[i].met;
        entered += members[i].entered;
        assert(members[i].node != kept);
        for (int j = 0; j < i; j++)
            assert(members[i].node != members[j].node);
    }
    assert(entries == entered);
    return met;
}

// Returns the meetings at that lock which had the fewest.
static long batch(void)
{
    long fewest = LONG_MAX;
    for (ops = qsc_spin_ops; ops < qsc_spin_ops + QSC_SPIN_LOCKS; ops++)
        if (stress_is_chosen(chosen, ops->name)) {
            long met = use();
            fewest = met < fewest ? met : fewest;
        }
    return fewest;
}

int main(int argc, char **argv)
{
    (void)argc;
    chosen = argv + 1;
    return stress_repeat("entries at each that found it taken", batch, 500);
}
