/* The members of reader_writer.h, where the readers are new threads in each batch, one of them without a word
 * of its own; then one of each that meet between two instructions. Every other batch does without
 * membarrier(2), as where the kernel has none. Oracle, besides theirs: nobody is counted as inside or waiting
 * at the end. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/brlock.h>
#include <stdlib.h>

static qsc_brlock lock;
#define RW(call) qsc_brlock_##call
#define RW_UNTIL(call) RW(call)
#include "reader_writer.h"

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
    long met = all_come_and_go();

    struct member pair[2] = {{.index = 0}, {.index = 1}};
    long before = left;
    atomic_store(&rushing, 1);
    stress_threads(2, rush, pair, sizeof *pair);
    assert(left == before + pair[0].written && right == left);

    // The last one in line gives up: nobody comes after it who could clear up what it leaves.
    qsc_brlock_write_lock(&lock);
    stress_threads(1, give_up, &lock, 0);
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
