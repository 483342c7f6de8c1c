#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/snapshot_labels.h>
#include <quiesce/concurrency/snapshot_writer.h>

#include <errno.h>

static bool is_share(double share)
{
    return share >= 0 && share <= 1; // and no NaN
}

static void set_share(struct version *version, double share)
{
    // relaxed: a number by itself, of a version that the reader has acquired
    atomic_store_explicit(&version->share, (uint64_t)(share * (double)QSC_HASHES), memory_order_relaxed);
}

int qsc_snapshot_publish_canary(qsc_snapshot *cell, double share, const void *object, uint64_t bytes,
                                void (*destroy)(void *), uint64_t *id)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    if (!is_share(share))
        return EINVAL;
    struct version *version = qsc_version_create(object, bytes, destroy);
    if (!version)
        return ENOMEM;
    set_share(version, share);

    qsc_mutex_lock(&writer->reclaimer.lock);
    bool beside_none = !qsc_label_get(&cell->current);
    int error = beside_none ? ENOENT : qsc_version_publish(cell, &cell->canary, version);
    return qsc_version_publish_unlock(writer, version, error, id);
}

int qsc_snapshot_set_share(qsc_snapshot *cell, uint64_t id, double share)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    if (!is_share(share))
        return EINVAL;
    qsc_mutex_lock(&writer->reclaimer.lock);
    struct version *canary = qsc_label_get(&cell->canary);
    bool stale = !canary || canary->published.id != id;
    if (!stale)
        set_share(canary, share);
    qsc_mutex_unlock(&writer->reclaimer.lock);
    return stale ? ESTALE : 0;
}

static int promote_locked(qsc_snapshot *cell, uint64_t id)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    struct version *canary = qsc_label_get(&cell->canary), *dropped = writer->previous;
    if (!canary || canary->published.id != id)
        return ESTALE;
    writer->previous = qsc_label_get(&cell->current);
    qsc_label_set(&cell->current, canary); // first: who finds no canary any more finds it here
    qsc_label_set(&cell->canary, NULL);
    writer->previous->replaced_ns = qsc_port_now_ns();
    if (dropped)
        qsc_version_retire(writer, dropped);
    return 0;
}

static int roll_back_locked(qsc_snapshot *cell, uint64_t id)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    struct version *current = qsc_label_get(&cell->current), *canary = qsc_label_get(&cell->canary);
    struct version *previous = writer->previous, *dropped;
    if (canary && canary->published.id == id) {
        dropped = canary;
        qsc_label_set(&cell->canary, NULL);
    } else if (previous && previous->published.id == id) {
        dropped = previous;
        writer->previous = NULL;
    } else if (current && current->published.id == id) {
        if (!previous)
            return ENOENT;
        dropped = current;
        previous->replaced_ns = 0;
        qsc_label_set(&cell->current, previous);
        writer->previous = NULL;
    } else {
        return ESTALE;
    }
    qsc_version_retire(writer, dropped);
    return 0;
}

static int move_labels(qsc_snapshot *cell, uint64_t id, int (*move)(qsc_snapshot *, uint64_t))
{
    struct qsc_snapshot_writer *writer = cell->writer;
    qsc_mutex_lock(&writer->reclaimer.lock);
    int error = move(cell, id);
    if (error)
        qsc_mutex_unlock(&writer->reclaimer.lock);
    else
        qsc_event_signal_unlock(&writer->reclaimer, &writer->reclaimer.work);
    return error;
}

int qsc_snapshot_promote(qsc_snapshot *cell, uint64_t id)
{
    return move_labels(cell, id, promote_locked);
}

int qsc_snapshot_roll_back(qsc_snapshot *cell, uint64_t id)
{
    return move_labels(cell, id, roll_back_locked);
}
