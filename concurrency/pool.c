#include <quiesce/concurrency/pool_internal.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/text.h>

#include <errno.h>
#include <string.h>

#define THREADS_MAX 1024

// Of each thread's deque at first. A model checker sets 1: the longer ring is written whole.
#ifndef QSC_POOL_DEQUE_CAPACITY
#define QSC_POOL_DEQUE_CAPACITY 256
#endif

static _Thread_local struct slot *innermost; // of the slots that this thread is in, one a pool

struct slot *qsc_pool_slot(const struct qsc_pool *pool)
{
    struct slot *slot = innermost;
    while (slot && slot->pool != pool)
        slot = slot->outer;
    return slot;
}

struct slot *qsc_pool_enter(struct qsc_pool *pool)
{
    // acquire: pairs with the store in leave
    if (atomic_load_explicit(&pool->guest_inside, memory_order_relaxed) ||
        atomic_exchange_explicit(&pool->guest_inside, true, memory_order_acquire))
        return NULL;
    struct slot *slot = &pool->slots[0];
    slot->outer = innermost;
    innermost = slot;
    return slot;
}

void qsc_pool_lay_down(struct slot *slot)
{
    struct task *task;
    while ((task = qsc_deque_take(&slot->deque)))
        qsc_pool_submit(slot->pool, task);
}

void qsc_pool_leave(struct slot *slot)
{
    struct qsc_pool *pool = slot->pool;
    qsc_pool_lay_down(slot);
    innermost = slot->outer;
    // release: pairs with the exchange in enter; seq_cst: before the look for sleepers in notify
    atomic_store_explicit(&pool->guest_inside, false, memory_order_seq_cst);
    qsc_eventcount_notify(&pool->guests, UINT32_MAX);
}

static void *work(void *arg)
{
    struct slot *slot = arg;
    struct qsc_pool *pool = slot->pool;
    innermost = slot;
    // relaxed: the look after the announcement decides
    for (int vain = 0; !atomic_load_explicit(&pool->stopping, memory_order_relaxed); vain++) {
        qsc_pool_rest(slot);
        struct task *task = qsc_pool_find(slot);
        if (!task && vain >= QSC_PORT_SPINS) {
            qsc_pool_announce(slot, SLOT_IDLE);
            task = qsc_pool_find(slot);
            // seq_cst: pairs with the store in end_workers, after our announcement
            if (!task && !atomic_load_explicit(&pool->stopping, memory_order_seq_cst))
                (void)!qsc_pool_sleep(slot, SLOT_IDLE, NULL, NULL); // there is nothing to give up for
            else if (qsc_pool_retract(slot, SLOT_IDLE))
                qsc_pool_wake_idle(pool); // the wake-up was for another task than the one we have
            vain = 0;
        }
        if (task) {
            qsc_pool_run_stranger(slot, task);
            vain = 0;
        }
        qsc_port_pause();
    }
    return NULL;
}

// Slots 1 .. count-1 have a thread.
static void end_workers(struct qsc_pool *pool, int count)
{
    // seq_cst: pairs with the loads in work and is_surplus
    atomic_store_explicit(&pool->stopping, true, memory_order_seq_cst);
    for (int i = 1; i < count; i++)
        if (!qsc_pool_wake(&pool->slots[i], SLOT_IDLE))
            (void)qsc_pool_wake(&pool->slots[i], SLOT_SPARE);
    for (int i = 1; i < count; i++)
        (void)pthread_join(pool->slots[i].thread, NULL);
}

static void free_slots(struct qsc_pool *pool, int count)
{
    for (int i = 0; i < count; i++)
        qsc_deque_fini(&pool->slots[i].deque);
    qsc_free(pool);
}

int qsc_pool_create(qsc_pool **pool_created, const struct qsc_pool_config *config)
{
    int threads = config->threads ? config->threads : qsc_port_processors();
    int spares = config->spares;
    if (threads < 0 || threads > THREADS_MAX || spares < 0 || spares > THREADS_MAX - threads ||
        config->cpu_count < 0)
        return EINVAL;
    int slot_count = threads + spares;
    size_t bytes = sizeof(qsc_pool) + (size_t)slot_count * sizeof(struct slot);
    qsc_pool *pool = qsc_alloc_aligned(bytes, 64);
    if (!pool)
        return ENOMEM;
    memset(pool, 0, bytes);
    pool->threads = threads;
    pool->slot_count = slot_count;
    for (int i = 0; i < slot_count; i++) {
        struct slot *slot = &pool->slots[i];
        slot->pool = pool;
        slot->random = (uint32_t)i;
        int error = qsc_deque_init(&slot->deque, QSC_POOL_DEQUE_CAPACITY);
        if (error) {
            free_slots(pool, i);
            return error;
        }
    }
    int started = 1, error = 0;
    while (!error && started < slot_count) {
        struct slot *slot = &pool->slots[started];
        error = qsc_port_thread_create(&slot->thread, work, slot);
        if (error)
            break;
        if (config->cpu_count > 0)
            error = qsc_port_thread_pin(slot->thread, config->cpus[started % config->cpu_count]);
        started++;
    }
    if (error) {
        end_workers(pool, started);
        free_slots(pool, slot_count);
        return error;
    }
    *pool_created = pool;
    return 0;
}

void qsc_pool_destroy(qsc_pool *pool)
{
    if (!pool)
        return;
    end_workers(pool, pool->slot_count);
    free_slots(pool, pool->slot_count);
}

int qsc_pool_threads(const qsc_pool *pool)
{
    return pool->threads;
}

int qsc_pool_slots(const qsc_pool *pool)
{
    return pool->slot_count;
}

int qsc_pool_worker_index(const qsc_pool *pool)
{
    const struct slot *slot = qsc_pool_slot(pool);
    return slot ? (int)(slot - pool->slots) : -1;
}

int qsc_pool_dump(const qsc_pool *pool, char *at, size_t size)
{
    static const char *const words[SLOT_STATES] = {"awake", "idle", "joining", "spare"};
    struct text text = {at, size, 0};
    char guests[100];
    (void)qsc_eventcount_dump(&pool->guests, guests, sizeof guests);
    uint32_t submitted = 0;
    for (int i = 0; i < QSC_PRIORITIES; i++)
        submitted += atomic_load_explicit(&pool->submitted[i], memory_order_relaxed);
    qsc_text_add(&text, "%u submitted, slot 0 is %s, guests: %s; slots and tasks:", submitted,
                 atomic_load_explicit(&pool->guest_inside, memory_order_relaxed) ? "taken" : "free", guests);
    for (int i = 0; i < pool->slot_count; i++) {
        const struct slot *slot = &pool->slots[i];
        int64_t tasks = atomic_load_explicit(&slot->deque.bottom, memory_order_relaxed) -
                        atomic_load_explicit(&slot->deque.top, memory_order_relaxed);
        qsc_text_add(&text, " %s %d", words[atomic_load_explicit(&slot->state, memory_order_relaxed)],
                     tasks > 0 ? (int)tasks : 0);
    }
    return (int)text.length;
}
