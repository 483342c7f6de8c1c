#include <quiesce/concurrency/refcount.h>

// Amid the wrong values: as far from QSC_REFCOUNT_MAX as from zero.
#define SATURATED 0xc0000000U

// A plain store, which ends all release sequences: nobody frees the object any more.
void qsc_refcount_saturate_slow(qsc_refcount *refcount)
{
    __atomic_store_n(&refcount->count, SATURATED, __ATOMIC_RELAXED);
}
