#include <quiesce/model/guard.h>

#include <assert.h>
#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/rwlock.h>

/* An object and how to destroy it. The snapshot keeps that itself. */
struct guarded {
    const void *object;
    uint64_t bytes;
    void (*destroy)(void *);
};

struct qsc_guard {
    enum qsc_guard_kind kind;
    union {
        qsc_snapshot snapshot;
        qsc_rwlock rwlock;
        qsc_mutex mutex;
        qsc_refcount_cell *cell; /* of struct guarded */
    } by;
    struct guarded *current;                    /* rwlock, mutex: under the lock */
    uint64_t live_versions_max, live_bytes_max; /* the snapshot counts for itself */
};

const char *qsc_guard_name(enum qsc_guard_kind kind)
{
    static const char *const names[] = {"snapshot", "rwlock", "mutex", "refcount"};
    return names[kind];
}

int qsc_guard_create(qsc_guard **guard, enum qsc_guard_kind kind, const struct qsc_snapshot_config *bounds)
{
    qsc_guard *made = qsc_alloc_zeroed(1, sizeof *made);
    if (!made)
        return ENOMEM;
    made->kind = kind;
    int code = 0;
    if (kind == QSC_GUARD_SNAPSHOT)
        code = qsc_snapshot_init(&made->by.snapshot, bounds);
    else if (kind == QSC_GUARD_REFCOUNT)
        code = qsc_refcount_cell_create(&made->by.cell);
    if (code) {
        qsc_free(made);
        return code;
    }
    *guard = made;
    return 0;
}

static void guarded_destroy(const struct guarded *guarded)
{
    if (!guarded)
        return;
    if (guarded->destroy)
        guarded->destroy((void *)guarded->object);
    qsc_free((void *)guarded);
}

void qsc_guard_destroy(qsc_guard *guard)
{
    if (!guard)
        return;
    if (guard->kind == QSC_GUARD_SNAPSHOT) {
        int code = qsc_snapshot_fini(&guard->by.snapshot);
        assert(code == 0); /* EBUSY: somebody holds a version, which the contract forbids */
        (void)code;
    } else if (guard->kind == QSC_GUARD_REFCOUNT) {
        guarded_destroy(qsc_refcount_cell_destroy(guard->by.cell));
    }
    guarded_destroy(guard->current);
    qsc_free(guard);
}

static void unlock(qsc_guard *guard)
{
    if (guard->kind == QSC_GUARD_RWLOCK)
        qsc_rwlock_read_unlock(&guard->by.rwlock);
    else
        qsc_mutex_unlock(&guard->by.mutex);
}

static int acquire_locked(qsc_guard *guard, struct qsc_hold *hold)
{
    if (guard->kind == QSC_GUARD_RWLOCK)
        qsc_rwlock_read_lock(&guard->by.rwlock);
    else
        qsc_mutex_lock(&guard->by.mutex);
    if (!guard->current) {
        unlock(guard);
        return ENOENT;
    }
    hold->object = guard->current->object;
    return 0;
}

int qsc_guard_acquire(qsc_guard *guard, struct qsc_hold *hold)
{
    if (guard->kind == QSC_GUARD_SNAPSHOT) {
        int code = qsc_snapshot_pin(&guard->by.snapshot, &hold->by.pin);
        if (code == 0)
            hold->object = hold->by.pin.version->object;
        return code;
    }
    if (guard->kind == QSC_GUARD_REFCOUNT) {
        qsc_refcount_cell_get(guard->by.cell, &hold->by.reference);
        const struct guarded *guarded = hold->by.reference.object;
        if (!guarded)
            return ENOENT;
        hold->object = guarded->object;
        return 0;
    }
    return acquire_locked(guard, hold);
}

void qsc_guard_release(qsc_guard *guard, struct qsc_hold *hold)
{
    if (guard->kind == QSC_GUARD_SNAPSHOT)
        qsc_snapshot_unpin(&hold->by.pin);
    else if (guard->kind == QSC_GUARD_REFCOUNT)
        qsc_refcount_cell_put(&hold->by.reference);
    else
        unlock(guard);
    hold->object = NULL;
}

/* The section that shuts the readers out is one exchange of pointers. */
static struct guarded *replace_locked(qsc_guard *guard, struct guarded *made)
{
    if (guard->kind == QSC_GUARD_RWLOCK)
        qsc_rwlock_write_lock(&guard->by.rwlock);
    else
        qsc_mutex_lock(&guard->by.mutex);
    struct guarded *former = guard->current;
    guard->current = made;
    if (guard->kind == QSC_GUARD_RWLOCK)
        qsc_rwlock_write_unlock(&guard->by.rwlock);
    else
        qsc_mutex_unlock(&guard->by.mutex);
    return former;
}

static void raise_to(uint64_t *maximum, uint64_t value)
{
    uint64_t known = __atomic_load_n(maximum, __ATOMIC_RELAXED);
    while (known < value &&
           !__atomic_compare_exchange_n(maximum, &known, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

/* Both were alive when an object of `bytes` replaced `former`, which is about to be destroyed. Relaxed:
 * figures, no more. */
static void note_live(qsc_guard *guard, uint64_t bytes, const struct guarded *former)
{
    raise_to(&guard->live_versions_max, former ? 2 : 1);
    raise_to(&guard->live_bytes_max, bytes + (former ? former->bytes : 0));
}

int qsc_guard_publish(qsc_guard *guard, const void *object, uint64_t bytes, void (*destroy)(void *))
{
    if (guard->kind == QSC_GUARD_SNAPSHOT)
        return qsc_snapshot_publish(&guard->by.snapshot, object, bytes, destroy, NULL);
    struct guarded *made = qsc_alloc(sizeof *made);
    if (!made)
        return ENOMEM;
    *made = (struct guarded){object, bytes, destroy};
    const void *former = NULL;
    if (guard->kind != QSC_GUARD_REFCOUNT) {
        former = replace_locked(guard, made);
    } else if (qsc_refcount_cell_update(guard->by.cell, made, &former) != 0) {
        qsc_free(made);
        return ENOMEM;
    }
    note_live(guard, bytes, former);
    guarded_destroy(former);
    return 0;
}

void qsc_guard_live_max(qsc_guard *guard, uint64_t *versions, uint64_t *bytes)
{
    if (guard->kind == QSC_GUARD_SNAPSHOT) {
        struct qsc_snapshot_stats stats;
        qsc_snapshot_get_stats(&guard->by.snapshot, &stats);
        *versions = stats.live_versions_max;
        *bytes = stats.live_bytes_max;
        return;
    }
    *versions = __atomic_load_n(&guard->live_versions_max, __ATOMIC_RELAXED);
    *bytes = __atomic_load_n(&guard->live_bytes_max, __ATOMIC_RELAXED);
}
