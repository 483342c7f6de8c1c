/* Readers with keys and readers without look at a cell while its labels move: canaries come, their share
 * grows, they are promoted, replaced, withdrawn. Each object's words carry the id of its version; the
 * destructor spoils them. Oracle: what is pinned stays whole; the labels are where they were put; while
 * nothing is rolled back no reader finds an older version than before, by the same key; what was rolled back
 * is not found again; destructors run once for each object; the bounds hold; nothing is left at the end. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/snapshot_labels.h>
#include <sched.h>
#include <stdlib.h>

enum {
    READERS = 3,
    ROUNDS = STRESS_SIZE(100, 2),
    WORDS = 32,
};

struct object {
    uint64_t words[WORDS];
};

static qsc_snapshot cell;
static uint32_t max_versions;
static bool back; // whether versions are rolled back
static _Atomic bool done;
static _Atomic uint64_t withdrawn; // the last version that was rolled back
static _Atomic long alive;         // objects made and not yet destroyed

struct member {
    int index;
    long met;         // times the labels moved while a version was held
    uint64_t last[2]; // versions found: without a key, with
};

static const uint64_t spoilt = 0xdeadbeefdeadbeef;

static void destroy(void *arg)
{
    struct object *object = arg;
    uint64_t id = object->words[0];
    assert(id != spoilt);
    for (int i = 0; i < WORDS; i++) {
        assert(object->words[i] == id);
        object->words[i] = spoilt;
    }
    free(object);
    atomic_fetch_sub_explicit(&alive, 1, memory_order_relaxed);
}

static struct object *make(uint64_t id)
{
    struct object *object = malloc(sizeof *object);
    assert(object);
    for (int i = 0; i < WORDS; i++)
        object->words[i] = id;
    atomic_fetch_add_explicit(&alive, 1, memory_order_relaxed);
    return object;
}

static void look(const struct qsc_version *version)
{
    const struct object *object = version->object;
    for (int i = 0; i < WORDS; i++)
        assert(object->words[i] == version->id);
}

static void linger(int round)
{
    if (round % 8 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (round % 2 == 0)
        sched_yield();
}

static qsc_pin pin(struct member *me, bool keyed)
{
    qsc_pin held;
    // acquire: pairs with roll_back; what was rolled back before this look must not be found
    uint64_t gone = atomic_load_explicit(&withdrawn, memory_order_acquire);
    int error =
        keyed ? qsc_snapshot_pin_for(&cell, (uint64_t)me->index, &held) : qsc_snapshot_pin(&cell, &held);
    assert(!error && held.version->id != gone);
    assert(back || held.version->id >= me->last[keyed]);
    me->last[keyed] = held.version->id;
    return held;
}

static void *read_on(void *arg)
{
    struct member *me = arg;
    int round = 0;
    do {
        bool keyed = round % 4 != 0;
        qsc_pin held = pin(me, keyed);
        linger(round + me->index);
        qsc_pin again = pin(me, keyed);
        me->met += again.version->id != held.version->id;
        look(held.version);
        qsc_snapshot_unpin(&held);
        look(again.version);
        qsc_snapshot_unpin(&again);
    } while (++round < 2 || !atomic_load_explicit(&done, memory_order_relaxed));
    return NULL;
}

// What the labels should name.
struct labels {
    uint64_t current, canary, previous, last;
};

static void check(const struct labels *labels)
{
    struct qsc_snapshot_stats stats;
    qsc_snapshot_get_stats(&cell, &stats);
    assert(stats.current_id == labels->current && stats.canary_id == labels->canary &&
           stats.previous_id == labels->previous && stats.published == labels->last);
    assert(stats.live_versions <= max_versions);
    assert(atomic_load_explicit(&alive, memory_order_relaxed) <= max_versions);
}

static void publish(struct labels *labels, double share)
{
    struct object *object = make(++labels->last);
    uint64_t id = 0;
    int error;
    while ((error = qsc_snapshot_publish_canary(&cell, share, object, sizeof *object, destroy, &id)) ==
           EAGAIN) {
        sched_yield();
    }
    assert(!error && id == labels->last);
    labels->canary = id;
    check(labels);
}

static void set_share(const struct labels *labels, double share)
{
    int error = qsc_snapshot_set_share(&cell, labels->canary, share);
    assert(!error);
}

static void promote(struct labels *labels)
{
    int error = qsc_snapshot_promote(&cell, labels->canary);
    assert(!error);
    labels->previous = labels->current;
    labels->current = labels->canary;
    labels->canary = 0;
    check(labels);
}

static void roll_back(struct labels *labels, uint64_t id)
{
    int error = qsc_snapshot_roll_back(&cell, id);
    assert(!error);
    if (id == labels->current) {
        labels->current = labels->previous;
        labels->previous = 0;
    } else if (id == labels->previous) {
        labels->previous = 0;
    } else {
        labels->canary = 0;
    }
    check(labels);
    atomic_store_explicit(&withdrawn, id, memory_order_release); // pairs with pin
}

// Every canary is promoted, some after they were replaced.
static void go_forward(struct labels *labels, int round)
{
    publish(labels, 0.25);
    set_share(labels, 0.75);
    linger(round);
    if (round % 3 == 0)
        publish(labels, 0.75);
    promote(labels);
}

// Versions are taken back from each label in turn; with the canary, the labels name as many as the bound
// allows.
static void go_back(struct labels *labels, int round)
{
    publish(labels, 0.75);
    linger(round);
    promote(labels);
    linger(round);
    switch (round % 3) {
    case 0:
        publish(labels, 0.75);
        roll_back(labels, labels->canary);
        break;
    case 1:
        roll_back(labels, labels->current);
        break;
    default:
        roll_back(labels, labels->previous);
    }
}

static void *control(void *unused)
{
    struct labels labels = {.current = 1, .last = 1};
    for (int round = 0; round < ROUNDS; round++) {
        linger(round);
        if (back)
            go_back(&labels, round);
        else
            go_forward(&labels, round);
    }
    publish(&labels, 1);
    atomic_store_explicit(&done, true, memory_order_relaxed);
    return unused;
}

static void *run(void *arg)
{
    struct member *me = arg;
    return me->index == 0 ? control(NULL) : read_on(me);
}

// Bounded to what the labels need.
static void begin(void)
{
    max_versions = back ? 3 : 4;
    atomic_store(&done, false);
    atomic_store(&withdrawn, 0);
    int error = qsc_snapshot_init(&cell, &(struct qsc_snapshot_config){.max_live_versions = max_versions});
    assert(!error);
    error = qsc_snapshot_publish(&cell, make(1), sizeof(struct object), destroy, NULL);
    assert(!error);
}

static void end(void)
{
    qsc_pin canary;
    int error = qsc_snapshot_pin_for(&cell, 0, &canary);
    assert(!error);
    error = qsc_snapshot_fini(&cell);
    assert(error == EBUSY);
    look(canary.version);
    qsc_snapshot_unpin(&canary);
    error = qsc_snapshot_fini(&cell);
    assert(!error && alive == 0);
}

static long batch(void)
{
    back = !back;
    begin();
    struct member members[1 + READERS];
    for (int i = 0; i <= READERS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(1 + READERS, run, members, sizeof *members);
    end();
    long met = 0;
    for (int i = 1; i <= READERS; i++)
        met += members[i].met;
    return met;
}

int main(void)
{
    return stress_repeat("labels moved while a version was held", batch, 500);
}
