#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/snapshot_writer.h>

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

void qsc_version_append(struct version_queue *queue, struct version *version)
{
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
