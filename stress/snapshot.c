/* Readers look at a cell in every way there is while a publisher replaces its object by every door. Each
 * object's words carry the id of its version; the destructor spoils them, in two turns.
 * Oracle: a version that is entered or pinned stays whole until it is left or unpinned, by whatever thread,
 * and be it after the end of the thread that pinned it; no reader finds an older version than before;
 * destructors run once for each object and on no thread of the client's; the bounds hold; nothing is left at
 * the end. Then two threads count in the cell with publish_if: no step may be lost. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/snapshot.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum {
    ALL = STRESS_THREADS(1, 0), // 0 where every execution is explored: then loops must end by themselves
    READERS = STRESS_THREADS(3, 1),
    PUBLISHED = STRESS_SIZE(150, 2),
    COUNTERS = 2,
    COUNTED = STRESS_SIZE(50, 1),
    WORDS = STRESS_SIZE(32, 2),
    MAX_VERSIONS = 4,
    BURST = 2,
    WAYS = 5,
};

struct object {
    uint64_t words[WORDS];
    int whole; // words that are not spoilt yet
};

static qsc_snapshot cell;
static _Atomic bool done;
struct parcel {
    qsc_pin pins[BURST];
};
static _Atomic(struct parcel *) handed; // pins on their way to another thread
static _Atomic long alive;              // objects made and not yet destroyed
static _Thread_local bool of_client;

struct member {
    int index; // 0 is the publisher
    long met;  // times a version was replaced while a reader held it
    uint64_t last_id;
};

static const uint64_t spoilt = 0xdeadbeefdeadbeef;

static struct object *make(uint64_t id)
{
    struct object *object = malloc(sizeof *object);
    assert(object);
    for (int i = 0; i < WORDS; i++)
        object->words[i] = id;
    object->whole = WORDS;
    atomic_fetch_add_explicit(&alive, 1, memory_order_relaxed);
    return object;
}

// In two turns.
static void destroy(void *arg)
{
    struct object *object = arg;
    assert(!of_client);
    uint64_t id = object->words[0];
    assert(id != spoilt);
    while (object->whole > 0) {
        uint64_t *word = &object->words[--object->whole];
        assert(*word == id);
        *word = spoilt;
        if (object->whole == WORDS / 2 && qsc_snapshot_destroy_yield())
            return;
    }
    free(object);
    atomic_fetch_sub_explicit(&alive, 1, memory_order_relaxed);
}

static void look(const struct qsc_version *version, uint64_t id)
{
    const struct object *object = version->object;
    assert(version->id == id && version->parent == id - 1 && version->bytes == sizeof *object);
    for (int i = 0; i < WORDS; i++)
        assert(object->words[i] == id);
}

static void linger(int round)
{
    if (round % 8 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (round % 2 == 0)
        sched_yield();
}

static void advance(struct member *me, uint64_t id)
{
    assert(id >= me->last_id);
    me->last_id = id;
}

static bool replaced(uint64_t id)
{
    bool yes = qsc_snapshot_enter(&cell)->id != id;
    qsc_snapshot_leave(&cell);
    return yes;
}

static qsc_pin pin(struct member *me)
{
    qsc_pin taken;
    int error = qsc_snapshot_pin(&cell, &taken);
    assert(!error);
    advance(me, taken.version->id);
    return taken;
}

static void read_in_section(struct member *me, int round)
{
    const struct qsc_version *version = qsc_snapshot_enter(&cell);
    uint64_t id = version->id;
    advance(me, id);
    look(version, id);
    linger(round);
    me->met += replaced(id);
    look(version, id);
    qsc_snapshot_leave(&cell);
}

static void read_pinned(struct member *me, int round)
{
    qsc_pin held = pin(me);
    uint64_t id = held.version->id;
    linger(round);
    me->met += replaced(id);
    look(held.version, id);
    qsc_snapshot_unpin(&held);
}

// Two pins at once, released in the order of their taking.
static void read_pinned_twice(struct member *me, int round)
{
    qsc_pin first = pin(me);
    linger(round);
    qsc_pin second = pin(me);
    look(first.version, first.version->id);
    qsc_snapshot_unpin(&first);
    linger(round);
    look(second.version, second.version->id);
    qsc_snapshot_unpin(&second);
}

static void release_handed(struct parcel *parcel)
{
    if (!parcel)
        return;
    for (int i = 0; i < BURST; i++) {
        look(parcel->pins[i].version, parcel->pins[i].version->id);
        qsc_snapshot_unpin(&parcel->pins[i]);
    }
    free(parcel);
}

// Pins for another thread, and releases what a thread pinned before; then pins again, perhaps in a slot that
// another thread has emptied meanwhile.
static void hand_over(struct member *me, int round)
{
    struct parcel *parcel = malloc(sizeof *parcel);
    assert(parcel);
    for (int i = 0; i < BURST; i++)
        parcel->pins[i] = pin(me);
    // acquire and release: pairs with the exchange before
    release_handed(atomic_exchange_explicit(&handed, parcel, memory_order_acq_rel));
    linger(round);
    read_pinned(me, round);
}

static void *hand_over_and_exit(void *me)
{
    of_client = true;
    hand_over(me, 0);
    return NULL;
}

static void hand_over_in_new_thread(struct member *me, int round)
{
    (void)round;
    stress_threads(1, hand_over_and_exit, me, sizeof *me);
}

static void read_all(struct member *me)
{
    static void (*const ways[WAYS])(struct member *, int) = {
        read_in_section, read_pinned, read_pinned_twice, hand_over, hand_over_in_new_thread,
    };
    if (me->index % 2) {
        int error = qsc_snapshot_register_thread();
        assert(!error);
    }
    int round = 0;
    do
        ways[(me->index + round) % WAYS](me, round);
    while (++round < 2 || (ALL && !atomic_load_explicit(&done, memory_order_relaxed)));
}

static int publish(uint64_t id, struct object *object)
{
    struct timespec deadline;
    uint64_t given = 0;
    int error;
    switch (id % 3) {
    case 0:
        error = qsc_snapshot_publish(&cell, object, sizeof *object, destroy, &given);
        break;
    case 1:
        error = qsc_snapshot_publish_if(&cell, id - 1, object, sizeof *object, destroy, &given);
        break;
    default:
        clock_gettime(CLOCK_MONOTONIC, &deadline);
        error = qsc_snapshot_publish_until(&cell, object, sizeof *object, destroy,
                                           ALL && id % 2 ? NULL : &deadline, &given);
        if (error == EINPROGRESS)
            error = 0; // an older version is in use
        else if (error == 0)
            assert(atomic_load_explicit(&alive, memory_order_relaxed) == 1);
    }
    assert(error == 0 || error == EAGAIN || error == ETIMEDOUT);
    assert(given == (error ? 0 : id));
    return error;
}

static void publish_all(void)
{
    for (uint64_t id = 2; id < 2 + PUBLISHED; id++) {
        struct object *object = make(id);
        while (publish(id, object) != 0)
            sched_yield();
        struct qsc_snapshot_stats stats;
        qsc_snapshot_get_stats(&cell, &stats);
        assert(stats.current_id == id && stats.published == id);
        assert(stats.live_versions == stats.published - stats.reclaimed &&
               stats.live_versions <= MAX_VERSIONS);
        assert(stats.live_bytes == stats.live_versions * sizeof *object);
        assert(atomic_load_explicit(&alive, memory_order_relaxed) <= MAX_VERSIONS);
    }
    atomic_store_explicit(&done, true, memory_order_relaxed);
}

static void *run(void *arg)
{
    struct member *me = arg;
    of_client = true;
    if (me->index == 0)
        publish_all();
    else
        read_all(me);
    return NULL;
}

// Bounded by versions and by bytes in turn.
static void begin(void)
{
    static bool by_bytes;
    by_bytes = !by_bytes;
    const struct qsc_snapshot_config bounds = {
        .max_live_versions = by_bytes ? 0 : MAX_VERSIONS,
        .max_live_bytes = by_bytes ? MAX_VERSIONS * sizeof(struct object) : 0,
    };
    int error = qsc_snapshot_init(&cell, &bounds);
    assert(!error);
    error = qsc_snapshot_publish(&cell, make(1), sizeof(struct object), destroy, NULL);
    assert(!error);
}

static long replace_under_readers(void)
{
    atomic_store(&done, false);
    begin();
    struct member members[1 + READERS];
    for (int i = 0; i <= READERS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(1 + READERS, run, members, sizeof *members);

    bool held = handed != NULL;
    int error = qsc_snapshot_fini(&cell);
    assert(error == (held ? EBUSY : 0));
    if (held) { // the thread that pinned has exited
        release_handed(atomic_exchange(&handed, NULL));
        error = qsc_snapshot_fini(&cell);
        assert(!error);
    }
    assert(alive == 0);
    long met = 0;
    for (int i = 0; i <= READERS; i++)
        met += members[i].met;
    return met;
}

static void *count(void *unused)
{
    (void)unused;
    of_client = true;
    for (int n = 0; n < COUNTED;) {
        qsc_pin held;
        int error = qsc_snapshot_pin(&cell, &held);
        assert(!error);
        uint64_t id = held.version->id;
        qsc_snapshot_unpin(&held);
        struct object *object = make(id + 1);
        error = qsc_snapshot_publish_if(&cell, id, object, sizeof *object, destroy, NULL);
        assert(error == 0 || error == ESTALE || error == EAGAIN);
        n += error == 0;
        if (error) {
            free(object);
            atomic_fetch_sub_explicit(&alive, 1, memory_order_relaxed);
            sched_yield();
        }
    }
    return NULL;
}

static void count_together(void)
{
    begin();
    int unused[COUNTERS];
    stress_threads(COUNTERS, count, unused, sizeof *unused);
    const struct qsc_version *last = qsc_snapshot_enter(&cell);
    assert(last->id == 1 + COUNTERS * COUNTED);
    look(last, last->id);
    qsc_snapshot_leave(&cell);
    int error = qsc_snapshot_fini(&cell);
    assert(!error && alive == 0);
}

static long batch(void)
{
    static bool count;
    count = !count && ALL;
    if (count)
        count_together();
    return replace_under_readers();
}

int main(void)
{
    return stress_repeat("versions replaced while they were held", batch, STRESS_SIZE(1000, 0));
}
