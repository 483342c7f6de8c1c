/* Every thread comes to object after object with a reference of its own. It writes, lends itself a second
 * reference, and puts both; then it looks objects up, which may be gone by then, and if it gets a reference
 * it reads, and puts it. Whoever puts the last one checks what all wrote, takes the object out of its place
 * and frees it after a grace period. And all threads get and put references of one that has as many as a
 * count holds. Oracle: freed once, by one who sees what every thread did; nothing found that is gone; a
 * saturated count stays. */
#include "stress.h"

#include <quiesce/concurrency/rcu.h>
#include <quiesce/concurrency/refcount.h>
#include <sched.h>
#include <stdlib.h>

enum { THREADS = STRESS_THREADS(4, 2), OBJECTS = STRESS_SIZE(40, 1) };

struct object {
    qsc_refcount count;
    int number;
    int from[THREADS]; // plain: the count must order them
};

static _Atomic(struct object *) objects[OBJECTS];
static _Atomic int freed;
static qsc_refcount full;
static char **chosen;

struct member {
    int index;
    long met; // times it found an object that was gone
};

static void put(struct object *object)
{
    if (!qsc_refcount_put(&object->count))
        return;
    for (int i = 0; i < THREADS; i++) {
        assert(object->from[i] == object->number + i);
        object->from[i] = -1;
    }
    if (object->number % 4 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL); // others look it up
    atomic_store_explicit(&objects[object->number], NULL, memory_order_relaxed);
    qsc_rcu_synchronize();
    object->number = -1;
    free(object);
    atomic_fetch_add_explicit(&freed, 1, memory_order_relaxed);
}

static void look_up(struct member *me, int number)
{
    qsc_rcu_read_lock();
    // acquire: pairs with the store in batch
    struct object *object = atomic_load_explicit(&objects[number], memory_order_acquire);
    bool got = object && qsc_refcount_get_unless_zero(&object->count);
    me->met += object && !got;
    qsc_rcu_read_unlock();
    if (!got)
        return;
    if (number % 3 == 0)
        sched_yield();
    assert(object->number == number);
    put(object);
}

static void use(struct member *me, struct object *object)
{
    qsc_refcount_get(&object->count);
    object->from[me->index] = object->number + me->index;
    put(object);
    if (object->number % 2)
        sched_yield();
    put(object);
}

static void *use_all(void *arg)
{
    struct member *me = arg;
    for (int i = 0; i < OBJECTS; i++)
        use(me, atomic_load_explicit(&objects[i], memory_order_relaxed));
    do { // who is early finds those whose last references others are about to put
        for (int i = 0; i < OBJECTS; i++)
            look_up(me, i);
        sched_yield();
    } while (STRESS_THREADS(true, false) && atomic_load_explicit(&freed, memory_order_relaxed) < OBJECTS);
    return NULL;
}

static long share_objects(void)
{
    atomic_store(&freed, 0);
    for (int i = 0; i < OBJECTS; i++) {
        struct object *object = calloc(1, sizeof *object);
        assert(object);
        object->count = (qsc_refcount)QSC_REFCOUNT_INIT(THREADS);
        object->number = i;
        atomic_store_explicit(&objects[i], object, memory_order_release); // pairs with look_up
    }
    struct member members[THREADS];
    for (int i = 0; i < THREADS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(THREADS, use_all, members, sizeof *members);

    assert(freed == OBJECTS);
    long met = 0;
    for (int i = 0; i < THREADS; i++)
        met += members[i].met;
    return met;
}

static void *overflow(void *unused)
{
    qsc_refcount_get(&full);
    bool got = qsc_refcount_get_unless_zero(&full);
    bool last = qsc_refcount_put(&full);
    assert(got && !last);
    last = qsc_refcount_put(&full);
    assert(!last);
    return unused;
}

static void saturate(void)
{
    full = (qsc_refcount)QSC_REFCOUNT_INIT(QSC_REFCOUNT_MAX);
    stress_threads(THREADS, overflow, &full, 0);
    assert(full.count > QSC_REFCOUNT_MAX);
}

static long batch(void)
{
    if (stress_is_chosen(chosen, "full"))
        saturate();
    return stress_is_chosen(chosen, "objects") ? share_objects() : 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    chosen = argv + 1;
    return stress_repeat("objects found that were gone", batch, 200);
}
