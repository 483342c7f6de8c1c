#include "no_thread.h"
#include "snapshot_support.h"

#include <quiesce/concurrency/alloc.h>
#include <stdlib.h>
#include <sys/resource.h>

static qsc_snapshot cell;

static void begin(void)
{
    cr_assert_eq(qsc_snapshot_init(&cell, NULL), 0);
}

static void end(void)
{
    cr_assert_eq(qsc_snapshot_fini(&cell), 0);
}

Test(reclaimer, a_version_is_destroyed_once_nobody_can_reach_it_and_on_a_thread_of_the_cell)
{
    struct counted objects[3] = {0};
    qsc_pin pin, again;
    begin();
    cr_assert_eq(publish(&cell, &objects[0]), 0);
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0);
    cr_assert_eq(qsc_snapshot_pin(&cell, &again), 0);
    cr_assert_eq(publish(&cell, &objects[1]), 0);
    cr_assert_eq(publish(&cell, &objects[2]), 0);
    cr_assert(EVENTUALLY(objects[1].destroyed == 1), "a pinned version does not hold up a later one");
    qsc_snapshot_unpin(&pin);
    sleep_ms(20);
    cr_assert_eq(objects[0].destroyed, 0, "pinned twice");
    qsc_snapshot_unpin(&again);
    cr_assert(EVENTUALLY(objects[0].destroyed == 1));
    cr_assert_not(pthread_equal(objects[0].destroyer, pthread_self()));
    cr_assert_eq(objects[2].destroyed, 0, "the current one stays");
    end();
}

Test(reclaimer, a_section_holds_up_destruction_but_not_publication)
{
    struct counted objects[3] = {0};
    begin();
    cr_assert_eq(publish(&cell, &objects[0]), 0);
    const struct qsc_version *version = qsc_snapshot_enter(&cell);
    cr_assert_eq(publish(&cell, &objects[1]), 0);
    cr_assert_eq(publish(&cell, &objects[2]), 0);
    sleep_ms(20);
    cr_assert_eq(version->object, &objects[0]);
    cr_assert_eq(objects[0].destroyed, 0);
    qsc_snapshot_leave(&cell);
    cr_assert(EVENTUALLY(objects[0].destroyed == 1 && objects[1].destroyed == 1));
    end();
}

static atomic_bool stuck, let_go;

static void destroy_slowly(void *object)
{
    atomic_store(&stuck, true);
    while (!atomic_load(&let_go))
        sleep_ms(1);
    counted_destroy(object);
}

Test(reclaimer, a_slow_destructor_holds_up_nobody_and_its_version_counts_until_it_ends)
{
    struct counted objects[4] = {0};
    stuck = let_go = false;
    begin();
    cr_assert_eq(qsc_snapshot_publish(&cell, &objects[0], 1, destroy_slowly, NULL), 0);
    cr_assert_eq(publish(&cell, &objects[1]), 0);
    cr_assert(EVENTUALLY(stuck));
    cr_assert_eq(publish(&cell, &objects[2]), 0);
    cr_assert_eq(publish(&cell, &objects[3]), 0);
    cr_assert_eq(stats_of(&cell).live_versions, 4);
    cr_assert_eq(stats_of(&cell).live_bytes, 1 + 3 * sizeof *objects);
    struct timespec soon = in_ms(10);
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &objects[0], 1, NULL, &soon, NULL), EINPROGRESS);
    atomic_store(&let_go, true);
    cr_assert(EVENTUALLY(stats_of(&cell).live_versions == 1));
    end();
}

static struct counted published_by_destructor;

static void destroy_and_publish(void *object)
{
    counted_destroy(object);
    if (publish(&cell, &published_by_destructor))
        counted_destroy(object); // the test sees the count
}

Test(reclaimer, a_destructor_may_publish)
{
    struct counted objects[2] = {0};
    published_by_destructor = (struct counted){0};
    begin();
    cr_assert_eq(qsc_snapshot_publish(&cell, &objects[0], 1, destroy_and_publish, NULL), 0);
    cr_assert_eq(publish(&cell, &objects[1]), 0);
    cr_assert(EVENTUALLY(stats_of(&cell).current_id == 3 && stats_of(&cell).live_versions == 1));
    cr_assert_eq(objects[0].destroyed, 1);
    cr_assert_eq(objects[1].destroyed, 1);
    end();
    cr_assert_eq(published_by_destructor.destroyed, 1);
}

/* An object that is destroyed a word at a time. */
struct sliced {
    atomic_int turns, left;
    struct counted whole;
};

static void destroy_in_slices(void *object)
{
    struct sliced *sliced = object;
    atomic_fetch_add(&sliced->turns, 1);
    while (atomic_load(&sliced->left) > 0) {
        if (atomic_load(&let_go))
            atomic_fetch_sub(&sliced->left, 1);
        if (qsc_snapshot_destroy_yield())
            return;
    }
    counted_destroy(&sliced->whole);
}

Test(reclaimer, a_destructor_that_yields_is_called_again_and_lets_others_through)
{
    struct sliced big = {.left = 3};
    struct counted objects[3] = {0};
    let_go = false;
    begin();
    cr_assert_eq(qsc_snapshot_publish(&cell, &big, 1, destroy_in_slices, NULL), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(publish(&cell, &objects[i]), 0);
    cr_assert(EVENTUALLY(objects[0].destroyed == 1 && objects[1].destroyed == 1), "though replaced later");
    cr_assert(EVENTUALLY(big.turns > 10));
    struct qsc_snapshot_stats stats = stats_of(&cell);
    cr_assert_eq(stats.live_versions, 2, "it counts until its destructor has ended");
    cr_assert_eq(stats.live_bytes, 1 + sizeof *objects);
    cr_assert_eq(stats.oldest_pin_id, 0, "and is not pinned");
    int before = big.turns;
    atomic_store(&let_go, true);
    end();
    cr_assert_geq(big.turns, before + 3);
    cr_assert_eq(big.whole.destroyed, 1);
    cr_assert_eq(objects[2].destroyed, 1);
}

Test(reclaimer, a_destructor_that_yields_does_not_keep_the_cell_in_use)
{
    struct sliced big = {.left = 1000};
    struct counted object = {0};
    qsc_pin pin;
    let_go = false;
    begin();
    cr_assert_eq(qsc_snapshot_publish(&cell, &big, 1, destroy_in_slices, NULL), 0);
    cr_assert_eq(publish(&cell, &object), 0);
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0);
    cr_assert(EVENTUALLY(big.turns > 0));
    cr_assert_eq(qsc_snapshot_fini(&cell), EBUSY, "because of the pin");
    qsc_snapshot_unpin(&pin);
    atomic_store(&let_go, true);
    end();
    cr_assert_eq(big.whole.destroyed, 1);
}

Test(reclaimer, elsewhere_a_destructor_goes_on)
{
    struct sliced big = {.left = 3};
    let_go = true;
    cr_assert_not(qsc_snapshot_destroy_yield());
    destroy_in_slices(&big);
    cr_assert_eq(big.turns, 1);
    cr_assert_eq(big.whole.destroyed, 1);
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

Test(reclaimer, waiting_for_pins_and_for_work_costs_next_to_no_time)
{
    struct counted objects[2] = {0};
    qsc_pin pin;
    begin();
    cr_assert_eq(publish(&cell, &objects[0]), 0);
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0);
    cr_assert_eq(publish(&cell, &objects[1]), 0);
    double before = cpu_seconds();
    sleep_ms(500);
    cr_assert_lt(cpu_seconds() - before, 0.1, "with a pin in the way");
    qsc_snapshot_unpin(&pin);
    cr_assert(EVENTUALLY(objects[0].destroyed == 1));
    before = cpu_seconds();
    sleep_ms(300);
    cr_assert_lt(cpu_seconds() - before, 0.01, "with nothing to do");
    end();
}

Test(reclaimer, without_a_thread_there_is_no_cell)
{
    no_thread_error = EAGAIN;
    cr_assert_eq(qsc_snapshot_init(&cell, NULL), EAGAIN);
    no_thread_error = 0;
    begin();
    end();
}

/* Memory that runs out at the k-th allocation, and a count of what is not given back. */
static atomic_long left, outstanding;

static bool runs_out(void)
{
    if (atomic_fetch_sub(&left, 1) <= 0)
        return true;
    atomic_fetch_add(&outstanding, 1);
    return false;
}
static void *failing_allocate(void *unused, size_t bytes, size_t align)
{
    (void)unused;
    return runs_out() ? NULL : aligned_alloc(align, (bytes + align - 1) / align * align);
}
static void *failing_zeroed(void *unused, size_t bytes)
{
    (void)unused;
    return runs_out() ? NULL : calloc(1, bytes);
}
static void *failing_reallocate(void *unused, void *memory, size_t bytes)
{
    (void)unused;
    return runs_out() ? NULL : realloc(memory, bytes);
}
static void failing_release(void *unused, void *memory)
{
    (void)unused;
    atomic_fetch_sub(&outstanding, 1);
    free(memory);
}
static const struct qsc_allocator failing = {failing_allocate, failing_zeroed, failing_reallocate,
                                             failing_release, NULL};

struct life {
    int failed; /* calls for which memory ran out */
    int wrong;  /* calls that failed otherwise, and objects lost or destroyed twice */
};

/* A life of a cell, from a thread without slots. */
static void *live_with_failures(void *arg)
{
    enum { PINS = 40 };
    struct counted objects[3] = {0};
    qsc_pin pins[PINS];
    int wrong = 0, failed = 0, published = 0;
#define NOTE(call)                                                              \
    ({                                                                          \
        int error_ = (call);                                                    \
        failed += error_ == ENOMEM;                                             \
        wrong += error_ && error_ != ENOMEM && (error_ != ENOENT || published); \
        error_;                                                                 \
    })
    if (NOTE(qsc_snapshot_init(&cell, NULL)) == 0) {
        NOTE(qsc_snapshot_register_thread());
        published += NOTE(publish(&cell, &objects[0])) == 0;
        published += NOTE(publish(&cell, &objects[1])) == 0;
        published +=
            NOTE(qsc_snapshot_publish_until(&cell, &objects[2], 1, counted_destroy, NULL, NULL)) == 0;
        for (int i = 0; i < PINS; i++) {
            int error = NOTE(qsc_snapshot_pin(&cell, &pins[i]));
            wrong += error && (pins[i].version || pins[i].slot);
        }
        for (int i = 0; i < PINS; i++)
            qsc_snapshot_unpin(&pins[i]);
        NOTE(qsc_snapshot_fini(&cell));
        for (int i = 0; i < 3; i++)
            published -= objects[i].destroyed;
        wrong += published != 0;
    }
    *(struct life *)arg = (struct life){failed, wrong};
    return NULL;
}

Test(reclaimer, every_allocation_may_fail)
{
    long survived = 0;
    struct life life = {.failed = 1};
    qsc_alloc_set(&failing);
    for (; life.failed; survived++) {
        atomic_store(&left, survived);
        join(start(live_with_failures, &life));
        cr_assert_eq(life.wrong, 0, "allocation %ld", survived + 1);
    }
    cr_assert_gt(survived, 4, "the cell, three versions, slots");
    long kept = outstanding; // the slots stay for later threads
    for (int i = 0; i < 10; i++) {
        atomic_store(&left, 1000);
        join(start(live_with_failures, &life));
        cr_assert_eq(life.failed + life.wrong, 0);
    }
    cr_assert_eq(outstanding, kept);
    qsc_alloc_set(NULL);
}
