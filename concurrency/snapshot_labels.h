/* Labels of a snapshot cell: two versions in service at once, and a way back.
 *
 * The current version is the stable one: qsc_snapshot_enter, qsc_snapshot_pin and most keys get it. A canary
 * is a further version, in service for a share of the request keys (qsc_snapshot_pin_for). Promoted, it
 * becomes the current version, and the one before stays alive as the previous one, to which a rollback
 * returns at once. A version is alive while a label names it, and counts against the cell's bounds: a
 * rollout needs room for 3 versions, one more where a canary replaces a canary.
 *
 * Labels move in a few stores under the publishers' lock; nobody waits for a reader, and no reader for
 * anybody. Each call names the version that it means by its id, so that of two controllers none moves what
 * the other has just put there. */
#ifndef QUIESCE_CONCURRENCY_SNAPSHOT_LABELS_H
#define QUIESCE_CONCURRENCY_SNAPSHOT_LABELS_H

#include <quiesce/concurrency/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes `object` the canary, in service for `share` (0 to 1) of the keys. A canary before it is replaced.
 * Keys are told apart by a hash, always the same: with share 0.1 a tenth of the keys get the canary, and with
 * share 0.2 those and another tenth.
 * Returns: 0, and the version's id in *id (NULL: not wanted). Otherwise the object stays the caller's: EINVAL
 * for another share; ENOENT before the first publication; EAGAIN, E2BIG, ENOMEM as qsc_snapshot_publish.
 * The rest: as qsc_snapshot_publish. */
int qsc_snapshot_publish_canary(qsc_snapshot *cell, double share, const void *object, uint64_t bytes,
                                void (*destroy)(void *), uint64_t *id) __attribute__((warn_unused_result));

/* Changes the share of the canary `id`. A greater share takes keys from the current version only, a smaller
 * one gives them back.
 * Returns: 0; EINVAL for a share outside 0 to 1; ESTALE when another version is the canary, or none.
 * Blocks: briefly, on the publishers' lock. Progress: blocking. Memory order: none.
 * Threads: any; allowed wherever qsc_snapshot_publish is. */
int qsc_snapshot_set_share(qsc_snapshot *cell, uint64_t id, double share) __attribute__((warn_unused_result));

/* Makes the canary `id` the current version for everybody, and the current one the previous. The previous one
 * before is retired: destroyed once no reader can reach it. Whoever has got the canary does not get the
 * version that it replaces afterwards, unless the canary is rolled back.
 * Returns: 0; ESTALE when another version is the canary, or none.
 * Blocks: briefly, on the publishers' lock. Progress: blocking.
 * Memory order: release; pairs with the acquire of enter, pin and pin_for.
 * Threads: any; allowed wherever qsc_snapshot_publish is. */
int qsc_snapshot_promote(qsc_snapshot *cell, uint64_t id) __attribute__((warn_unused_result));

/* Takes the version `id` out of service and retires it: the current one, in whose place the previous comes
 * back; or the canary, whose keys go to the current one; or the previous one, to which nobody shall return.
 * Returns: 0; ENOENT when the current version has no previous; ESTALE when no label names the version.
 * The rest: as qsc_snapshot_promote. */
int qsc_snapshot_roll_back(qsc_snapshot *cell, uint64_t id) __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
