/* reclaimer.c: the thread that destroys the versions that no label names any more.
 *
 * Retired, then a grace period, then looked for in the slots: in this order. A pin is stored in a read
 * section that began before the retirement, or else names another version; after the grace period all of
 * these sections are over, so that a version found in no slot is out of everybody's reach, for good. One
 * found in a slot needs no further grace period, only another look later on.
 *
 * A destructor may take many turns. Between two of them come grace periods, looks, and turns of others. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pin_slots.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/probes.h>
#include <quiesce/concurrency/snapshot_writer.h>

#include <errno.h>

// An unpin wakes nobody: it is one store. While pins hold up retired versions, the thread looks again after
// a pause that doubles between these bounds, and is never shorter than fifty times what the look itself took.
#define PAUSE_MIN_NS 50000
#define PAUSE_MAX_NS 5000000
#define PAUSE_PER_LOOK 50

// What was retired so far now waits for its grace period. Under the lock.
static bool take_retired(struct qsc_snapshot_writer *writer)
{
    if (!writer->retired.oldest)
        return false;
    if (writer->waiting.oldest)
        writer->waiting.newest->newer = writer->retired.oldest;
    else
        writer->waiting.oldest = writer->retired.oldest;
    writer->waiting.newest = writer->retired.newest;
    writer->retired.oldest = NULL;
    return true;
}

static uint64_t grace_period(void)
{
    uint64_t begin = qsc_port_now_ns();
    qsc_rcu_synchronize();
    return qsc_port_now_ns() - begin;
}

static uint64_t gone(const struct qsc_snapshot_writer *writer)
{
    if (writer->waiting.oldest)
        return writer->waiting.oldest->retirement - 1;
    if (writer->retired.oldest)
        return writer->retired.oldest->retirement - 1;
    return writer->retirements;
}

static __thread bool *yields; // whether the destructor that runs wants another turn; NULL outside of one

bool qsc_snapshot_destroy_yield(void)
{
    if (yields)
        *yields = true;
    return yields;
}

// One turn of the destructor; returns whether it was the last. Not under the lock: it may take long, and may
// publish.
static bool destroy(struct version *version)
{
    bool again = false;
    if (version->destroy) {
        yields = &again;
        version->destroy((void *)version->published.object);
        yields = NULL;
    }
    return !again;
}

static void forget(struct qsc_snapshot_writer *writer, struct version *version)
{
    QSC_PROBE2(reclaim, version->published.object, version->published.id);
    qsc_mutex_lock(&writer->lock);
    writer->live_versions--;
    writer->live_bytes -= version->published.bytes;
    writer->reclaimed++;
    writer->gone = gone(writer);
    qsc_event_signal_unlock(writer, &writer->progress);
    qsc_free(version);
}

struct look {
    uint64_t ns;
    uint64_t oldest_pin_id, oldest_pin_since_ns;
    int32_t oldest_pin_owner;
    bool unfinished; // a destructor wants another turn
};

// Looks for what waits in the slots, and gives the destructors of what is in none a turn each. Not under the
// lock: the queue is this thread's own.
static struct look destroy_unpinned(struct qsc_snapshot_writer *writer)
{
    struct look look = {0};
    struct version **link = &writer->waiting.oldest;
    while (*link) {
        struct version *version = *link;
        int32_t owner = 0;
        uint64_t begin = qsc_port_now_ns();
        bool pinned = qsc_pin_slots_hold(&version->published, &owner);
        look.ns += qsc_port_now_ns() - begin;
        if (!pinned && destroy(version)) {
            *link = version->newer;
            forget(writer, version);
            continue;
        }
        if (!pinned) {
            look.unfinished = true;
        } else if (!look.oldest_pin_id || version->replaced_ns < look.oldest_pin_since_ns) {
            look.oldest_pin_id = version->published.id;
            look.oldest_pin_since_ns = version->replaced_ns;
            look.oldest_pin_owner = owner;
        }
        writer->waiting.newest = version;
        link = &version->newer;
    }
    return look;
}

static int sleep_until_work(struct qsc_snapshot_writer *writer, uint64_t pause)
{
    if (!writer->waiting.oldest)
        return qsc_event_wait(writer, &writer->work, NULL);
    uint64_t until = qsc_port_now_ns() + pause;
    struct timespec deadline = {(time_t)(until / 1000000000), (long)(until % 1000000000)};
    return qsc_event_wait(writer, &writer->work, &deadline);
}

static bool has_work(const struct qsc_snapshot_writer *writer)
{
    return writer->retired.oldest || writer->state == CHECKING ||
           (writer->state == CLOSING && !writer->live_versions);
}

void *qsc_reclaimer_run(void *arg)
{
    struct qsc_snapshot_writer *writer = arg;
    uint64_t pause = PAUSE_MIN_NS;
    qsc_mutex_lock(&writer->lock);
    while (writer->state != CLOSING || writer->live_versions) {
        bool asked = writer->state == CHECKING;
        if (take_retired(writer)) {
            qsc_mutex_unlock(&writer->lock);
            uint64_t ns = grace_period();
            qsc_mutex_lock(&writer->lock);
            qsc_latency_record(&writer->grace_period, ns);
        }
        qsc_mutex_unlock(&writer->lock);
        struct look look = destroy_unpinned(writer);
        qsc_mutex_lock(&writer->lock);
        writer->oldest_pin_id = look.oldest_pin_id;
        writer->oldest_pin_since_ns = look.oldest_pin_since_ns;
        writer->oldest_pin_owner = look.oldest_pin_owner;
        if (asked) {
            writer->state = look.oldest_pin_id ? IN_USE : IDLE;
            qsc_event_signal_unlock(writer, &writer->progress);
            qsc_mutex_lock(&writer->lock);
        }
        if (look.unfinished || has_work(writer))
            continue;
        if (pause < PAUSE_PER_LOOK * look.ns)
            pause = PAUSE_PER_LOOK * look.ns;
        if (sleep_until_work(writer, pause) != ETIMEDOUT)
            pause = PAUSE_MIN_NS;
        else if (pause < PAUSE_MAX_NS)
            pause = 2 * pause < PAUSE_MAX_NS ? 2 * pause : PAUSE_MAX_NS;
    }
    qsc_mutex_unlock(&writer->lock);
    return NULL;
}
