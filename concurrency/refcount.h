/* refcount.h: a count of references that sticks rather than wraps around, in 4 bytes.
 *
 * Whoever makes an object holds the first reference. Each further holder is given one by somebody who has one
 * (get), or takes one from an object that may be gone already but whose memory is not (get_unless_zero, in a
 * read section of rcu.h or under a lock). Whoever puts the last one frees the object.
 *
 * A count that gets beyond QSC_REFCOUNT_MAX, by a leak of references, is saturated for ever: the object is
 * never freed. So is one that was put too often, or got when it was zero: a leak is what remains of a use
 * after free. Linux's refcount_t does the same (include/linux/refcount.h). Whoever finds a count beyond the
 * bound puts it amid the values there; 2^30 threads would have to come in between to carry it out of them.
 *
 * All bytes zero is a count of zero: an object that is gone. There is nothing to destroy. */
#ifndef QUIESCE_CONCURRENCY_REFCOUNT_H
#define QUIESCE_CONCURRENCY_REFCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t count; /* private: 0..QSC_REFCOUNT_MAX, or more: saturated */
} qsc_refcount;

/* The largest number of references. */
#define QSC_REFCOUNT_MAX 0x7fffffffU

/* A count of so many references, usually 1. */
/* clang-format off */
#define QSC_REFCOUNT_INIT(references) {(uint32_t)(references)}
/* clang-format on */

void qsc_refcount_saturate_slow(qsc_refcount *refcount);

/* Adds a reference, for somebody else. The caller has one, or keeps others from putting the last one by means
 * of its own.
 * Does not block. Progress: wait-free. Memory order: none; what hands the reference on gives it. Any thread
 * with a reference, anywhere. */
static inline void qsc_refcount_get(qsc_refcount *refcount)
{
    uint32_t before = __atomic_fetch_add(&refcount->count, 1, __ATOMIC_RELAXED);
    if (__builtin_expect(before - 1 >= QSC_REFCOUNT_MAX, 0)) /* zero, or beyond the bound */
        qsc_refcount_saturate_slow(refcount);
}

/* Adds a reference unless there is none left. The memory must not go away during the call.
 * Returns whether the caller has a reference now; false: the object is gone.
 * Does not block. Progress: lock-free. Memory order: none; the object's content is seen by what its address
 * was found by. Any thread, anywhere. */
__attribute__((warn_unused_result)) static inline bool qsc_refcount_get_unless_zero(qsc_refcount *refcount)
{
    uint32_t seen = __atomic_load_n(&refcount->count, __ATOMIC_RELAXED);
    do {
        if (seen == 0)
            return false;
    } while (!__atomic_compare_exchange_n(&refcount->count, &seen, seen + 1, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    if (__builtin_expect(seen > QSC_REFCOUNT_MAX, 0))
        qsc_refcount_saturate_slow(refcount);
    return true;
}

/* Gives a reference back. After it the caller may not touch the object, unless it was the last to hold it.
 * Returns true if that was the last reference: the object is the caller's alone, to be freed.
 * Does not block. Progress: wait-free. Memory order: release; true acquires all that was done before every
 * other put. Any thread with a reference, anywhere. */
__attribute__((warn_unused_result)) static inline bool qsc_refcount_put(qsc_refcount *refcount)
{
    /* release: pairs with the load below in whoever puts the last one. All changes on the way there are
     * read-modify-writes, so each put's release sequence goes as far. */
    uint32_t before = __atomic_fetch_sub(&refcount->count, 1, __ATOMIC_RELEASE);
    if (before == 1)
        /* acquire: pairs with the releases of all other puts. A load, for only the last one needs it. */
        return __atomic_load_n(&refcount->count, __ATOMIC_ACQUIRE) == 0;
    if (__builtin_expect(before - 1 >= QSC_REFCOUNT_MAX, 0)) /* zero, or beyond the bound */
        qsc_refcount_saturate_slow(refcount);
    return false;
}

#ifdef __cplusplus
}
#endif
#endif
