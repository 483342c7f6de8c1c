/* reader_writer.h: what the clients of the reader-writer locks have in common. Two writers and three readers
 * come by all doors; some deadlines pass while a reader or a writer waits; some writers go on as readers.
 * Oracle: a writer is alone, readers see whole updates only, no update is lost, no writer comes between a
 * writer and its own reading on.
 *
 * A client declares its `lock`, then RW(call), the lock's call of that name, and RW_UNTIL(call), the same or
 * NULL for a lock without deadlines, and includes this. */
#ifndef STRESS_READER_WRITER_H
#define STRESS_READER_WRITER_H

#include "stress.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

enum { WRITERS = STRESS_THREADS(2, 1), READERS = STRESS_THREADS(3, 1), ROUNDS = STRESS_SIZE(200, 2) };

static long left, right;             // plain and equal whenever nobody writes: the lock must order them
static _Atomic int writing, reading; // relaxed: they must not order what the lock should

struct member {
    int index;
    long met, written;
};

// Gives the others time to run into this section: to spin, to sleep, to let their deadlines pass.
static void dwell(int round)
{
    if (round % 8 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (round % 3 == 0)
        sched_yield();
}

// Enters by the door of this round. Returns whether it is inside; `met` counts finding it closed.
static bool enter(struct member *me, int round, bool (*trylock)(__typeof__(lock) *),
                  void (*wait)(__typeof__(lock) *),
                  int (*wait_until)(__typeof__(lock) *, const struct timespec *))
{
    int door = (me->index + round) % (wait_until ? 4 : 3);
    if (door == 3) {
        struct timespec deadline = stress_soon(round % 3 ? 20000 : 2000000);
        int error = wait_until(&lock, &deadline);
        assert(error == 0 || error == ETIMEDOUT);
        me->met += error != 0;
        return !error;
    }
    if (door != 0) {
        if (trylock(&lock))
            return true;
        me->met++;
        if (door == 1)
            return false;
    }
    wait(&lock);
    return true;
}

static void read_section(int round)
{
    atomic_fetch_add_explicit(&reading, 1, memory_order_relaxed);
    assert(atomic_load_explicit(&writing, memory_order_relaxed) == 0);
    long before = left;
    dwell(round);
    assert(left == before && right == before);
    atomic_fetch_sub_explicit(&reading, 1, memory_order_relaxed);
    RW(read_unlock)(&lock);
}

static void write_section(struct member *me, int round)
{
    assert(atomic_fetch_add_explicit(&writing, 1, memory_order_relaxed) == 0);
    assert(atomic_load_explicit(&reading, memory_order_relaxed) == 0);
    left++;
    dwell(round);
    right++;
    me->written++;
    atomic_fetch_sub_explicit(&writing, 1, memory_order_relaxed);
    if (round % 5 != 4) {
        RW(write_unlock)(&lock);
        return;
    }
    long mine = left;
    RW(downgrade)(&lock);
    dwell(round);
    assert(left == mine);
    read_section(round);
}

static void *come_and_go(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < ROUNDS; round++)
        if (me->index < WRITERS) {
            if (enter(me, round, RW(write_trylock), RW(write_lock), RW_UNTIL(write_lock_until)))
                write_section(me, round);
        } else if (enter(me, round, RW(read_trylock), RW(read_lock), RW_UNTIL(read_lock_until))) {
            read_section(round);
        }
    return NULL;
}

// All members come and go. Returns how often one found the lock closed.
static long all_come_and_go(void)
{
    struct member members[WRITERS + READERS];
    for (int i = 0; i < WRITERS + READERS; i++)
        members[i] = (struct member){.index = i};
    left = right = 0;
    stress_threads(WRITERS + READERS, come_and_go, members, sizeof *members);

    long met = 0, written = 0;
    for (int i = 0; i < WRITERS + READERS; i++) {
        met += members[i].met;
        written += members[i].written;
    }
    assert(left == written && right == written);
    return met;
}

#endif
