/* failing.h: memory that runs out at a chosen allocation, and is counted so that a leak shows.
 *
 *     for (long k = 0; k == 0 || failing_happened(); k++) {
 *         failing_at(k);                  // the k-th allocation from here on fails; -1: none does
 *         ... the call under test, which must survive ...
 *         cr_assert_eq(failing_live(), 0);
 *     }
 *     failing_off();
 */
#ifndef QUIESCE_TESTS_CONCURRENCY_FAILING_H
#define QUIESCE_TESTS_CONCURRENCY_FAILING_H

#include <quiesce/concurrency/alloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

static atomic_long failing_countdown = -1, failing_blocks;
static atomic_bool failing_failed;

static inline bool failing_now(void)
{
    if (atomic_load(&failing_countdown) < 0 || atomic_fetch_sub(&failing_countdown, 1) != 0)
        return false;
    atomic_store(&failing_failed, true);
    return true;
}

static inline void *failing_count(void *memory)
{
    if (memory)
        atomic_fetch_add(&failing_blocks, 1);
    return memory;
}

static inline void *failing_allocate(void *context, size_t bytes, size_t align)
{
    (void)context;
    align = align < sizeof(void *) ? sizeof(void *) : align;
    return failing_now() ? NULL : failing_count(aligned_alloc(align, (bytes + align - 1) / align * align));
}

static inline void *failing_allocate_zeroed(void *context, size_t bytes)
{
    (void)context;
    return failing_now() ? NULL : failing_count(calloc(1, bytes));
}

static inline void *failing_reallocate(void *context, void *memory, size_t bytes)
{
    (void)context;
    if (failing_now())
        return NULL;
    void *moved = realloc(memory, bytes);
    return memory ? moved : failing_count(moved);
}

static inline void failing_release(void *context, void *memory)
{
    (void)context;
    atomic_fetch_sub(&failing_blocks, 1);
    free(memory);
}

static inline void failing_at(long k)
{
    static const struct qsc_allocator allocator = {failing_allocate, failing_allocate_zeroed,
                                                   failing_reallocate, failing_release, NULL};
    atomic_store(&failing_countdown, k);
    atomic_store(&failing_failed, false);
    atomic_store(&failing_blocks, 0);
    qsc_alloc_set(&allocator);
}

/* Whether the chosen allocation came: when it did not, every one of them has had its turn. */
static inline bool failing_happened(void)
{
    return atomic_load(&failing_failed);
}

/* Blocks allocated since failing_at and not freed. */
static inline long failing_live(void)
{
    return atomic_load(&failing_blocks);
}

static inline void failing_off(void)
{
    qsc_alloc_set(NULL);
}

#endif
