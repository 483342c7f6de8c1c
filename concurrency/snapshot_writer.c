#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/probes.h>
#include <quiesce/concurrency/snapshot_writer.h>

#include <errno.h>

int qsc_event_wait(struct qsc_snapshot_writer *writer, struct event *event, const struct timespec *deadline)
{
    uint32_t seen = atomic_load_explicit(&event->count, memory_order_relaxed);
    event->sleepers++;
    qsc_mutex_unlock(&writer->lock);
    int error = qsc_port_futex_wait((const uint32_t *)&event->count, seen, deadline);
    qsc_mutex_lock(&writer->lock);
    event->sleepers--;
    return error;
}

void qsc_event_signal_unlock(struct qsc_snapshot_writer *writer, struct event *event)
{
    bool asleep = event->sleepers > 0;
    atomic_fetch_add_explicit(&event->count, 1, memory_order_relaxed); // the lock orders it
    qsc_mutex_unlock(&writer->lock);
    if (asleep)
        qsc_port_futex_wake((const uint32_t *)&event->count, INT_MAX);
}

struct version *qsc_version_create(const void *object, uint64_t bytes, void (*destroy)(void *))
{
    struct version *version = qsc_alloc(sizeof *version);
    if (version)
        *version = (struct version){
            .published = {.object = object, .created_ns = qsc_port_now_ns(), .bytes = bytes},
            .destroy = destroy,
        };
    return version;
}

int qsc_live_admit(struct qsc_snapshot_writer *writer, uint64_t versions, uint64_t bytes)
{
    uint64_t max_versions = writer->bounds.max_live_versions ? writer->bounds.max_live_versions : UINT64_MAX;
    uint64_t max_bytes = writer->bounds.max_live_bytes ? writer->bounds.max_live_bytes : UINT64_MAX;
    if (writer->named_versions + versions > max_versions || bytes > max_bytes ||
        writer->named_bytes > max_bytes - bytes)
        return E2BIG;
    if (writer->live_versions + versions > max_versions || writer->live_bytes > max_bytes - bytes)
        return EAGAIN;
    writer->live_versions += versions;
    writer->live_bytes += bytes;
    if (writer->live_versions_max < writer->live_versions)
        writer->live_versions_max = writer->live_versions;
    if (writer->live_bytes_max < writer->live_bytes)
        writer->live_bytes_max = writer->live_bytes;
    return 0;
}

int qsc_version_publish(qsc_snapshot *cell, const struct qsc_version **label, struct version *version)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    struct version *former = qsc_label_get(label);
    int error = qsc_live_admit(writer, 1, version->published.bytes);
    if (error)
        return error;
    writer->named_versions++;
    writer->named_bytes += version->published.bytes;
    version->published.id = ++writer->last_id;
    version->published.parent = qsc_version_id(qsc_label_get(&cell->current));
    qsc_label_set(label, version);
    qsc_latency_record(&writer->publish, qsc_port_now_ns() - version->published.created_ns);
    QSC_PROBE2(publish, version->published.object, version->published.id);
    if (former)
        qsc_version_retire(writer, former);
    return 0;
}

int qsc_version_publish_unlock(struct qsc_snapshot_writer *writer, struct version *version, int error,
                               uint64_t *id)
{
    if (error) {
        qsc_mutex_unlock(&writer->lock);
        qsc_free(version);
        return error;
    }
    if (id)
        *id = writer->last_id;
    qsc_event_signal_unlock(writer, &writer->work);
    return 0;
}

void qsc_version_retire(struct qsc_snapshot_writer *writer, struct version *version)
{
    struct version_queue *queue = &writer->retired;
    if (!version->replaced_ns)
        version->replaced_ns = qsc_port_now_ns();
    version->retirement = ++writer->retirements;
    writer->named_versions--;
    writer->named_bytes -= version->published.bytes;
    version->newer = NULL;
    if (queue->oldest)
        queue->newest->newer = version;
    else
        queue->oldest = version;
    queue->newest = version;
}

void qsc_latency_record(struct latency *latency, uint64_t ns)
{
    latency->count++;
    latency->total_ns += ns;
    latency->last_ns = ns;
    if (latency->max_ns < ns)
        latency->max_ns = ns;
}
