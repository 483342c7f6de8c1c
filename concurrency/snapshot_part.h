/* Parts that versions share: memory that several versions of a snapshot cell own together, freed with the
 * last of them, and counted once.
 *
 * A publisher who changes a little of a large object takes over the parts that stay: it pins the current
 * version, gets each part that it keeps, makes new ones for those that it changes, and publishes an object
 * which refers to them all. The object's destructor puts every part of it, best with a yield after each
 * (qsc_snapshot_destroy_yield). Readers know nothing of it: what they pin owns its parts.
 *
 * The bytes of a part are alive in the cell from its init to its destruction, whoever owns it; those that are
 * stated when an object is published are the rest. */
#ifndef QUIESCE_CONCURRENCY_SNAPSHOT_PART_H
#define QUIESCE_CONCURRENCY_SNAPSHOT_PART_H

#include <quiesce/concurrency/refcount.h>
#include <quiesce/concurrency/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Stands in the memory that is shared, or beside it. All fields are the implementation's. */
typedef struct qsc_snapshot_part {
    qsc_refcount owners;
    qsc_snapshot *cell;
    uint64_t bytes;
    void (*destroy)(struct qsc_snapshot_part *part);
} qsc_snapshot_part;

/* Makes a part with one owner: the object that is being built. It counts against the cell's max_live_bytes.
 * Returns: 0; otherwise there is no part, and destroy is not called: EAGAIN when the bound is reached; E2BIG
 * when the part and the versions that labels name exceed it by themselves, their parts not counted.
 * Blocks: briefly, on the publishers' lock. Progress: blocking. Memory order: none.
 * Threads: any; allowed wherever qsc_snapshot_publish is. */
int qsc_snapshot_part_init(qsc_snapshot_part *part, qsc_snapshot *cell, uint64_t bytes,
                           void (*destroy)(qsc_snapshot_part *part)) __attribute__((warn_unused_result));

/* Adds an owner: another object of the same cell.
 * Returns: nothing. Blocks: no. Progress: wait-free. Memory order: none.
 * Threads: any that keeps an owner alive meanwhile, as by a pin of its version. */
static inline void qsc_snapshot_part_get(qsc_snapshot_part *part)
{
    qsc_refcount_get(&part->owners);
}

/* Takes an owner's share back. With the last one destroy(part) is called, and then the part's bytes count no
 * more.
 * Returns: nothing. Blocks: briefly, on the publishers' lock, and as long as destroy. Progress: blocking.
 * Memory order: release; everything that was done with the part happens before destroy.
 * Threads: any, before the end of the cell; one for each owner. Not inside: a part's destroy, which may not
 * yield either. */
void qsc_snapshot_part_put(qsc_snapshot_part *part);

#ifdef __cplusplus
}
#endif

#endif
