/* A cell, its reclaiming thread and one reader; and the slots alone, where the scenario does what the
 * reclaiming thread does. Oracle: what is pinned stays whole; destructors run once; nothing is left.
 * Everything that a pin's holder reads is plain, and spoilt by the destructor. */
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/pin_slots.h>
#include <quiesce/concurrency/snapshot.h>
#include <sched.h>
#include <stdlib.h>

struct object {
    int word; // plain
};

static qsc_snapshot cell;
static _Atomic int destroyed;

static struct object *make(int word)
{
    struct object *object = malloc(sizeof *object);
    assert(object);
    object->word = word;
    return object;
}

static void destroy(void *arg)
{
    struct object *object = arg;
    object->word = -1;
    free(object);
    atomic_fetch_add_explicit(&destroyed, 1, memory_order_relaxed);
}

static void publish(int word)
{
    int error = qsc_snapshot_publish(&cell, make(word), sizeof(struct object), destroy, NULL);
    assert(error == 0);
}

static void begin(void)
{
    int error = qsc_snapshot_init(&cell, NULL);
    assert(error == 0);
    publish(1);
}

static void end(int published)
{
    int error = qsc_snapshot_fini(&cell);
    assert(error == 0 && destroyed == published);
}

static void look(const struct qsc_version *version)
{
    const struct object *object = version->object;
    assert((uint64_t)object->word == version->id);
}

static void nothing(void)
{
    begin();
    end(1);
}

static void destroy_in_turns(void *arg)
{
    struct object *object = arg;
    if (object->word > 0) {
        object->word = 0;
        bool yielded = qsc_snapshot_destroy_yield();
        assert(yielded);
        return;
    }
    destroy(arg);
}

// The cell may be asked to end between the two turns of a destructor.
static void in_turns(void)
{
    int error = qsc_snapshot_init(&cell, NULL);
    assert(error == 0);
    error = qsc_snapshot_publish(&cell, make(1), sizeof(struct object), destroy_in_turns, NULL);
    assert(error == 0);
    publish(2);
    end(2);
}

static void *enter_once(void *unused)
{
    const struct qsc_version *version = qsc_snapshot_enter(&cell);
    if (version)
        look(version);
    qsc_snapshot_leave(&cell);
    return unused;
}

static void first(void)
{
    int error = qsc_snapshot_init(&cell, NULL);
    assert(error == 0);
    pthread_t reader = scenario_start(enter_once, NULL);
    publish(1);
    scenario_join(reader);
    end(1);
}

// The reclaiming thread has the version before the section ends.
static void replace_in_section(void)
{
    begin();
    const struct qsc_version *version = qsc_snapshot_enter(&cell);
    publish(2);
    look(version);
    qsc_snapshot_leave(&cell);
    end(2);
}

static void publish_waits(void)
{
    begin();
    int error = qsc_snapshot_publish_until(&cell, make(2), sizeof(struct object), destroy, NULL, NULL);
    assert(error == 0 && destroyed == 1);
    end(2);
}

// The slots alone. What follows stands for publish and for the reclaiming thread.

static struct qsc_version versions[3];
static int words[3]; // what the version's holders read

static void replace(struct qsc_version *version)
{
    version->object = &words[version - versions];
    __atomic_store_n(&cell.current, version, __ATOMIC_RELEASE); // pairs with qsc_snapshot_pin
}

static bool is_pinned(const struct qsc_version *version)
{
    int32_t owner;
    return qsc_pin_slots_hold(version, &owner);
}

// A grace period, then looks until no slot holds it: only then may it be written.
static void reclaim(struct qsc_version *version)
{
    qsc_rcu_synchronize();
    while (is_pinned(version))
        sched_yield();
    version->object = NULL;
    words[version - versions] = -1;
}

static void take_pin(qsc_pin *taken)
{
    int error = qsc_snapshot_pin(&cell, taken);
    assert(error == 0);
}

static void look_at_word(const qsc_pin *held)
{
    assert(*(const int *)held->version->object == 0);
}

static void *pin_and_unpin(void *unused)
{
    qsc_pin held;
    take_pin(&held);
    look_at_word(&held);
    qsc_snapshot_unpin(&held);
    return unused;
}

static void pin_against_reclaim(void)
{
    replace(&versions[0]);
    pthread_t reader = scenario_start(pin_and_unpin, NULL);
    replace(&versions[1]);
    reclaim(&versions[0]);
    scenario_join(reader);
}

static _Atomic(qsc_pin *) handed;
static qsc_pin pins[2];

static void *unpin_handed(void *unused)
{
    qsc_pin *held = atomic_load_explicit(&handed, memory_order_acquire); // pairs with the stores of `handed`
    if (held) {
        look_at_word(held);
        qsc_snapshot_unpin(held);
    }
    return unused;
}

// The slot is emptied by another thread and filled again with another version: whoever reclaims the first and
// reads the second must come after the use of the first.
static void *pin_again(void *unused)
{
    take_pin(&pins[0]);
    qsc_pin_slot *slot = pins[0].slot;
    atomic_store_explicit(&handed, &pins[0], memory_order_release); // pairs with unpin_handed
    if (atomic_load_explicit(slot, memory_order_relaxed) == NULL) {
        take_pin(&pins[1]);
        look_at_word(&pins[1]);
    }
    return unused;
}

static void slot_used_again(void)
{
    replace(&versions[0]);
    pthread_t owner = scenario_start(pin_again, NULL), other = scenario_start(unpin_handed, NULL);
    replace(&versions[1]);
    qsc_rcu_synchronize();
    if (!is_pinned(&versions[0]))
        words[0] = -1;
    scenario_join(owner);
    scenario_join(other);
    for (int i = 0; i < 2; i++)
        qsc_snapshot_unpin(&pins[i]);
}

// A thread that exits leaves its slots to others, once they are empty.
static void slots_inherited(void)
{
    replace(&versions[0]);
    pthread_t first = scenario_start(pin_and_unpin, NULL);
    pthread_t second = scenario_start(pin_and_unpin, NULL);
    replace(&versions[1]);
    reclaim(&versions[0]);
    scenario_join(first);
    scenario_join(second);
}

static void *pin_and_exit(void *unused)
{
    take_pin(&pins[0]);
    atomic_store_explicit(&handed, &pins[0], memory_order_release); // pairs with unpin_handed
    return unused;
}

static void *look_for_slots(void *unused)
{
    int error = 0;
    qsc_pin_slot *slot = qsc_pin_slots_find(&error);
    assert(slot && error == 0);
    return unused;
}

static void *unpin_handed_and_look_for_slots(void *unused)
{
    unpin_handed(NULL);
    return look_for_slots(unused);
}

// Slots that one thread left with a pin in them: one gives them back, because they are in use, and the next,
// who has released the pin, takes them.
static void slots_in_use(void)
{
    replace(&versions[0]);
    pthread_t threads[] = {scenario_start(pin_and_exit, NULL), scenario_start(look_for_slots, NULL),
                           scenario_start(unpin_handed_and_look_for_slots, NULL)};
    for (int i = 0; i < 3; i++)
        scenario_join(threads[i]);
    qsc_snapshot_unpin(&pins[0]);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"nothing", nothing},
        {"in-turns", in_turns},
        {"first", first},
        {"replace-in-section", replace_in_section},
        {"publish-waits", publish_waits},
        {"pin-against-reclaim", pin_against_reclaim},
        {"slot-used-again", slot_used_again},
        {"slots-inherited", slots_inherited},
        {"slots-in-use", slots_in_use},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
