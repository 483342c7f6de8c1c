/* A reader who protects an object, in a record that it makes or finds, against one who replaces and retires
 * it, and scans. Oracle: what is protected stays whole; destructors run once; nothing is left. What an object
 * holds is plain, and spoilt by the destructor. Unlinking is relaxed where nothing is published by it. */
#include "scenario.h"

#include <quiesce/concurrency/hazard.h>
#include <stdlib.h>

struct object {
    int word; // plain
    qsc_hazard_node node;
};

static qsc_hazard_domain domain;
static _Atomic(struct object *) places[2];
static _Atomic int destroyed;

static struct object *make(void)
{
    struct object *object = malloc(sizeof *object);
    assert(object);
    object->word = 1;
    return object;
}

static void destroy(void *arg)
{
    struct object *object = arg;
    assert(object->word == 1);
    object->word = -1;
    free(object);
    atomic_fetch_add_explicit(&destroyed, 1, memory_order_relaxed);
}

static void publish(int place, struct object *object)
{
    atomic_store_explicit(&places[place], object, memory_order_release); // pairs with qsc_hazard_protect
}

static void begin(int objects)
{
    int error = qsc_hazard_domain_init(&domain, 1);
    assert(error == 0);
    for (int i = 0; i < objects; i++)
        publish(i, make());
}

static void end(int retired)
{
    int error = qsc_hazard_domain_fini(&domain);
    assert(error == 0 && destroyed == retired);
}

static struct qsc_hazards *get(void)
{
    struct qsc_hazards *mine = qsc_hazard_get(&domain);
    assert(mine);
    return mine;
}

static void look(struct qsc_hazards *mine, int place)
{
    struct object *object = qsc_hazard_protect(mine, 0, &places[place]);
    assert(!object || object->word == 1);
}

static void *look_once(void *unused)
{
    struct qsc_hazards *mine = get();
    look(mine, 0);
    qsc_hazard_clear(mine, 0);
    return unused;
}

static void retire(int place)
{
    struct object *object = atomic_exchange_explicit(&places[place], NULL, memory_order_relaxed);
    qsc_hazard_retire(&domain, &object->node, object, destroy);
}

static void retire_and_scan(int place)
{
    retire(place);
    (void)qsc_hazard_scan(&domain);
}

static void reader(void)
{
    begin(1);
    pthread_t other = scenario_start(look_once, NULL);
    retire_and_scan(0);
    scenario_join(other);
    end(1);
}

static void published(void)
{
    begin(0);
    pthread_t other = scenario_start(look_once, NULL);
    publish(0, make());
    scenario_join(other);
    retire(0);
    end(1);
}

static struct qsc_hazards *readers;

static void *look_in_given(void *unused)
{
    look(readers, 0);
    return unused;
}

// In a slot that names another object already: of the former one it lets go by the same store.
static void *look_at_both(void *unused)
{
    look(readers, 0);
    look(readers, 1);
    return unused;
}

static void *scan(void *unused)
{
    (void)qsc_hazard_scan(&domain);
    return unused;
}

static void *cleared_then_look(void *unused)
{
    qsc_hazard_clear(readers, 0);
    look(readers, 0);
    return unused;
}

// A store of the reader's comes between the scan's look at the slot and the reader's next protection.
static void cleared_between(void)
{
    begin(2);
    readers = get();
    look(readers, 1);
    pthread_t other = scenario_start(cleared_then_look, NULL);
    retire_and_scan(0);
    scenario_join(other);
    qsc_hazard_clear(readers, 0);
    retire(1);
    end(2);
}

static void moved_on(void)
{
    begin(2);
    readers = get();
    pthread_t other = scenario_start(look_at_both, NULL);
    retire_and_scan(0);
    scenario_join(other);
    qsc_hazard_clear(readers, 0);
    retire(1);
    end(2);
}

static void *retire_second(void *unused)
{
    retire(1);
    return unused;
}

// Who scans destroys what another has retired.
static void retired_by_another(void)
{
    begin(2);
    pthread_t other = scenario_start(retire_second, NULL);
    retire_and_scan(0);
    scenario_join(other);
    end(2);
}

// Who scans has not unlinked what a reader may find: another has.
static void scanned_by_another(void)
{
    begin(1);
    readers = get();
    pthread_t threads[] = {scenario_start(look_in_given, NULL), scenario_start(scan, NULL)};
    retire(0);
    for (int i = 0; i < 2; i++)
        scenario_join(threads[i]);
    qsc_hazard_clear(readers, 0);
    end(1);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"reader", reader},
        {"published", published},
        {"cleared-between", cleared_between},
        {"moved-on", moved_on},
        {"retired-by-another", retired_by_another},
        {"scanned-by-another", scanned_by_another},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
