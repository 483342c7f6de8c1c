#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pin_slots.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/snapshot_writer.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

_Static_assert(offsetof(qsc_snapshot, current) >= 64 && offsetof(qsc_snapshot, current) % 16 == 0 &&
                   offsetof(qsc_snapshot, canary) == offsetof(qsc_snapshot, current) + sizeof(void *) &&
                   sizeof(qsc_snapshot) - offsetof(qsc_snapshot, current) >= 64,
               "`current` and `canary` in one cache line, and no stranger in it");
_Static_assert(sizeof(qsc_pin_slot) == sizeof(void *), "qsc_snapshot_unpin stores a plain pointer");
_Static_assert(offsetof(struct version, published) == 0, "a qsc_version * is a struct version *");

int qsc_snapshot_init(qsc_snapshot *cell, const struct qsc_snapshot_config *config)
{
    if (config && config->max_live_versions == 1)
        return EINVAL;
    struct qsc_snapshot_writer *writer = qsc_alloc_zeroed(1, sizeof *writer);
    if (!writer)
        return ENOMEM;
    writer->reclaimer.max_live = config && config->max_live_versions ? config->max_live_versions : UINT64_MAX;
    writer->reclaimer.max_live_bytes = config && config->max_live_bytes ? config->max_live_bytes : UINT64_MAX;
    writer->reclaimer.is_held = qsc_version_is_pinned;
    *cell = (qsc_snapshot){.writer = writer};
    int error = qsc_reclaimer_start(&writer->reclaimer);
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

static const struct qsc_version *current_version(const qsc_snapshot *cell)
{
    return __atomic_load_n(&cell->current, __ATOMIC_ACQUIRE); // pairs with qsc_label_set
}

// The step and the finalizer of SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number
// Generators, 2014): keys that follow each other come far apart.
static uint64_t hash(uint64_t key)
{
    key += 0x9e3779b97f4a7c15;
    key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9;
    key = (key ^ key >> 27) * 0x94d049bb133111eb;
    return (key ^ key >> 31) % QSC_HASHES;
}

// The canary, if there is one and the key is in its share; otherwise the current version. In this order: who
// finds a canary gone because it was promoted must find it as the current version.
static const struct qsc_version *version_for(const qsc_snapshot *cell, uint64_t key)
{
    // acquire: pairs with qsc_label_set
    const struct version *canary = (const struct version *)__atomic_load_n(&cell->canary, __ATOMIC_ACQUIRE);
    if (canary && hash(key) < atomic_load_explicit(&canary->share, memory_order_relaxed))
        return &canary->published;
    return current_version(cell);
}

static inline int pin_version(qsc_snapshot *cell, const uint64_t *key, qsc_pin *pin)
{
    int error = 0;
    qsc_pin_slot *slot = qsc_pin_slots_find(&error);
    if (__builtin_expect(!slot, 0)) {
        *pin = (qsc_pin){NULL, NULL};
        return error;
    }
    // The store lies in the same read section as the load. Either the section began before the version was
    // retired, and then the grace period that follows the retirement waits for the section, so that the
    // reclaiming thread finds the slot filled; or it began afterwards, and then it loaded another version.
    qsc_rcu_read_lock();
    const struct qsc_version *version = key ? version_for(cell, *key) : current_version(cell);
    atomic_store_explicit(slot, version, memory_order_release); // pairs with the load in qsc_pin_slots_hold
    qsc_rcu_read_unlock();
    pin->version = version;
    pin->slot = version ? slot : NULL;
    return version ? 0 : ENOENT;
}

int qsc_snapshot_pin(qsc_snapshot *cell, qsc_pin *pin)
{
    return pin_version(cell, NULL, pin);
}

int qsc_snapshot_pin_for(qsc_snapshot *cell, uint64_t key, qsc_pin *pin)
{
    return pin_version(cell, &key, pin);
}

// Publishes if `expected` is NULL or names the current version.
static int publish_now(qsc_snapshot *cell, const uint64_t *expected, struct version *version, uint64_t *id)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    if (!version)
        return ENOMEM;
    qsc_mutex_lock(&writer->reclaimer.lock);
    bool stale = expected && *expected != qsc_version_id(qsc_label_get(&cell->current));
    int error = stale ? ESTALE : qsc_version_publish(cell, &cell->current, version);
    return qsc_version_publish_unlock(writer, version, error, id);
}

int qsc_snapshot_publish(qsc_snapshot *cell, const void *object, uint64_t bytes, void (*destroy)(void *),
                         uint64_t *id)
{
    return publish_now(cell, NULL, qsc_version_create(object, bytes, destroy), id);
}

int qsc_snapshot_publish_if(qsc_snapshot *cell, uint64_t expected, const void *object, uint64_t bytes,
                            void (*destroy)(void *), uint64_t *id)
{
    return publish_now(cell, &expected, qsc_version_create(object, bytes, destroy), id);
}

int qsc_snapshot_publish_cancellable(qsc_snapshot *cell, const void *object, uint64_t bytes,
                                     void (*destroy)(void *), const struct timespec *deadline,
                                     const qsc_cancel *cancel, uint64_t *id)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    struct qsc_reclaimer *reclaimer = &writer->reclaimer;
    if (qsc_rcu_in_section())
        return EDEADLK;
    if (deadline && (deadline->tv_sec < 0 || deadline->tv_nsec < 0 || deadline->tv_nsec > 999999999))
        return EINVAL;
    struct version *version = qsc_version_create(object, bytes, destroy);
    if (!version)
        return ENOMEM;

    qsc_mutex_lock(&reclaimer->lock);
    int error = qsc_version_publish(cell, &cell->current, version), given_up = 0;
    for (; error == EAGAIN && !given_up; error = qsc_version_publish(cell, &cell->current, version))
        given_up = qsc_port_wait_error(qsc_event_wait(reclaimer, &reclaimer->progress, deadline, cancel));
    uint64_t retired = reclaimer->retirements;
    error = qsc_version_publish_unlock(writer, version, error, id);
    if (error)
        return error == EAGAIN ? given_up : error;

    qsc_mutex_lock(&reclaimer->lock);
    error = qsc_reclaimer_wait(reclaimer, retired, deadline, cancel);
    qsc_mutex_unlock(&reclaimer->lock);
    return error ? EINPROGRESS : 0;
}

int qsc_snapshot_publish_until(qsc_snapshot *cell, const void *object, uint64_t bytes,
                               void (*destroy)(void *), const struct timespec *deadline, uint64_t *id)
{
    return qsc_snapshot_publish_cancellable(cell, object, bytes, destroy, deadline, NULL, id);
}

int qsc_snapshot_fini(qsc_snapshot *cell)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    struct qsc_reclaimer *reclaimer = &writer->reclaimer;
    qsc_mutex_lock(&reclaimer->lock);
    reclaimer->state = CHECKING;
    qsc_event_signal_unlock(reclaimer, &reclaimer->work);

    qsc_mutex_lock(&reclaimer->lock);
    while (reclaimer->state == CHECKING)
        (void)qsc_event_wait(reclaimer, &reclaimer->progress, NULL, NULL);
    struct version *const named[] = {qsc_label_get(&cell->current), qsc_label_get(&cell->canary),
                                     writer->previous};
    bool in_use = reclaimer->state == IN_USE;
    int32_t owner;
    for (int i = 0; i < 3; i++)
        in_use = in_use || (named[i] && qsc_pin_slots_hold(&named[i]->published, &owner));
    if (in_use) {
        reclaimer->state = OPEN;
        qsc_mutex_unlock(&reclaimer->lock);
        return EBUSY;
    }
    cell->current = NULL;
    cell->canary = NULL;
    for (int i = 0; i < 3; i++)
        if (named[i])
            qsc_version_retire(writer, named[i]);
    qsc_reclaimer_end_unlock(reclaimer);
    qsc_free(writer);
    cell->writer = NULL;
    return 0;
}

bool qsc_snapshot_destroy_yield(void)
{
    return qsc_reclaimer_yield();
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

static double share_of(const struct version *canary)
{
    if (!canary)
        return 0;
    return (double)atomic_load_explicit(&canary->share, memory_order_relaxed) / (double)QSC_HASHES;
}

void qsc_snapshot_get_stats(qsc_snapshot *cell, struct qsc_snapshot_stats *stats)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    struct qsc_reclaimer *reclaimer = &writer->reclaimer;
    qsc_mutex_lock(&reclaimer->lock);
    const struct version *canary = qsc_label_get(&cell->canary);
    *stats = (struct qsc_snapshot_stats){
        .current_id = qsc_version_id(qsc_label_get(&cell->current)),
        .canary_id = qsc_version_id(canary),
        .previous_id = qsc_version_id(writer->previous),
        .canary_share = share_of(canary),
        .published = writer->last_id,
        .reclaimed = reclaimer->reclaimed,
        .live_versions = reclaimer->live,
        .live_versions_max = reclaimer->live_max,
        .live_bytes = reclaimer->live_bytes,
        .live_bytes_max = reclaimer->live_bytes_max,
        .oldest_pin_id = reclaimer->oldest_hold.id,
        .oldest_pin_age_ns =
            reclaimer->oldest_hold.id ? qsc_port_now_ns() - reclaimer->oldest_hold.since_ns : 0,
        .oldest_pin_owner = reclaimer->oldest_hold.owner,
        .publish = summary(&writer->publish),
        .grace_period = summary(&reclaimer->grace_period),
    };
    qsc_mutex_unlock(&reclaimer->lock);
}

int qsc_snapshot_dump(qsc_snapshot *cell, char *text, size_t size)
{
    struct qsc_snapshot_writer *writer = cell->writer;
    if (!writer)
        return snprintf(text, size, "no cell");
    struct qsc_reclaimer *reclaimer = &writer->reclaimer;
    if (!qsc_mutex_trylock(&reclaimer->lock))
        return snprintf(text, size, "the publishers' lock is taken");
    int length = snprintf(
        text, size,
        "version %" PRIu64 " is current, %" PRIu64 " canary, %" PRIu64 " previous; %" PRIu64
        " alive with %" PRIu64 " bytes, %" PRIu64 " reclaimed; oldest pinned: %" PRIu64 " by thread %" PRId32,
        qsc_version_id(qsc_label_get(&cell->current)), qsc_version_id(qsc_label_get(&cell->canary)),
        qsc_version_id(writer->previous), reclaimer->live, reclaimer->live_bytes, reclaimer->reclaimed,
        reclaimer->oldest_hold.id, reclaimer->oldest_hold.owner);
    qsc_mutex_unlock(&reclaimer->lock);
    return length;
}
