#define _GNU_SOURCE /* sched_getcpu */

#include <quiesce/model/refcount_cell.h>

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/refcount.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <unistd.h>

enum { LINE = 64 };

struct owned;

/* One CPU's reference count, on a line of its own. The CPU's slot holds one reference itself. */
struct share {
    _Alignas(LINE) qsc_refcount references;
    struct owned *owned;
};

/* An object in the cell, and who still uses it. */
struct owned {
    const void *object;
    qsc_refcount shares; /* CPUs' shares with references, and one for the cell until the update drops it */
    sem_t released;      /* posted when shares reaches 0 */
    struct share share[];
};

struct cpu {
    _Alignas(LINE) qsc_mutex lock;
    struct share *current[2]; /* under lock; which of the two is current is the cell's index */
};

struct qsc_refcount_cell {
    int cpus;
    uint32_t index;
    qsc_mutex updates;
    struct owned *owned; /* under updates */
    struct cpu cpu[];
};

static void owned_release(struct owned *owned)
{
    if (qsc_refcount_put(&owned->shares))
        sem_post(&owned->released);
}

static void share_release(struct share *share)
{
    if (share && qsc_refcount_put(&share->references))
        owned_release(share->owned);
}

static struct owned *owned_create(const qsc_refcount_cell *cell, const void *object)
{
    struct owned *owned =
        qsc_alloc_aligned(sizeof *owned + (size_t)cell->cpus * sizeof owned->share[0], LINE);
    if (!owned)
        return NULL;
    owned->object = object;
    owned->shares = (qsc_refcount)QSC_REFCOUNT_INIT(cell->cpus + 1);
    sem_init(&owned->released, 0, 0); /* fails for values out of range only */
    for (int i = 0; i < cell->cpus; i++)
        owned->share[i] = (struct share){.references = QSC_REFCOUNT_INIT(1), .owned = owned};
    return owned;
}

/* Drops the cell's own share, waits for the readers', and frees all but the object. */
static const void *owned_retire(struct owned *owned)
{
    owned_release(owned);
    while (sem_wait(&owned->released) != 0) { /* EINTR is the only failure */
    }
    const void *object = owned->object;
    sem_destroy(&owned->released);
    qsc_free(owned);
    return object;
}

/* Puts `owned` (NULL: nothing) in the place of what the cell holds, for all CPUs at once: readers see the new
 * references when the index flips, so that none goes back in time. Under updates. */
static void replace(qsc_refcount_cell *cell, struct owned *owned)
{
    uint32_t former = __atomic_load_n(&cell->index, __ATOMIC_RELAXED); /* written under updates only */
    for (int i = 0; i < cell->cpus; i++) {
        qsc_mutex_lock(&cell->cpu[i].lock);
        cell->cpu[i].current[!former] = owned ? &owned->share[i] : NULL;
        qsc_mutex_unlock(&cell->cpu[i].lock);
    }
    __atomic_store_n(&cell->index, !former, __ATOMIC_RELEASE); /* pairs with the load in get */
    for (int i = 0; i < cell->cpus; i++) {
        qsc_mutex_lock(&cell->cpu[i].lock);
        struct share *share = cell->cpu[i].current[former];
        cell->cpu[i].current[former] = NULL;
        qsc_mutex_unlock(&cell->cpu[i].lock);
        share_release(share);
    }
}

int qsc_refcount_cell_create(qsc_refcount_cell **cell)
{
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    if (cpus < 1)
        cpus = 1;
    size_t bytes = sizeof **cell + (size_t)cpus * sizeof(*cell)->cpu[0];
    qsc_refcount_cell *made = qsc_alloc_aligned(bytes, LINE);
    if (!made)
        return ENOMEM;
    *made = (qsc_refcount_cell){.cpus = (int)cpus};
    for (int i = 0; i < made->cpus; i++)
        made->cpu[i] = (struct cpu){.current = {NULL, NULL}};
    *cell = made;
    return 0;
}

const void *qsc_refcount_cell_destroy(qsc_refcount_cell *cell)
{
    struct owned *last = cell->owned;
    replace(cell, NULL);
    const void *object = last ? owned_retire(last) : NULL;
    qsc_free(cell);
    return object;
}

void qsc_refcount_cell_get(qsc_refcount_cell *cell, qsc_refcount_cell_ref *reference)
{
    int number = sched_getcpu();
    struct cpu *cpu = &cell->cpu[number >= 0 && number < cell->cpus ? number : 0];
    qsc_mutex_lock(&cpu->lock);
    /* acquire: pairs with the flip in replace */
    struct share *share = cpu->current[__atomic_load_n(&cell->index, __ATOMIC_ACQUIRE)];
    if (share) /* the slot's own reference keeps the count above 0, and the lock orders us with its drop */
        qsc_refcount_get(&share->references);
    qsc_mutex_unlock(&cpu->lock);
    reference->object = share ? share->owned->object : NULL;
    reference->share = share;
}

void qsc_refcount_cell_put(qsc_refcount_cell_ref *reference)
{
    share_release(reference->share);
    reference->object = NULL;
    reference->share = NULL;
}

int qsc_refcount_cell_update(qsc_refcount_cell *cell, const void *object, const void **former)
{
    struct owned *owned = NULL;
    if (object && !(owned = owned_create(cell, object)))
        return ENOMEM;
    qsc_mutex_lock(&cell->updates);
    struct owned *replaced = cell->owned;
    replace(cell, owned);
    cell->owned = owned;
    qsc_mutex_unlock(&cell->updates);
    *former = replaced ? owned_retire(replaced) : NULL;
    return 0;
}
