/* A thread that counts in its slot, against one that adds up all slots, one that follows it, and the end of
 * the storage. Oracle: what is added up was there; no count lost; nothing touched after it was freed. */
#include "scenario.h"

#include <quiesce/concurrency/per_thread.h>

struct slot {
    _Atomic int counted;
    int plain; // the owner's
};

static qsc_per_thread storage;
static _Atomic bool has_counted;

static void begin(void)
{
    int error = qsc_per_thread_init(&storage, sizeof(struct slot));
    assert(error == 0);
}

static void *count(void *unused)
{
    struct slot *slot = qsc_per_thread_get(&storage);
    assert(slot);
    slot->plain++;
    atomic_store_explicit(&slot->counted, slot->plain, memory_order_relaxed);
    atomic_store_explicit(&has_counted, true, memory_order_release); // pairs with end_against_exit
    return unused;
}

static int sum(void)
{
    int counted = 0;
    struct slot *each = NULL;
    while ((each = qsc_per_thread_next(&storage, each)))
        counted += atomic_load_explicit(&each->counted, memory_order_relaxed);
    return counted;
}

static void add_up(void)
{
    begin();
    pthread_t thread = scenario_start(count, NULL);
    int counted = sum();
    assert(counted == 0 || counted == 1);
    scenario_join(thread);
    assert(sum() == 1);
    qsc_per_thread_fini(&storage);
}

// The second may find the slot of the first, while it exits or after that, or make one.
static void handed_on(void)
{
    begin();
    pthread_t threads[] = {scenario_start(count, NULL), scenario_start(count, NULL)};
    for (int i = 0; i < 2; i++)
        scenario_join(threads[i]);
    assert(sum() == 2);
    qsc_per_thread_fini(&storage);
}

// The thread is done with the storage, but not yet gone, and another one may take its place.
static void end_against_exit(void)
{
    begin();
    pthread_t thread = scenario_start(count, NULL);
    while (!atomic_load_explicit(&has_counted, memory_order_acquire)) // pairs with count
        continue;
    qsc_per_thread_fini(&storage);
    begin();
    scenario_join(thread);
    (void)count(NULL);
    assert(sum() == 1);
    qsc_per_thread_fini(&storage);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"add-up", add_up},
        {"handed-on", handed_on},
        {"end-against-exit", end_against_exit},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
