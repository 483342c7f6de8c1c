/* Threads come and go all the time: each counts in its slot, by an atomic word that anybody may read and by a
 * plain one that only the slot's present owner may touch, and exits, while a reader adds up all slots again
 * and again. What starts them one after the other lives on, and with each makes a storage for just the two of
 * them, whose place in the tables many have had before. Oracle: no count lost or doubled, whoever counted in
 * a slot; a sum never goes back; a new storage has new slots; no more slots than threads at one time. */
#include "stress.h"

#include <quiesce/concurrency/per_thread.h>
#include <sched.h>

enum { STARTERS = 3, THREADS = STRESS_SIZE(50, 1), COUNTS = 20 };

struct slot {
    _Atomic long counted;
    long plain;
};

static qsc_per_thread all;
static _Atomic int starting;

struct member {
    int index; // 0 is the reader
    long met;  // sums taken while others counted
};

static struct slot *slot_in(qsc_per_thread *storage)
{
    struct slot *slot = qsc_per_thread_get(storage);
    assert(slot);
    return slot;
}

static void count(struct slot *slot)
{
    long counted = atomic_load_explicit(&slot->counted, memory_order_relaxed);
    assert(slot->plain == counted);
    slot->plain++;
    atomic_store_explicit(&slot->counted, counted + 1, memory_order_relaxed);
}

static long sum(qsc_per_thread *storage, int *slots)
{
    long counted = 0;
    *slots = 0;
    struct slot *each = NULL;
    while ((each = qsc_per_thread_next(storage, each))) {
        counted += atomic_load_explicit(&each->counted, memory_order_relaxed);
        ++*slots;
    }
    return counted;
}

static void *count_and_exit(void *for_two)
{
    count(slot_in(for_two));
    for (int i = 0; i < COUNTS; i++) {
        count(slot_in(&all));
        if (i == COUNTS / 2)
            sched_yield();
    }
    return NULL;
}

static void start_all(void)
{
    qsc_per_thread for_two;
    for (int i = 0; i < THREADS; i++) {
        int slots, error = qsc_per_thread_init(&for_two, sizeof(struct slot));
        assert(!error);
        pthread_t thread;
        error = pthread_create(&thread, NULL, count_and_exit, &for_two);
        assert(!error);
        if (i % 2)
            pthread_join(thread, NULL);
        count(slot_in(&for_two));
        if (i % 2 == 0)
            pthread_join(thread, NULL);
        long counted = sum(&for_two, &slots);
        assert(counted == 2 && slots <= 2);
        qsc_per_thread_fini(&for_two);
    }
    atomic_fetch_sub_explicit(&starting, 1, memory_order_relaxed);
}

static void add_up(struct member *me)
{
    long last = 0;
    while (atomic_load_explicit(&starting, memory_order_relaxed)) {
        int slots;
        long counted = sum(&all, &slots);
        assert(counted >= last && slots <= STARTERS);
        me->met += counted > last;
        last = counted;
        sched_yield();
    }
}

static void *run(void *arg)
{
    struct member *me = arg;
    if (me->index == 0)
        add_up(me);
    else
        start_all();
    return NULL;
}

static long batch(void)
{
    atomic_store(&starting, STARTERS);
    int slots, error = qsc_per_thread_init(&all, sizeof(struct slot));
    assert(!error);
    struct member members[1 + STARTERS];
    for (int i = 0; i <= STARTERS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(1 + STARTERS, run, members, sizeof *members);
    assert(sum(&all, &slots) == STARTERS * THREADS * COUNTS && slots <= STARTERS);
    qsc_per_thread_fini(&all);
    return members[0].met;
}

int main(void)
{
    return stress_repeat("sums taken while others counted", batch, 500);
}
