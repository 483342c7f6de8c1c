/* A writer replaces an object, waits for a grace period, spoils the old one and frees it, while readers look
 * at whatever is current, in sections that nest and in which they sometimes sleep or are asked to by the
 * other side's progress. Every batch has new threads, so that registration and exit are part of it: a
 * reader's first section registers it, or an explicit call does, and its exit unregisters it. Oracle: an
 * object looked at in a section stays what it was until the section ends, and the reader of one section never
 * finds an older object than in the one before. */
#include "stress.h"

#include <quiesce/concurrency/rcu.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { READERS = STRESS_THREADS(3, 1), REPLACED = STRESS_SIZE(200, 1), SPOILT = -1 };

struct object {
    long number, copy;
};

static _Atomic(struct object *) current;
static _Atomic int reading; // readers that have begun
static _Atomic bool done;

struct member {
    int index; // 0 is the writer
    long met;  // times an object was replaced while a reader looked at it
};

static struct object *make(long number)
{
    struct object *object = malloc(sizeof *object);
    assert(object);
    *object = (struct object){number, number};
    return object;
}

static void spoil(struct object *object)
{
    object->number = object->copy = SPOILT;
    free(object);
}

static void look(const struct object *object, long number)
{
    assert(object->number == number && object->copy == number);
}

static void linger(int round)
{
    if (round % 16 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (round % 2 == 0)
        sched_yield();
}

// One section, or one in another. Returns the number of the object that it saw.
static long section(struct member *me, int round)
{
    bool nest = round % 3 == 0;
    qsc_rcu_read_lock();
    struct object *object = atomic_load_explicit(&current, memory_order_acquire); // pairs with write
    long number = object->number;
    if (nest) {
        qsc_rcu_read_lock();
        look(object, number);
        qsc_rcu_read_unlock();
        assert(qsc_rcu_in_section());
    }
    linger(round);
    me->met += atomic_load_explicit(&current, memory_order_relaxed) != object;
    look(object, number);
    qsc_rcu_read_unlock();
    assert(!qsc_rcu_in_section());
    return number;
}

static void read_all(struct member *me)
{
    if (me->index % 2) {
        int error = qsc_rcu_register_thread();
        assert(!error);
    }
    atomic_fetch_add_explicit(&reading, 1, memory_order_relaxed);
    long last = 0;
    for (int round = 0; !atomic_load_explicit(&done, memory_order_relaxed); round++) {
        long number = section(me, round);
        assert(number >= last);
        last = number;
#ifdef STRESS_ONCE
        break;
#endif
    }
}

static void write_all(void)
{
    while (atomic_load_explicit(&reading, memory_order_relaxed) < READERS)
        sched_yield();
    for (long number = 2; number < 2 + REPLACED; number++) {
        struct object *old = atomic_load_explicit(&current, memory_order_relaxed);
        atomic_store_explicit(&current, make(number), memory_order_release); // pairs with section
        qsc_rcu_synchronize();
        spoil(old);
    }
    atomic_store_explicit(&done, true, memory_order_relaxed);
}

static void *run(void *arg)
{
    struct member *me = arg;
    if (me->index == 0)
        write_all();
    else
        read_all(me);
    return NULL;
}

static long batch(void)
{
    atomic_store(&reading, 0);
    atomic_store(&done, false);
    atomic_store(&current, make(1));
    struct member members[1 + READERS];
    for (int i = 0; i <= READERS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(1 + READERS, run, members, sizeof *members);
    spoil(atomic_load(&current));
    long met = 0;
    for (int i = 0; i <= READERS; i++)
        met += members[i].met;
    return met;
}

int main(void)
{
    return stress_repeat("objects replaced while they were looked at", batch, 1000);
}
