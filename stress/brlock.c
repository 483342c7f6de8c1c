/* Two writers and three readers come by all doors; some deadlines pass while a reader or a writer waits; some
 * writers go on as readers; the readers are new threads in each batch, one of them without a word of its own.
 * Every other batch does without membarrier(2), as where the kernel has none. Oracle: a writer is alone,
 * readers see whole updates only, no update is lost, no writer comes between a writer and its own reading on,
 * nobody is counted as inside or waiting at the end. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/brlock.h>
#include <sched.h>
#include <stdlib.h>

enum { WRITERS = 2, READERS = 3, ROUNDS = STRESS_SIZE(200, 2) };

static qsc_brlock lock;
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
static bool enter(struct member *me, int round, bool (*trylock)(qsc_brlock *), void (*wait)(qsc_brlock *),
                  int (*wait_until)(qsc_brlock *, const struct timespec *))
{
    int door = (me->index + round) % 4;
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
    qsc_brlock_read_unlock(&lock);
}

static void write_section(struct member *me, int round)
{
    int others = atomic_fetch_add_explicit(&writing, 1, memory_order_relaxed);
    assert(others == 0 && atomic_load_explicit(&reading, memory_order_relaxed) == 0);
    left++;
    dwell(round);
    right++;
    me->written++;
    atomic_fetch_sub_explicit(&writing, 1, memory_order_relaxed);
    if (round % 5) {
        qsc_brlock_write_unlock(&lock);
        return;
    }
    long mine = left;
    qsc_brlock_downgrade(&lock);
    assert(left == mine);
    read_section(round);
}

static void *run(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < ROUNDS; round++)
        if (me->index >= WRITERS) {
            if (enter(me, round, qsc_brlock_read_trylock, qsc_brlock_read_lock, qsc_brlock_read_lock_until))
                read_section(round);
        } else if (enter(me, round, qsc_brlock_write_trylock, qsc_brlock_write_lock,
                         qsc_brlock_write_lock_until)) {
            write_section(me, round);
        }
    return NULL;
}

static void pause_for(unsigned turns)
{
    for (volatile unsigned turn = 0; turn < turns; turn++)
        continue;
}

static _Atomic int rushing;

// One writer and one reader, sections that end just when the other sees what is done in them, at ever other
// distances: the two find each other between two instructions. A store that is late is late by some 100 ns.
static void *rush(void *arg)
{
    struct member *me = arg;
    for (unsigned round = 0; round < 50 * ROUNDS && atomic_load_explicit(&rushing, memory_order_relaxed);
         round++) {
        if (me->index == 0 && qsc_brlock_write_trylock(&lock)) {
            left++;
            pause_for(60);
            right++;
            me->written++;
            qsc_brlock_write_unlock(&lock);
        } else if (me->index) {
            qsc_brlock_read_lock(&lock);
            long before = left;
            pause_for(60);
            assert(left == before && right == before);
            qsc_brlock_read_unlock(&lock);
        }
        pause_for(round * 37 % 128);
    }
    atomic_store_explicit(&rushing, 0, memory_order_relaxed);
    return NULL;
}

static void *give_up(void *unused)
{
    struct timespec now = stress_soon(0);
    assert(qsc_brlock_read_lock_until(&lock, &now) == ETIMEDOUT);
    return unused;
}

// Memory for the words of all but one: the lock's slots are what is aligned to a line.
static _Atomic int words;

static void *allocate(void *unused, size_t bytes, size_t align)
{
    (void)unused;
    if (align < 64)
        return malloc(bytes);
    int left_over = atomic_fetch_sub_explicit(&words, 1, memory_order_relaxed);
    return left_over > 0 ? aligned_alloc(align, bytes) : NULL;
}

static void *reallocate(void *unused, void *memory, size_t bytes)
{
    (void)unused;
    return realloc(memory, bytes);
}

static void release(void *unused, void *memory)
{
    (void)unused;
    free(memory);
}

static long batch(void)
{
    static bool without_membarrier;
    static const struct qsc_allocator allocator = {
        .allocate = allocate, .reallocate = reallocate, .release = release};
    qsc_alloc_set(&allocator);
    atomic_store(&words, WRITERS + READERS - 1);
    int error = qsc_brlock_init(&lock);
    assert(!error);
    without_membarrier = !without_membarrier;
    if (without_membarrier)
        lock.has_membarrier = false;
    struct member members[WRITERS + READERS];
    for (int i = 0; i < WRITERS + READERS; i++)
        members[i] = (struct member){.index = i};
    left = right = 0;
    stress_threads(WRITERS + READERS, run, members, sizeof *members);
    atomic_store(&rushing, 1);
    stress_threads(2, rush, members, sizeof *members);

    long met = 0, written = 0;
    for (int i = 0; i < WRITERS + READERS; i++) {
        met += members[i].met;
        written += members[i].written;
    }
    assert(left == written && right == written);

    qsc_brlock_write_lock(
        &lock); // the last one in line gives up: nobody after it could clear up what it leaves
    stress_threads(1, give_up, members, 0);
    qsc_brlock_write_unlock(&lock);
    assert(lock.state == 0 && lock.others == 0 && lock.line.word == 0);
    for (uint32_t *word = NULL; (word = qsc_per_thread_next(&lock.readers, word));)
        assert(*word == 0);
    qsc_brlock_fini(&lock);
    return met;
}

int main(void)
{
    return stress_repeat("entries that found the lock closed", batch, 500);
}
