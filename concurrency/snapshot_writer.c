#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pin_slots.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/probes.h>
#include <quiesce/concurrency/snapshot_writer.h>

#include <errno.h>

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
    const struct qsc_reclaimer *reclaimer = &writer->reclaimer;
    if (writer->named_versions + versions > reclaimer->max_live || bytes > reclaimer->max_live_bytes ||
        writer->named_bytes > reclaimer->max_live_bytes - bytes)
        return E2BIG;
    return qsc_reclaimer_admit(&writer->reclaimer, versions, bytes) ? 0 : EAGAIN;
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
        qsc_mutex_unlock(&writer->reclaimer.lock);
        qsc_free(version);
        return error;
    }
    if (id)
        *id = writer->last_id;
    qsc_event_signal_unlock(&writer->reclaimer, &writer->reclaimer.work);
    return 0;
}

static struct version *version_of(const struct qsc_rcu_node *node)
{
    return (struct version *)((char *)node - offsetof(struct version, retired));
}

bool qsc_version_is_pinned(const struct qsc_rcu_node *node, struct hold *hold)
{
    const struct version *version = version_of(node);
    *hold = (struct hold){.id = version->published.id, .since_ns = version->replaced_ns};
    return qsc_pin_slots_hold(&version->published, &hold->owner);
}

static void destroy(struct qsc_rcu_node *node)
{
    struct version *version = version_of(node);
    if (version->destroy)
        version->destroy((void *)version->published.object);
    if (qsc_reclaimer_has_yielded())
        return;
    QSC_PROBE2(reclaim, version->published.object, version->published.id);
    qsc_free(version);
}

void qsc_version_retire(struct qsc_snapshot_writer *writer, struct version *version)
{
    if (!version->replaced_ns)
        version->replaced_ns = qsc_port_now_ns();
    writer->named_versions--;
    writer->named_bytes -= version->published.bytes;
    qsc_reclaimer_retire(&writer->reclaimer, &version->retired, version->published.bytes, destroy);
}
