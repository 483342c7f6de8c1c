#define _GNU_SOURCE // gettid
#include "snapshot_support.h"

#include <quiesce/concurrency/alloc.h>
#include <stdlib.h>
#include <unistd.h>

enum { MANY = 1000, VERSIONS = 20, EACH = MANY / VERSIONS };

static atomic_int allocations;

static void *count_allocate(void *unused, size_t bytes, size_t align)
{
    (void)unused;
    atomic_fetch_add(&allocations, 1);
    return aligned_alloc(align, (bytes + align - 1) / align * align);
}
static void *count_zeroed(void *unused, size_t bytes)
{
    (void)unused;
    return calloc(1, bytes);
}
static void *count_reallocate(void *unused, void *memory, size_t bytes)
{
    (void)unused;
    return realloc(memory, bytes);
}
static void count_release(void *unused, void *memory)
{
    (void)unused;
    free(memory);
}
static const struct qsc_allocator counting = {count_allocate, count_zeroed, count_reallocate, count_release,
                                              NULL};

struct world {
    qsc_snapshot cell;
    struct counted objects[VERSIONS];
    qsc_pin pins[MANY];
    int error;
    pid_t thread;
};

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    cr_assert_not_null(world);
    cr_assert_eq(qsc_snapshot_init(&world->cell, NULL), 0);
    return world;
}

static void world_free(struct world *world)
{
    cr_assert_eq(qsc_snapshot_fini(&world->cell), 0);
    free(world);
}

static int destroyed(const struct world *world)
{
    int count = 0;
    for (int i = 0; i < VERSIONS; i++)
        count += world->objects[i].destroyed;
    return count;
}

/* Publishes one version after the other and pins each many times; returns whether each handle is right. */
static bool pin_all(struct world *world)
{
    bool right = true;
    for (int i = 0; i < MANY; i++) {
        struct counted *object = &world->objects[i / EACH];
        right = right && (i % EACH || publish(&world->cell, object) == 0);
        right = right && qsc_snapshot_pin(&world->cell, &world->pins[i]) == 0;
        right = right && world->pins[i].version->object == object;
    }
    return right;
}

Test(pin_slots, a_thread_holds_as_many_pins_as_it_likes)
{
    struct world *world = world_new();
    cr_assert(pin_all(world));
    cr_assert(EVENTUALLY(stats_of(&world->cell).oldest_pin_id == 1));
    cr_assert_eq(destroyed(world), 0);
    for (int i = 0; i < MANY; i++)
        if (i / EACH % 2 || i % EACH) // of the even versions one pin each stays
            qsc_snapshot_unpin(&world->pins[i]);
    cr_assert(EVENTUALLY(destroyed(world) == VERSIONS / 2 - 1), "the last is current");
    for (int i = 0; i < VERSIONS; i++)
        cr_assert_eq(world->objects[i].destroyed, i % 2 == 1 && i != VERSIONS - 1);
    for (int i = 0; i < MANY; i++)
        qsc_snapshot_unpin(&world->pins[i]);
    world_free(world);
}

static bool pin_and_unpin_all(struct world *world)
{
    bool right = true;
    for (int i = 0; i < MANY; i++)
        right = right && qsc_snapshot_pin(&world->cell, &world->pins[i]) == 0;
    for (int i = 0; i < MANY; i++)
        qsc_snapshot_unpin(&world->pins[i]);
    return right;
}

static void *pin_and_unpin_in_thread(void *world)
{
    return pin_and_unpin_all(world) ? world : NULL;
}

Test(pin_slots, memory_grows_with_the_pins_held_at_once_and_not_with_threads)
{
    qsc_alloc_set(&counting);
    struct world *world = world_new();
    cr_assert_eq(publish(&world->cell, &world->objects[0]), 0);
    cr_assert_eq(join(start(pin_and_unpin_in_thread, world)), world);
    int before = allocations;
    for (int i = 0; i < 50; i++)
        cr_assert_eq(join(start(pin_and_unpin_in_thread, world)), world);
    cr_assert_eq(allocations, before, "a later thread adopts the slots of one that has exited");
    cr_assert_leq(before, 20, "slots come in blocks that double");
    world_free(world);
    qsc_alloc_set(NULL);
}

static void *pin_and_exit(void *arg)
{
    struct world *world = arg;
    world->thread = gettid();
    world->error = qsc_snapshot_pin(&world->cell, &world->pins[0]);
    return NULL;
}

Test(pin_slots, a_pin_outlives_the_thread_that_took_it)
{
    struct world *world = world_new();
    cr_assert_eq(publish(&world->cell, &world->objects[0]), 0);
    join(start(pin_and_exit, world));
    pid_t owner = world->thread;
    cr_assert_eq(world->error, 0);
    qsc_pin pin = world->pins[0];
    cr_assert_eq(publish(&world->cell, &world->objects[1]), 0);
    for (int i = 0; i < 20; i++) // would take over the slot if it were free
        join(start(pin_and_unpin_in_thread, world));
    cr_assert(EVENTUALLY(stats_of(&world->cell).oldest_pin_id == 1));
    cr_assert_eq(stats_of(&world->cell).oldest_pin_owner, owner, "the slot still says who pinned");
    cr_assert_eq(world->objects[0].destroyed, 0);
    cr_assert_eq(qsc_snapshot_fini(&world->cell), EBUSY);
    qsc_snapshot_unpin(&pin); // by another thread
    cr_assert_null(pin.version);
    cr_assert_null(pin.slot);
    cr_assert(EVENTUALLY(world->objects[0].destroyed == 1));
    world_free(world);
}

static void *unpin_all(void *arg)
{
    struct world *world = arg;
    for (int i = 0; i < MANY; i++)
        qsc_snapshot_unpin(&world->pins[i]);
    return NULL;
}

Test(pin_slots, pins_released_elsewhere_free_their_slots)
{
    qsc_alloc_set(&counting);
    struct world *world = world_new();
    cr_assert_eq(publish(&world->cell, &world->objects[0]), 0);
    int before = 0;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < MANY; i++)
            cr_assert_eq(qsc_snapshot_pin(&world->cell, &world->pins[i]), 0);
        join(start(unpin_all, world));
        if (round == 0)
            before = allocations;
    }
    cr_assert_eq(allocations, before);
    world_free(world);
    qsc_alloc_set(NULL);
}

Test(pin_slots, cells_do_not_hold_up_each_other)
{
    struct world *a = world_new(), *b = world_new();
    cr_assert_eq(publish(&a->cell, &a->objects[0]), 0);
    cr_assert_eq(publish(&b->cell, &b->objects[0]), 0);
    cr_assert_eq(qsc_snapshot_pin(&a->cell, &a->pins[0]), 0);
    cr_assert_eq(publish(&b->cell, &b->objects[1]), 0);
    cr_assert(EVENTUALLY(b->objects[0].destroyed == 1));
    world_free(b);
    qsc_snapshot_unpin(&a->pins[0]);
    world_free(a);
}
