#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pin_slots.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/snapshot_writer.h>

#include <errno.h>

_Static_assert(offsetof(qsc_snapshot, current) >= 64 - sizeof(void *) &&
                   sizeof(qsc_snapshot) - offsetof(qsc_snapshot, current) >= 64,
               "no stranger within a cache line of `current`");
_Static_assert(sizeof(qsc_pin_slot) == sizeof(void *), "qsc_snapshot_unpin stores a plain pointer");
_Static_assert(offsetof(struct version, published) == 0, "a qsc_version * is a struct version *");

int qsc_snapshot_init(qsc_snapshot *cell, const struct qsc_snapshot_config *config)
{
    if (config && config->max_live_versions == 1)
        return EINVAL;
    struct qsc_snapshot_writer *writer = qsc_alloc_zeroed(1, sizeof *writer);
    if (!writer)
        return ENOMEM;
    if (config)
        writer->bounds = *config;
    *cell = (qsc_snapshot){.writer = writer};
    int error = qsc_port_thread_create(&writer->reclaimer, qsc_reclaimer_run, writer);
    if (error)
        qsc_free(writer);
    return error;
}

int qsc_snapshot_register_thread(void)
{
    int error = qsc_rcu_register_thread();
    if (!error)
        (void)qsc_pin_slots_find(&error);
    return error;
}

int qsc_snapshot_pin(qsc_snapshot *cell, qsc_pin *pin)
{
    int error = 0;
    qsc_pin_slot *slot = qsc_pin_slots_find(&error);
    if (__builtin_expect(!slot, 0)) {
        *pin = (qsc_pin){NULL, NULL};
        return error;
    }
    // The store lies in the same read section as the load. Either the section began before the version was
    // replaced, and then the grace period that follows the replacement waits for the section, so that the
    // reclaiming thread finds the slot filled; or it began afterwards, and then it loaded a newer version.
    qsc_rcu_read_lock();
    const struct qsc_version *version =
        __atomic_load_n(&cell->current, __ATOMIC_ACQUIRE);      // pairs with publish_locked
    atomic_store_explicit(slot, version, memory_order_release); // pairs with the load in qsc_pin_slots_hold
    qsc_rcu_read_unlock();
    pin->version = version;
    pin->slot = version ? slot : NULL;
    return version ? 0 : ENOENT;
}

static struct version *current_version(qsc_snapshot *cell) // under the lock
{
    return (struct version *)__atomic_load_n(&cell->current, __ATOMIC_RELAXED);
}

static struct version *new_version(const void *object, uint64_t bytes, void (*destroy)(void *))
{
    struct version *version = qsc_alloc(sizeof *version);
    if (version)
        *version = (struct version){
            .published = {.object = object, .created_ns = qsc_port_now_ns(), .bytes = bytes},
            .destroy = destroy,
        };
    return version;
}

static int check_bounds(const struct qsc_snapshot_writer *writer, const struct version *current,
                        uint64_t bytes)
{
    uint64_t versions = writer->bounds.max_live_versions ? writer->bounds.max_live_versions : UINT64_MAX;
    uint64_t max = writer->bounds.max_live_bytes ? writer->bounds.max_live_bytes : UINT64_MAX;
    uint64_t replaced = current ? current->published.bytes : 0;
    if (bytes > max || replaced > max - bytes)
        return E2BIG;
    return writer->live_versions < versions && writer->live_bytes <= max - bytes ? 0 : EAGAIN;
}

// Makes `version` current, NULL at the end of the cell, and leaves the one before to the reclaiming thread.
// The order matters: a version that is queued may have its grace period at once.
static uint64_t replace_locked(qsc_snapshot *cell, struct version *version)
{
    struct version *before = current_version(cell);
    // release: pairs with the acquire in qsc_snapshot_enter and qsc_snapshot_pin
    __atomic_store_n(&cell->current, version ? &version->published : NULL, __ATOMIC_RELEASE);
    uint64_t now = qsc_port_now_ns();
    if (before) {
        before->replaced_ns = now;
        qsc_version_append(&cell->writer->replaced, before);
    }
    return now;
}

static int publish_locked(qsc_snapshot *cell, struct version *version)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    struct version *current = current_version(cell);
    struct qsc_version *published = &version->published;
    int error = check_bounds(writer, current, published->bytes);
    if (error)
        return error;

    published->id = ++writer->last_id;
    published->parent = current ? current->published.id : 0;
    if (writer->live_versions++ == 0)
        writer->oldest_live_id = published->id;
    writer->live_bytes += published->bytes;
    if (writer->live_versions_max < writer->live_versions)
        writer->live_versions_max = writer->live_versions;
    if (writer->live_bytes_max < writer->live_bytes)
        writer->live_bytes_max = writer->live_bytes;
    qsc_latency_record(&writer->publish, replace_locked(cell, version) - published->created_ns);
    return 0;
}

static uint64_t current_id(qsc_snapshot *cell) // under the lock
{
    const struct version *current = current_version(cell);
    return current ? current->published.id : 0;
}

// Publishes if `expected` is NULL or names the current version.
static int publish_now(qsc_snapshot *cell, const uint64_t *expected, struct version *version, uint64_t *id)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    if (!version)
        return ENOMEM;
    qsc_mutex_lock(&writer->lock);
    int error = expected && *expected != current_id(cell) ? ESTALE : publish_locked(cell, version);
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

int qsc_snapshot_publish(qsc_snapshot *cell, const void *object, uint64_t bytes, void (*destroy)(void *),
                         uint64_t *id)
{
    return publish_now(cell, NULL, new_version(object, bytes, destroy), id);
}

int qsc_snapshot_publish_if(qsc_snapshot *cell, uint64_t expected, const void *object, uint64_t bytes,
                            void (*destroy)(void *), uint64_t *id)
{
    return publish_now(cell, &expected, new_version(object, bytes, destroy), id);
}

int qsc_snapshot_publish_until(qsc_snapshot *cell, const void *object, uint64_t bytes,
                               void (*destroy)(void *), const struct timespec *deadline, uint64_t *id)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    if (qsc_rcu_in_section())
        return EDEADLK;
    if (deadline && (deadline->tv_sec < 0 || deadline->tv_nsec < 0 || deadline->tv_nsec > 999999999))
        return EINVAL;
    struct version *version = new_version(object, bytes, destroy);
    if (!version)
        return ENOMEM;

    qsc_mutex_lock(&writer->lock);
    int error = publish_locked(cell, version);
    for (int wait = 0; error == EAGAIN && wait != ETIMEDOUT; error = publish_locked(cell, version))
        wait = qsc_event_wait(writer, &writer->progress, deadline);
    if (error) {
        qsc_mutex_unlock(&writer->lock);
        qsc_free(version);
        return error == EAGAIN ? ETIMEDOUT : error;
    }
    uint64_t own = writer->last_id;
    if (id)
        *id = own;
    qsc_event_signal_unlock(writer, &writer->work);

    qsc_mutex_lock(&writer->lock);
    for (int wait = 0; writer->oldest_live_id < own && wait != ETIMEDOUT;)
        wait = qsc_event_wait(writer, &writer->progress, deadline);
    error = writer->oldest_live_id < own ? EINPROGRESS : 0;
    qsc_mutex_unlock(&writer->lock);
    return error;
}

int qsc_snapshot_fini(qsc_snapshot *cell)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    qsc_mutex_lock(&writer->lock);
    writer->state = CHECKING;
    qsc_event_signal_unlock(writer, &writer->work);

    qsc_mutex_lock(&writer->lock);
    while (writer->state == CHECKING)
        (void)qsc_event_wait(writer, &writer->progress, NULL);
    int32_t owner;
    const struct version *current = current_version(cell);
    if (writer->state == IN_USE || (current && qsc_pin_slots_hold(&current->published, &owner))) {
        writer->state = OPEN;
        qsc_mutex_unlock(&writer->lock);
        return EBUSY;
    }
    (void)replace_locked(cell, NULL);
    writer->state = CLOSING;
    qsc_event_signal_unlock(writer, &writer->work);

    pthread_join(writer->reclaimer, NULL);
    qsc_free(writer);
    cell->writer = NULL;
    return 0;
}

static struct qsc_snapshot_latency summary(const struct latency *latency)
{
    return (struct qsc_snapshot_latency){
        .count = latency->count,
        .last_ns = latency->last_ns,
        .max_ns = latency->max_ns,
        .mean_ns = latency->count ? latency->total_ns / latency->count : 0,
    };
}

void qsc_snapshot_get_stats(qsc_snapshot *cell, struct qsc_snapshot_stats *stats)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    qsc_mutex_lock(&writer->lock);
    *stats = (struct qsc_snapshot_stats){
        .current_id = current_id(cell),
        .published = writer->last_id,
        .reclaimed = writer->reclaimed,
        .live_versions = writer->live_versions,
        .live_versions_max = writer->live_versions_max,
        .live_bytes = writer->live_bytes,
        .live_bytes_max = writer->live_bytes_max,
        .oldest_pin_id = writer->oldest_pin_id,
        .oldest_pin_age_ns = writer->oldest_pin_id ? qsc_port_now_ns() - writer->oldest_pin_since_ns : 0,
        .oldest_pin_owner = writer->oldest_pin_owner,
        .publish = summary(&writer->publish),
        .grace_period = summary(&writer->grace_period),
    };
    qsc_mutex_unlock(&writer->lock);
}
