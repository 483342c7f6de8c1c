#include <quiesce/concurrency/snapshot_part.h>
#include <quiesce/concurrency/snapshot_writer.h>

int qsc_snapshot_part_init(qsc_snapshot_part *part, qsc_snapshot *cell, uint64_t bytes,
                           void (*destroy)(qsc_snapshot_part *part))
{
    struct qsc_snapshot_writer *writer = cell->writer;
    *part = (qsc_snapshot_part){QSC_REFCOUNT_INIT(1), cell, bytes, destroy};
    qsc_mutex_lock(&writer->reclaimer.lock);
    int error = qsc_live_admit(writer, 0, bytes);
    qsc_mutex_unlock(&writer->reclaimer.lock);
    return error;
}

void qsc_snapshot_part_put(qsc_snapshot_part *part)
{
    struct qsc_snapshot_writer *writer = part->cell->writer;
    uint64_t bytes = part->bytes;
    if (!qsc_refcount_put(&part->owners))
        return;
    part->destroy(part);
    qsc_mutex_lock(&writer->reclaimer.lock);
    writer->reclaimer.live_bytes -= bytes;
    qsc_event_signal_unlock(&writer->reclaimer, &writer->reclaimer.progress);
}
