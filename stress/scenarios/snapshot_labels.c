/* Labels that move under one reader. Oracle: what is pinned stays whole; who has found a canary does not find
 * the version before it afterwards; destructors run once; nothing is left. What a version holds is plain, and
 * spoilt by the destructor.
 *
 * But for one scenario the cell has no thread: its work is done by the scenario, at one moment. */
#include "scenario.h"

#include <quiesce/concurrency/pin_slots.h>
#include <quiesce/concurrency/snapshot_labels.h>
#include <quiesce/concurrency/snapshot_writer.h>
#include <sched.h>
#include <stdlib.h>

struct object {
    uint64_t id; // plain
};

static qsc_snapshot cell;
static _Atomic int destroyed;

static void destroy(void *arg)
{
    struct object *object = arg;
    object->id = 0;
    free(object);
    atomic_fetch_add_explicit(&destroyed, 1, memory_order_relaxed);
}

static struct object *make(uint64_t id)
{
    struct object *object = malloc(sizeof *object);
    assert(object);
    object->id = id;
    return object;
}

static void publish_canary(uint64_t id)
{
    int error = qsc_snapshot_publish_canary(&cell, 1, make(id), sizeof(struct object), destroy, NULL);
    assert(error == 0);
}

static void promote(uint64_t id)
{
    int error = qsc_snapshot_promote(&cell, id);
    assert(error == 0);
}

static void roll_back(uint64_t id)
{
    int error = qsc_snapshot_roll_back(&cell, id);
    assert(error == 0);
}

static void publish_first(void)
{
    int error = qsc_snapshot_publish(&cell, make(1), sizeof(struct object), destroy, NULL);
    assert(error == 0);
}

static struct qsc_snapshot_writer writer = {
    .reclaimer = {.max_live = UINT64_MAX, .max_live_bytes = UINT64_MAX, .is_held = qsc_version_is_pinned}};

static void begin(void)
{
    cell.writer = &writer;
    publish_first();
}

static void end(int published)
{
    struct version *const named[] = {qsc_label_get(&cell.current), qsc_label_get(&cell.canary),
                                     writer.previous};
    for (int i = 0; i < 3; i++)
        if (named[i])
            qsc_version_retire(&writer, named[i]);
    writer.reclaimer.state = CLOSING;
    (void)qsc_reclaimer_run(&writer.reclaimer);
    assert(destroyed == published);
}

// A grace period and one look, after which a version that is in no slot may be written.
static void reclaim(const struct version *version)
{
    int32_t owner;
    qsc_rcu_synchronize();
    if (!qsc_pin_slots_hold(&version->published, &owner))
        ((struct object *)version->published.object)->id = 0;
}

static void look_at(const qsc_pin *pin)
{
    const struct object *object = pin->version->object;
    assert(object->id == pin->version->id);
}

static uint64_t look(void)
{
    qsc_pin pin;
    int error = qsc_snapshot_pin_for(&cell, 0, &pin);
    assert(error == 0);
    uint64_t id = pin.version->id;
    look_at(&pin);
    qsc_snapshot_unpin(&pin);
    return id;
}

static void *look_once(void *unused)
{
    (void)look();
    return unused;
}

static void *look_twice(void *unused)
{
    uint64_t first = look();
    assert(look() >= first);
    return unused;
}

static void new_canary(void)
{
    begin();
    pthread_t reader = scenario_start(look_once, NULL);
    publish_canary(2);
    scenario_join(reader);
    end(2);
}

static void promoted(void)
{
    begin();
    publish_canary(2);
    pthread_t reader = scenario_start(look_twice, NULL);
    promote(2);
    scenario_join(reader);
    end(2);
}

static void withdrawn(void)
{
    begin();
    publish_canary(2);
    const struct version *canary = qsc_label_get(&cell.canary);
    pthread_t reader = scenario_start(look_once, NULL);
    roll_back(2);
    reclaim(canary);
    scenario_join(reader);
    end(2);
}

static void rolled_back(void)
{
    begin();
    publish_canary(2);
    promote(2);
    const struct version *current = qsc_label_get(&cell.current);
    pthread_t reader = scenario_start(look_once, NULL);
    roll_back(2);
    reclaim(current);
    scenario_join(reader);
    end(2);
}

static void *look_early(void *unused)
{
    qsc_pin pin;
    if (qsc_snapshot_pin_for(&cell, 0, &pin) == 0) {
        look_at(&pin);
        qsc_snapshot_unpin(&pin);
    }
    return unused;
}

static void *promote_and_roll_back(void *unused)
{
    while (qsc_snapshot_promote(&cell, 2) != 0)
        sched_yield();
    roll_back(2);
    return unused;
}

// By another thread than the publisher: a reader may acquire either version from the one that moved its
// label.
static void moved_by_another(void)
{
    cell.writer = &writer;
    pthread_t reader = scenario_start(look_early, NULL);
    pthread_t other = scenario_start(promote_and_roll_back, NULL);
    publish_first();
    publish_canary(2);
    scenario_join(reader);
    scenario_join(other);
    end(2);
}

static void ended(void)
{
    int error = qsc_snapshot_init(&cell, NULL);
    assert(error == 0);
    publish_first();
    publish_canary(2);
    promote(2);
    error = qsc_snapshot_fini(&cell);
    assert(error == 0 && destroyed == 2);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"new-canary", new_canary},
        {"promoted", promoted},
        {"withdrawn", withdrawn},
        {"rolled-back", rolled_back},
        {"moved-by-another", moved_by_another},
        {"ended", ended},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
