/* Writers replace the objects of a few places and retire the old ones; readers protect what they find there,
 * two objects at a time in slots that change their roles, and look, sleep, and look again. Threads come and
 * go: some of them protect once and exit, some retire and exit. Each third object carries another, which its
 * destructor retires. Oracle: what is protected stays whole; destructors run once for each object; never more
 * wait than the bound says; nothing is left at the end. */
#include "stress.h"

#include <quiesce/concurrency/hazard.h>
#include <sched.h>
#include <stdlib.h>

enum {
    READERS = 2,
    WRITERS = 2,
    PLACES = 4,
    SLOTS = 2,
    REPLACED = STRESS_SIZE(1000, 1),
    LEAST_BATCH = 64, // hazard.c
    SPOILT = -1,
};

struct object {
    long number, copy;
    struct object *carried;
    qsc_hazard_node node;
};

static qsc_hazard_domain domain;
static _Atomic(struct object *) places[PLACES];
static _Atomic long alive, most_alive;
static _Atomic int writing;

struct member {
    int index; // the readers come first
    long met;  // times an object was replaced while it was protected
};

static struct object *make(long number)
{
    struct object *object = malloc(sizeof *object);
    assert(object);
    *object = (struct object){.number = number, .copy = number};
    if (number % 3 == 0)
        object->carried = make(number + 1);
    long now = atomic_fetch_add_explicit(&alive, 1, memory_order_relaxed) + 1;
    if (now > atomic_load_explicit(&most_alive, memory_order_relaxed))
        atomic_store_explicit(&most_alive, now, memory_order_relaxed);
    return object;
}

static void destroy(void *arg)
{
    struct object *object = arg;
    assert(object->number != SPOILT && object->number == object->copy);
    if (object->carried)
        qsc_hazard_retire(&domain, &object->carried->node, object->carried, destroy);
    object->number = object->copy = SPOILT;
    free(object);
    atomic_fetch_sub_explicit(&alive, 1, memory_order_relaxed);
}

static struct qsc_hazards *get(void)
{
    struct qsc_hazards *mine = qsc_hazard_get(&domain);
    assert(mine);
    return mine;
}

static void linger(int round)
{
    if (round % 64 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (round % 2 == 0)
        sched_yield();
}

static void *look_and_exit(void *place)
{
    struct qsc_hazards *mine = get();
    struct object *object = qsc_hazard_protect(mine, 1, place);
    assert(object->number == object->copy);
    sched_yield();
    assert(object->number == object->copy && object->number != SPOILT);
    qsc_hazard_clear(mine, 1);
    return NULL;
}

// From place to place, hand over hand.
static void read_all(struct member *me)
{
    struct qsc_hazards *mine = get();
    unsigned slot = 0;
    struct object *last = NULL;
    long last_number = 0;
    for (int round = 0; atomic_load_explicit(&writing, memory_order_relaxed); round++) {
        _Atomic(struct object *) *place = &places[(round + me->index) % PLACES];
        struct object *object = qsc_hazard_protect(mine, slot, place);
        long number = object->number;
        assert(number != SPOILT && object->copy == number);
        assert(!last || (last->number == last_number && last->copy == last_number));
        linger(round);
        me->met += atomic_load_explicit(place, memory_order_relaxed) != object;
        assert(object->number == number && object->copy == number);
        last = object;
        last_number = number;
        slot = 1 - slot;
        if (round % 32 == 0) {
            qsc_hazard_clear(mine, slot);
            stress_threads(1, look_and_exit, place, 0);
        }
    }
    for (slot = 0; slot < SLOTS; slot++)
        qsc_hazard_clear(mine, slot);
}

static void *retire(void *object)
{
    qsc_hazard_retire(&domain, &((struct object *)object)->node, object, destroy);
    return NULL;
}

static void write_all(struct member *me)
{
    for (int round = 0; round < REPLACED; round++) {
        // acquire and release: pairs with itself, and with the load in qsc_hazard_protect
        struct object *old = atomic_exchange_explicit(&places[(round + me->index) % PLACES], make(round),
                                                      memory_order_acq_rel);
        if (round % 64 == 0)
            stress_threads(1, retire, old, 0);
        else
            retire(old);
        if (round % 128 == 0)
            (void)qsc_hazard_scan(&domain);
        if (round % 16 == 0)
            sched_yield();
    }
    atomic_fetch_sub_explicit(&writing, 1, memory_order_relaxed);
}

static void *run(void *arg)
{
    struct member *me = arg;
    if (me->index < READERS)
        read_all(me);
    else
        write_all(me);
    return NULL;
}

static long batch(void)
{
    atomic_store(&writing, WRITERS);
    atomic_store(&most_alive, 0);
    int error = qsc_hazard_domain_init(&domain, SLOTS);
    assert(!error);
    for (int i = 0; i < PLACES; i++)
        atomic_store(&places[i], make(i));
    struct member members[READERS + WRITERS];
    for (int i = 0; i < READERS + WRITERS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(READERS + WRITERS, run, members, sizeof *members);
    for (int i = 0; i < PLACES; i++)
        retire(atomic_load(&places[i]));
    error = qsc_hazard_domain_fini(&domain);
    assert(error == 0 && alive == 0);
    // with what each of two in a scan holds, and what each object may carry
    assert(most_alive <= 2 * (PLACES + (1 + WRITERS) * LEAST_BATCH + WRITERS));
    long met = 0;
    for (int i = 0; i < READERS; i++)
        met += members[i].met;
    return met;
}

int main(void)
{
    return stress_repeat("objects replaced while they were protected", batch, 1000);
}
