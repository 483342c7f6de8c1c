/* A count of owners: whoever gives up the last share may free what is shared.
 *
 * All-zero bytes are one owner. Only an owner may add another, so that the count of what is shared never
 * comes back from nothing. */
#ifndef QUIESCE_CONCURRENCY_REFCOUNT_H
#define QUIESCE_CONCURRENCY_REFCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The field is the implementation's: the owners beyond the first. */
typedef struct {
    uint64_t further;
} qsc_refcount;

/* clang-format off */
#define QSC_REFCOUNT_INIT {0}
/* clang-format on */

/* Adds an owner.
 * Returns: nothing. Blocks: no. Progress: wait-free. Memory order: none.
 * Threads: any, for as long as an owner lasts who cannot give up his share meanwhile. */
static inline void qsc_refcount_get(qsc_refcount *count)
{
    __atomic_fetch_add(&count->further, 1, __ATOMIC_RELAXED);
}

/* Gives up a share.
 * Returns: true to the last owner, who may free what is shared, the count included.
 * Blocks: no. Progress: wait-free.
 * Memory order: release; acquire when true is returned: what the other owners did before they gave up their
 * shares happens before the return.
 * Threads: any; one for each share. */
static inline bool qsc_refcount_put(qsc_refcount *count) __attribute__((warn_unused_result));
static inline bool qsc_refcount_put(qsc_refcount *count)
{
    /* both: it pairs with itself, in the owners that came before */
    return __atomic_fetch_sub(&count->further, 1, __ATOMIC_ACQ_REL) == 0;
}

#ifdef __cplusplus
}
#endif

#endif
