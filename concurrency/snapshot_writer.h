/* snapshot_writer.h (internal): the publishers' side of a snapshot cell, shared by snapshot.c,
 * snapshot_labels.c and snapshot_part.c.
 *
 * A version is named, by one label after another (current, canary, previous), and retired by whoever took the
 * last label from it; the rest of its life is the reclaimer's. */
#ifndef QUIESCE_CONCURRENCY_SNAPSHOT_WRITER_H
#define QUIESCE_CONCURRENCY_SNAPSHOT_WRITER_H

#include <quiesce/concurrency/reclaimer.h>
#include <quiesce/concurrency/snapshot.h>

#define QSC_HASHES (UINT64_C(1) << 32)

struct version {
    struct qsc_version
        published; // what readers get; first, so that a pointer to it is a pointer to the whole
    void (*destroy)(void *);
    _Atomic uint64_t share; // of the canary: it gets the keys whose hash is below; all are below QSC_HASHES
    uint64_t replaced_ns;   // when readers stopped getting it; 0: they have not
    struct qsc_rcu_node retired;
};

struct qsc_snapshot_writer {
    struct qsc_reclaimer reclaimer; // its lock guards all of this
    uint64_t last_id;
    struct version *previous;             // named so; readers do not get it
    uint64_t named_versions, named_bytes; // without those of parts
    struct latency publish;
};

static inline uint64_t qsc_version_id(const struct version *version)
{
    return version ? version->published.id : 0;
}

// Not under the lock. NULL: no memory.
struct version *qsc_version_create(const void *object, uint64_t bytes, void (*destroy)(void *));

// A label of a cell, &cell->current or &cell->canary: the version that it names, or NULL; and naming another
// one, or none. Under the lock, as all that follows.
static inline struct version *qsc_label_get(const struct qsc_version *const *label)
{
    return (struct version *)__atomic_load_n(label, __ATOMIC_RELAXED);
}

static inline void qsc_label_set(const struct qsc_version **label, struct version *version)
{
    // release: pairs with the acquire in qsc_snapshot_enter and with those in snapshot.c
    __atomic_store_n(label, version ? &version->published : NULL, __ATOMIC_RELEASE);
}

// Publishes a version under the label, if the bounds allow it, and retires the one that had it. Returns 0;
// EAGAIN; E2BIG.
int qsc_version_publish(qsc_snapshot *cell, const struct qsc_version **label, struct version *version);

// Unlocks. If there was no error, *id is the version's, and the reclaiming thread is woken; otherwise the
// version is freed. Returns the error.
int qsc_version_publish_unlock(struct qsc_snapshot_writer *writer, struct version *version, int error,
                               uint64_t *id);

// Counts so many more versions (1, or 0 for a part) and bytes as alive, if the bounds allow it. Returns 0;
// EAGAIN; E2BIG.
int qsc_live_admit(struct qsc_snapshot_writer *writer, uint64_t versions, uint64_t bytes);

// What the reclaiming thread asks of a retired version.
bool qsc_version_is_pinned(const struct qsc_rcu_node *node, struct hold *hold);

// Leaves a version that no label names any more to the reclaiming thread, once readers cannot get it: it may
// have its grace period at once.
void qsc_version_retire(struct qsc_snapshot_writer *writer, struct version *version);

#endif
