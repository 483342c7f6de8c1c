/* reclaimer.c
 *
 * Retired, then a grace period, then looked at whether something holds it: in this order. A pin is stored in
 * a read section that began before the retirement, or else names another version; after the grace period all
 * of these sections are over, so that a version found in no slot is out of everybody's reach, for good. One
 * found in a slot needs no further grace period, only another look later on.
 *
 * A destructor may take many turns. Between two of them come grace periods, looks, and turns of others. */
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/rcu.h>
#include <quiesce/concurrency/reclaimer.h>

#include <errno.h>

// What lets go of a node wakes nobody: an unpin is one store. While retired nodes are held, the thread looks
// again after a pause that doubles between these bounds, and is never shorter than fifty times what the look
// itself took.
#define PAUSE_MIN_NS 50000
#define PAUSE_MAX_NS 5000000
#define PAUSE_PER_LOOK 50

int qsc_event_wait(struct qsc_reclaimer *reclaimer, struct event *event, const struct timespec *deadline,
                   const qsc_cancel *cancel)
{
    uint32_t seen = atomic_load_explicit(&event->count, memory_order_relaxed);
    event->sleepers++;
    qsc_mutex_unlock(&reclaimer->lock);
    int error = qsc_cancel_wait((const uint32_t *)&event->count, seen, deadline, cancel);
    qsc_mutex_lock(&reclaimer->lock);
    event->sleepers--;
    return error;
}

void qsc_event_signal_unlock(struct qsc_reclaimer *reclaimer, struct event *event)
{
    bool asleep = event->sleepers > 0;
    atomic_fetch_add_explicit(&event->count, 1, memory_order_relaxed); // the lock orders it
    qsc_mutex_unlock(&reclaimer->lock);
    if (asleep)
        qsc_port_futex_wake((const uint32_t *)&event->count, INT_MAX);
}

bool qsc_reclaimer_admit(struct qsc_reclaimer *reclaimer, uint64_t objects, uint64_t bytes)
{
    if (reclaimer->live + objects > reclaimer->max_live || bytes > reclaimer->max_live_bytes ||
        reclaimer->live_bytes > reclaimer->max_live_bytes - bytes)
        return false;
    reclaimer->live += objects;
    reclaimer->live_bytes += bytes;
    if (reclaimer->live_max < reclaimer->live)
        reclaimer->live_max = reclaimer->live;
    if (reclaimer->live_bytes_max < reclaimer->live_bytes)
        reclaimer->live_bytes_max = reclaimer->live_bytes;
    return true;
}

void qsc_reclaimer_retire(struct qsc_reclaimer *reclaimer, struct qsc_rcu_node *node, uint64_t bytes,
                          void (*destroy)(struct qsc_rcu_node *))
{
    struct node_queue *queue = &reclaimer->retired;
    *node = (struct qsc_rcu_node){NULL, destroy, bytes, ++reclaimer->retirements};
    if (queue->oldest)
        queue->newest->newer = node;
    else
        queue->oldest = node;
    queue->newest = node;
}

int qsc_reclaimer_wait(struct qsc_reclaimer *reclaimer, uint64_t retired, const struct timespec *deadline,
                       const qsc_cancel *cancel)
{
    int error = 0;
    while (reclaimer->gone < retired && !error)
        error = qsc_port_wait_error(qsc_event_wait(reclaimer, &reclaimer->progress, deadline, cancel));
    return reclaimer->gone < retired ? error : 0;
}

void qsc_latency_record(struct latency *latency, uint64_t ns)
{
    latency->count++;
    latency->total_ns += ns;
    latency->last_ns = ns;
    if (latency->max_ns < ns)
        latency->max_ns = ns;
}

// What was retired so far now waits for its grace period. Under the lock.
static bool take_retired(struct qsc_reclaimer *reclaimer)
{
    if (!reclaimer->retired.oldest)
        return false;
    if (reclaimer->waiting.oldest)
        reclaimer->waiting.newest->newer = reclaimer->retired.oldest;
    else
        reclaimer->waiting.oldest = reclaimer->retired.oldest;
    reclaimer->waiting.newest = reclaimer->retired.newest;
    reclaimer->retired.oldest = NULL;
    return true;
}

static uint64_t grace_period(void)
{
    uint64_t begin = qsc_port_now_ns();
    qsc_rcu_synchronize();
    return qsc_port_now_ns() - begin;
}

static uint64_t gone(const struct qsc_reclaimer *reclaimer)
{
    if (reclaimer->waiting.oldest)
        return reclaimer->waiting.oldest->number - 1;
    if (reclaimer->retired.oldest)
        return reclaimer->retired.oldest->number - 1;
    return reclaimer->retirements;
}

static __thread bool *yields; // whether the destructor that runs wants another turn; NULL outside of one

bool qsc_reclaimer_yield(void)
{
    if (yields)
        *yields = true;
    return yields;
}

bool qsc_reclaimer_has_yielded(void)
{
    return yields && *yields;
}

// One turn of the destructor; returns whether it was the last, after which the node is gone. Not under the
// lock: it may take long, and may retire others.
static bool destroy(struct qsc_rcu_node *node)
{
    bool again = false;
    yields = &again;
    node->destroy(node);
    yields = NULL;
    return !again;
}

static void forget(struct qsc_reclaimer *reclaimer, uint64_t bytes)
{
    qsc_mutex_lock(&reclaimer->lock);
    reclaimer->live--;
    reclaimer->live_bytes -= bytes;
    reclaimer->reclaimed++;
    reclaimer->gone = gone(reclaimer);
    qsc_event_signal_unlock(reclaimer, &reclaimer->progress);
}

struct look {
    uint64_t ns;
    struct hold oldest;
    bool unfinished; // a destructor wants another turn
};

static bool is_held(const struct qsc_reclaimer *reclaimer, const struct qsc_rcu_node *node, struct look *look)
{
    struct hold hold = {0};
    if (!reclaimer->is_held)
        return false;
    uint64_t begin = qsc_port_now_ns();
    bool held = reclaimer->is_held(node, &hold);
    look->ns += qsc_port_now_ns() - begin;
    if (held && (!look->oldest.id || hold.since_ns < look->oldest.since_ns))
        look->oldest = hold;
    return held;
}

// Gives the destructors of what waits and nothing holds a turn each. Not under the lock: the queue is this
// thread's own.
static struct look destroy_unheld(struct qsc_reclaimer *reclaimer)
{
    struct look look = {0};
    struct qsc_rcu_node **link = &reclaimer->waiting.oldest;
    while (*link) {
        struct qsc_rcu_node *node = *link, *newer = node->newer;
        uint64_t bytes = node->bytes;
        bool held = is_held(reclaimer, node, &look);
        if (!held && destroy(node)) {
            *link = newer;
            forget(reclaimer, bytes);
            continue;
        }
        look.unfinished = look.unfinished || !held;
        reclaimer->waiting.newest = node;
        link = &node->newer;
    }
    return look;
}

static int sleep_until_work(struct qsc_reclaimer *reclaimer, uint64_t pause)
{
    if (!reclaimer->waiting.oldest)
        return qsc_event_wait(reclaimer, &reclaimer->work, NULL, NULL);
    uint64_t until = qsc_port_now_ns() + pause;
    struct timespec deadline = {(time_t)(until / 1000000000), (long)(until % 1000000000)};
    return qsc_event_wait(reclaimer, &reclaimer->work, &deadline, NULL);
}

static bool has_work(const struct qsc_reclaimer *reclaimer)
{
    return reclaimer->retired.oldest || reclaimer->state == CHECKING ||
           (reclaimer->state == CLOSING && !reclaimer->live);
}

void *qsc_reclaimer_run(void *arg)
{
    struct qsc_reclaimer *reclaimer = arg;
    uint64_t pause = PAUSE_MIN_NS;
    qsc_mutex_lock(&reclaimer->lock);
    while (reclaimer->state != CLOSING || reclaimer->live) {
        bool asked = reclaimer->state == CHECKING;
        if (take_retired(reclaimer)) {
            qsc_mutex_unlock(&reclaimer->lock);
            uint64_t ns = grace_period();
            qsc_mutex_lock(&reclaimer->lock);
            qsc_latency_record(&reclaimer->grace_period, ns);
        }
        qsc_mutex_unlock(&reclaimer->lock);
        struct look look = destroy_unheld(reclaimer);
        qsc_mutex_lock(&reclaimer->lock);
        reclaimer->oldest_hold = look.oldest;
        if (asked) {
            reclaimer->state = look.oldest.id ? IN_USE : IDLE;
            qsc_event_signal_unlock(reclaimer, &reclaimer->progress);
            qsc_mutex_lock(&reclaimer->lock);
        }
        if (look.unfinished || has_work(reclaimer))
            continue;
        if (pause < PAUSE_PER_LOOK * look.ns)
            pause = PAUSE_PER_LOOK * look.ns;
        if (sleep_until_work(reclaimer, pause) != ETIMEDOUT)
            pause = PAUSE_MIN_NS;
        else if (pause < PAUSE_MAX_NS)
            pause = 2 * pause < PAUSE_MAX_NS ? 2 * pause : PAUSE_MAX_NS;
    }
    qsc_mutex_unlock(&reclaimer->lock);
    return NULL;
}

int qsc_reclaimer_start(struct qsc_reclaimer *reclaimer)
{
    return qsc_port_thread_create(&reclaimer->thread, qsc_reclaimer_run, reclaimer);
}

void qsc_reclaimer_end_unlock(struct qsc_reclaimer *reclaimer)
{
    reclaimer->state = CLOSING;
    qsc_event_signal_unlock(reclaimer, &reclaimer->work);
    pthread_join(reclaimer->thread, NULL);
}
