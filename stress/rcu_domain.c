/* Writers replace the objects of a few places all the time and defer the old ones, faster than a domain with
 * narrow bounds destroys them, while readers look. Some of the writers' deferrals wait for room, some give up
 * or are told that there is none, in and outside of sections; some come from threads that exit at once; each
 * third object is deferred a second time by its own destructor. Oracle: an object looked at in a section
 * stays whole until the section ends; destructors run once for each deferral, in the domain's thread alone;
 * the backlog never exceeds its bounds; who has passed a barrier finds everything destroyed that was deferred
 * before; nothing is left after the end, and nothing runs any more. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/rcu_domain.h>
#include <sched.h>
#include <stdlib.h>

enum {
    READERS = 1,
    WRITERS = 2,
    PLACES = 4,
    REPLACED = STRESS_SIZE(1000, 1),
    MAX_OBJECTS = 8,
    SPOILT = -1,
};

struct object {
    long number, copy;
    bool twice; // deferred a second time
    qsc_rcu_node node;
};

static qsc_rcu_domain domain;
static _Atomic(struct object *) places[PLACES];
static _Atomic long deferred, destroyed; // by all
static _Atomic int writing;
static _Thread_local bool of_client;

struct member {
    int index; // the readers come first
    long met;  // deferrals that found no room
};

static struct object *make(long number)
{
    struct object *object = malloc(sizeof *object);
    assert(object);
    *object = (struct object){.number = number, .copy = number, .twice = number % 3 == 0};
    return object;
}

static struct object *object_of(qsc_rcu_node *node)
{
    return (struct object *)((char *)node - offsetof(struct object, node));
}

static void destroy(qsc_rcu_node *node)
{
    struct object *object = object_of(node);
    assert(!of_client);
    assert(object->number != SPOILT && object->number == object->copy);
    if (object->twice) {
        object->twice = false;
        int error = qsc_rcu_trydefer(&domain, node, sizeof *object, destroy);
        assert(error == 0 || error == EAGAIN);
        if (!error)
            return;
        error = qsc_rcu_defer(&domain, node, sizeof *object, destroy);
        assert(error == 0 || error == EDEADLK);
        if (!error)
            return;
    }
    object->number = object->copy = SPOILT;
    free(object);
    atomic_fetch_add_explicit(&destroyed, 1, memory_order_relaxed);
}

static void check_bounds(void)
{
    struct qsc_rcu_domain_stats stats;
    qsc_rcu_domain_get_stats(&domain, &stats);
    assert(stats.backlog <= MAX_OBJECTS && stats.backlog_max <= MAX_OBJECTS);
    assert(stats.backlog_bytes == stats.backlog * sizeof(struct object));
    assert(stats.deferred == stats.destroyed + stats.backlog);
}

// Until it is done, by one door after the other.
static void defer(struct member *me, struct object *object, int round)
{
    size_t bytes = sizeof *object;
    int error = EAGAIN;
    if (round % 4 == 0) {
        error = qsc_rcu_trydefer(&domain, &object->node, bytes, destroy);
        assert(error == 0 || error == EAGAIN);
    } else if (round % 4 == 1) {
        qsc_rcu_read_lock();
        error = qsc_rcu_defer(&domain, &object->node, bytes, destroy);
        qsc_rcu_read_unlock();
        assert(error == 0 || error == EDEADLK);
    } else if (round % 4 == 2) {
        struct timespec soon = stress_soon(1000);
        error = qsc_rcu_defer_until(&domain, &object->node, bytes, destroy, &soon);
        assert(error == 0 || error == ETIMEDOUT);
    }
    if (error) {
        me->met += round % 4 != 3;
        error = qsc_rcu_defer(&domain, &object->node, bytes, destroy);
    }
    assert(error == 0);
    atomic_fetch_add_explicit(&deferred, 1, memory_order_relaxed);
}

static void *defer_and_exit(void *object)
{
    of_client = true;
    struct member nobody = {0};
    defer(&nobody, object, 3);
    return NULL;
}

struct mark {
    qsc_rcu_node node;
    bool destroyed; // plain
};

static void destroy_mark(qsc_rcu_node *node)
{
    ((struct mark *)node)->destroyed = true;
}

static void pass_barrier(void)
{
    struct mark mark = {.destroyed = false};
    int error = qsc_rcu_defer(&domain, &mark.node, sizeof(struct object), destroy_mark);
    assert(!error);
    error = qsc_rcu_barrier(&domain);
    assert(error == 0 && mark.destroyed);
}

static void write_all(struct member *me)
{
    for (int round = 0; round < REPLACED; round++) {
        _Atomic(struct object *) *place = &places[(round + me->index) % PLACES];
        // acquire and release: pairs with itself, and with the load in read_all
        struct object *old = atomic_exchange_explicit(place, make(round), memory_order_acq_rel);
        if (round % 64 == 0)
            stress_threads(1, defer_and_exit, old, 0);
        else
            defer(me, old, round);
        if (round % 32 == 0) {
            check_bounds();
            pass_barrier();
        }
    }
    atomic_fetch_sub_explicit(&writing, 1, memory_order_relaxed);
}

static void read_all(void)
{
    for (int round = 0; atomic_load_explicit(&writing, memory_order_relaxed); round++) {
        qsc_rcu_read_lock();
        // acquire: pairs with the exchange in write_all
        struct object *object = atomic_load_explicit(&places[round % PLACES], memory_order_acquire);
        long number = object->number;
        assert(number != SPOILT);
        if (round % 4 == 0)
            sched_yield();
        assert(object->number == number && object->copy == number);
        qsc_rcu_read_unlock();
    }
}

static void *run(void *arg)
{
    struct member *me = arg;
    of_client = true;
    if (me->index < READERS)
        read_all();
    else
        write_all(me);
    return NULL;
}

// Bounded by objects and by bytes in turn.
static void begin(void)
{
    static bool by_bytes;
    by_bytes = !by_bytes;
    const struct qsc_rcu_domain_config bounds = {
        .max_objects = by_bytes ? 0 : MAX_OBJECTS,
        .max_bytes = by_bytes ? MAX_OBJECTS * sizeof(struct object) : 0,
    };
    int error = qsc_rcu_domain_init(&domain, &bounds);
    assert(!error);
}

static long batch(void)
{
    atomic_store(&deferred, 0);
    atomic_store(&destroyed, 0);
    atomic_store(&writing, WRITERS);
    begin();
    for (int i = 0; i < PLACES; i++)
        atomic_store(&places[i], make(i));
    struct member members[READERS + WRITERS];
    for (int i = 0; i < READERS + WRITERS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(READERS + WRITERS, run, members, sizeof *members);
    for (int i = 0; i < PLACES; i++)
        defer(&members[0], atomic_load(&places[i]), 3);
    qsc_rcu_domain_fini(&domain);
    assert(destroyed == deferred && deferred == PLACES + WRITERS * REPLACED);
    long met = 0;
    for (int i = 0; i < READERS + WRITERS; i++)
        met += members[i].met;
    return met;
}

int main(void)
{
    of_client = true;
    return stress_repeat("deferrals that found no room", batch, 500);
}
