/* One interface to four ways of letting readers use a version of an object while a publisher replaces it.
 *
 * A reader acquires before its work and releases after it; what it gets stays whole in between. That is all
 * the serving load knows, so that the four are compared under one and the same load. */
#ifndef QUIESCE_MODEL_GUARD_H
#define QUIESCE_MODEL_GUARD_H

#include <quiesce/concurrency/snapshot.h>
#include <quiesce/model/refcount_cell.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum qsc_guard_kind {
    QSC_GUARD_SNAPSHOT, /* pin and unpin (snapshot.h) */
    QSC_GUARD_RWLOCK,   /* a read lock held over the work; the publisher takes the write lock (rwlock.h) */
    QSC_GUARD_MUTEX,    /* a mutex held over the work (mutex.h) */
    QSC_GUARD_REFCOUNT, /* one reference count and mutex to a CPU (refcount_cell.h) */
    QSC_GUARD_KINDS
};

typedef struct qsc_guard qsc_guard;

/* What a reader holds between acquire and release. */
struct qsc_hold {
    const void *object;
    union {
        qsc_pin pin;
        qsc_refcount_cell_ref reference;
    } by;
};

/* Makes a guard that protects nothing yet. `bounds` applies to the snapshot; the others have at most two
 * versions. Returns: 0; ENOMEM, EAGAIN, EINVAL as qsc_snapshot_init. Blocks: no. Threads: one. */
int qsc_guard_create(qsc_guard **guard, enum qsc_guard_kind kind, const struct qsc_snapshot_config *bounds)
    __attribute__((warn_unused_result));

/* Destroys the current version and the guard. NULL is allowed.
 * Returns: nothing. Blocks: for the destructors. Threads: one, when nobody holds anything any more. */
void qsc_guard_destroy(qsc_guard *guard);

/* Acquires the current version, which stays whole until the release.
 * Returns: 0; ENOENT before the first publication (nothing is held then); ENOMEM, EAGAIN as qsc_snapshot_pin.
 * Blocks: the snapshot never; the others while a publisher, and the mutex while any other reader, is in.
 * Memory order: acquire. Threads: any; one hold a thread at a time. */
int qsc_guard_acquire(qsc_guard *guard, struct qsc_hold *hold) __attribute__((warn_unused_result));

/* Ends the hold. Returns: nothing. Blocks: no. Memory order: release. Threads: the one that acquired. */
void qsc_guard_release(qsc_guard *guard, struct qsc_hold *hold);

/* Replaces the current version. destroy(object) is called when no reader can reach it any more: by the
 * snapshot's own thread, or with the other guards on the publisher's before publish returns. Returns: 0;
 * EAGAIN when the snapshot is at its bounds, ENOMEM: the object stays the caller's. Blocks: the snapshot
 * never for a reader; the locks until the readers let it in; the refcount cell until the readers of the
 * former version have gone. Memory order: release. Threads: any. Who holds a version waits for himself. */
int qsc_guard_publish(qsc_guard *guard, const void *object, uint64_t bytes, void (*destroy)(void *))
    __attribute__((warn_unused_result));

/* The largest number of versions, and of their stated bytes, that were alive at once: published, not yet
 * destroyed. Returns: nothing. Blocks: briefly. Threads: any. */
void qsc_guard_live_max(qsc_guard *guard, uint64_t *versions, uint64_t *bytes);

/* "snapshot", "rwlock", "mutex", "refcount". */
const char *qsc_guard_name(enum qsc_guard_kind kind);

#ifdef __cplusplus
}
#endif

#endif
