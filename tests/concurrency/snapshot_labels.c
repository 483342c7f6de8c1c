#include "failing.h"
#include "snapshot_support.h"

#include <math.h>
#include <quiesce/concurrency/snapshot_labels.h>
#include <unistd.h>

enum { KEYS = 10000 };

static qsc_snapshot cell;
static struct counted objects[6]; // objects[i] becomes version i + 1

static void begin(uint32_t max_versions, uint64_t max_bytes)
{
    struct qsc_snapshot_config bounds = {max_versions, max_bytes};
    for (int i = 0; i < 6; i++)
        objects[i] = (struct counted){0};
    cr_assert_eq(qsc_snapshot_init(&cell, &bounds), 0);
    cr_assert_eq(qsc_snapshot_publish(&cell, &objects[0], 1, counted_destroy, NULL), 0);
}

static void end(void)
{
    cr_assert_eq(qsc_snapshot_fini(&cell), 0);
}

static int publish_canary(int i, double share)
{
    return qsc_snapshot_publish_canary(&cell, share, &objects[i], 1, counted_destroy, NULL);
}

static uint64_t id_for(uint64_t key)
{
    qsc_pin pin;
    cr_assert_eq(qsc_snapshot_pin_for(&cell, key, &pin), 0);
    uint64_t id = pin.version->id;
    qsc_snapshot_unpin(&pin);
    return id;
}

static uint64_t id_for_all(void)
{
    uint64_t id = id_for(0);
    for (uint64_t key = 1; key < 100; key++)
        cr_assert_eq(id_for(key), id);
    qsc_pin pin;
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0);
    cr_assert_eq(pin.version->id, id);
    qsc_snapshot_unpin(&pin);
    return id;
}

static void expect_labels(uint64_t current, uint64_t canary, uint64_t previous)
{
    struct qsc_snapshot_stats stats = stats_of(&cell);
    cr_assert_eq(stats.current_id, current);
    cr_assert_eq(stats.canary_id, canary);
    cr_assert_eq(stats.previous_id, previous);
}

Test(snapshot_labels, without_a_canary_all_keys_get_the_current_version)
{
    qsc_pin pin;
    cr_assert_eq(qsc_snapshot_init(&cell, NULL), 0);
    cr_assert_eq(qsc_snapshot_pin_for(&cell, 1, &pin), ENOENT);
    cr_assert_null(pin.version);
    cr_assert_eq(publish_canary(0, 1), ENOENT, "beside what?");
    cr_assert_eq(qsc_snapshot_promote(&cell, 0), ESTALE);
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 0), ESTALE);
    end();
    begin(0, 0);
    cr_assert_eq(id_for_all(), 1);
    expect_labels(1, 0, 0);
    end();
}

Test(snapshot_labels, a_share_is_between_none_and_all)
{
    begin(0, 0);
    const double wrong[] = {-0.1, 1.1, NAN, INFINITY};
    for (int i = 0; i < 4; i++)
        cr_assert_eq(publish_canary(1, wrong[i]), EINVAL);
    cr_assert_eq(publish_canary(1, 0), 0);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(qsc_snapshot_set_share(&cell, 2, wrong[i]), EINVAL);
    cr_assert_eq(qsc_snapshot_set_share(&cell, 1, 1), ESTALE);
    cr_assert_eq(id_for_all(), 1);
    cr_assert_eq(qsc_snapshot_set_share(&cell, 2, 1), 0);
    for (uint64_t key = 0; key < KEYS; key++)
        cr_assert_eq(id_for(key), 2);
    cr_assert_eq(stats_of(&cell).canary_share, 1);
    end();
}

Test(snapshot_labels, a_greater_share_only_moves_keys_to_the_canary)
{
    static bool before[KEYS];
    memset(before, 0, sizeof before);
    begin(0, 0);
    cr_assert_eq(publish_canary(1, 0), 0);
    for (int tenths = 1; tenths <= 9; tenths++) {
        cr_assert_eq(qsc_snapshot_set_share(&cell, 2, tenths / 10.0), 0);
        cr_assert_float_eq(stats_of(&cell).canary_share, tenths / 10.0, 1e-9);
        int count = 0;
        for (uint64_t key = 0; key < KEYS; key++) {
            bool canary = id_for(key) == 2;
            cr_assert_eq(canary, id_for(key) == 2, "the same key, the same side");
            cr_assert(canary || !before[key]);
            before[key] = canary;
            count += canary;
        }
        cr_assert_lt(abs(count - tenths * KEYS / 10), KEYS / 50);
    }
    cr_assert_eq(publish_canary(2, 0.9), 0);
    for (uint64_t key = 0; key < KEYS; key++)
        cr_assert_eq(id_for(key), before[key] ? 3 : 1, "the next canary, the same keys");
    end();
}

Test(snapshot_labels, a_promoted_canary_is_for_all_and_the_version_before_it_stays)
{
    begin(0, 0);
    cr_assert_eq(publish_canary(1, 0.5), 0);
    expect_labels(1, 2, 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 1), ESTALE);
    cr_assert_eq(qsc_snapshot_promote(&cell, 2), 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 2), ESTALE);
    expect_labels(2, 0, 1);
    cr_assert_eq(id_for_all(), 2);
    cr_assert_eq(publish_canary(2, 0.5), 0);
    cr_assert_eq(objects[0].destroyed, 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 3), 0);
    expect_labels(3, 0, 2);
    cr_assert(EVENTUALLY(objects[0].destroyed == 1));
    cr_assert(EVENTUALLY(stats_of(&cell).live_versions == 2));
    const struct qsc_version *version = qsc_snapshot_enter(&cell);
    cr_assert_eq(version->id, 3);
    cr_assert_eq(version->parent, 2);
    qsc_snapshot_leave(&cell);
    end();
    for (int i = 0; i < 3; i++)
        cr_assert_eq(objects[i].destroyed, 1);
}

Test(snapshot_labels, the_current_version_gives_way_to_the_previous)
{
    begin(0, 0);
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 1), ENOENT);
    cr_assert_eq(publish_canary(1, 0.5), 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 2), 0);
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 2), 0);
    expect_labels(1, 0, 0);
    cr_assert_eq(id_for_all(), 1);
    cr_assert(EVENTUALLY(objects[1].destroyed == 1));
    cr_assert_eq(objects[0].destroyed, 0);
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 2), ESTALE);
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 1), ENOENT);
    uint64_t id;
    cr_assert_eq(qsc_snapshot_publish_if(&cell, 1, &objects[2], 1, counted_destroy, &id), 0);
    cr_assert_eq(id, 3, "ids are not used again");
    end();
}

Test(snapshot_labels, canary_and_previous_can_be_withdrawn)
{
    begin(0, 0);
    cr_assert_eq(publish_canary(1, 1), 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 2), 0);
    cr_assert_eq(publish_canary(2, 1), 0);
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 3), 0);
    expect_labels(2, 0, 1);
    cr_assert_eq(id_for_all(), 2);
    cr_assert(EVENTUALLY(objects[2].destroyed == 1));
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 1), 0);
    expect_labels(2, 0, 0);
    cr_assert(EVENTUALLY(objects[0].destroyed == 1));
    cr_assert_eq(objects[1].destroyed, 0);
    end();
}

Test(snapshot_labels, a_publication_replaces_the_version_of_its_label_only)
{
    begin(0, 0);
    cr_assert_eq(publish_canary(1, 1), 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 2), 0);
    cr_assert_eq(publish_canary(2, 1), 0);
    cr_assert_eq(publish(&cell, &objects[3]), 0);
    expect_labels(4, 3, 1);
    cr_assert(EVENTUALLY(objects[1].destroyed == 1));
    cr_assert_eq(publish_canary(4, 0), 0);
    expect_labels(4, 5, 1);
    cr_assert(EVENTUALLY(objects[2].destroyed == 1));
    cr_assert_eq(stats_of(&cell).live_versions, 3);
    end();
}

Test(snapshot_labels, named_versions_count_against_the_bounds)
{
    begin(3, 0);
    cr_assert_eq(publish_canary(1, 1), 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 2), 0);
    cr_assert_eq(publish_canary(2, 1), 0);
    cr_assert_eq(publish_canary(3, 1), E2BIG, "labels alone take all the room");
    cr_assert_eq(publish(&cell, &objects[3]), E2BIG);
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &objects[3], 1, counted_destroy, NULL, NULL), E2BIG);
    cr_assert_eq(qsc_snapshot_promote(&cell, 3), 0, "needs no room");
    cr_assert(EVENTUALLY(publish_canary(3, 1) == 0));
    qsc_pin pin;
    cr_assert_eq(qsc_snapshot_pin_for(&cell, 1, &pin), 0);
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 4), 0);
    cr_assert_eq(publish_canary(4, 1), EAGAIN, "the pin may be released");
    qsc_snapshot_unpin(&pin);
    cr_assert(EVENTUALLY(publish_canary(4, 1) == 0));
    end();

    begin(0, 100);
    cr_assert_eq(qsc_snapshot_publish_canary(&cell, 1, &objects[1], 60, counted_destroy, NULL), 0);
    cr_assert_eq(qsc_snapshot_publish_canary(&cell, 1, &objects[2], 40, counted_destroy, NULL), E2BIG);
    cr_assert_eq(qsc_snapshot_publish_canary(&cell, 1, &objects[2], 39, counted_destroy, NULL), 0);
    cr_assert_eq(stats_of(&cell).live_bytes_max, 100);
    end();
}

Test(snapshot_labels, publish_until_does_not_wait_for_what_labels_name)
{
    begin(0, 0);
    cr_assert_eq(publish_canary(1, 1), 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 2), 0);
    cr_assert_eq(publish_canary(2, 1), 0);
    qsc_pin pin;
    cr_assert_eq(qsc_snapshot_pin_for(&cell, 1, &pin), 0);
    cr_assert_eq(pin.version->id, 3);
    struct timespec deadline = in_ms(10000);
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &objects[3], 1, counted_destroy, &deadline, NULL), 0);
    cr_assert_eq(objects[1].destroyed, 1);
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 3), 0);
    struct timespec soon = in_ms(10);
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &objects[4], 1, counted_destroy, &soon, NULL), EINPROGRESS,
                 "what was withdrawn is pinned");
    qsc_snapshot_unpin(&pin);
    end();
}

Test(snapshot_labels, a_pin_is_as_old_as_the_last_moment_at_which_readers_got_its_version)
{
    begin(0, 0);
    qsc_pin first, canary;
    cr_assert_eq(qsc_snapshot_pin(&cell, &first), 0);
    cr_assert_eq(publish_canary(1, 1), 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 2), 0);
    sleep_ms(20);
    cr_assert_eq(stats_of(&cell).oldest_pin_id, 0, "a label names it");
    cr_assert_eq(publish_canary(2, 1), 0);
    cr_assert_eq(qsc_snapshot_pin_for(&cell, 1, &canary), 0);
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 3), 0);
    cr_assert(EVENTUALLY(stats_of(&cell).oldest_pin_id == 3));
    cr_assert_eq(stats_of(&cell).oldest_pin_owner, getpid());
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 1), 0);
    cr_assert(EVENTUALLY(stats_of(&cell).oldest_pin_id == 1), "retired later, replaced earlier");
    cr_assert_geq(stats_of(&cell).oldest_pin_age_ns, 20000000);
    qsc_snapshot_unpin(&first);
    cr_assert(EVENTUALLY(stats_of(&cell).oldest_pin_id == 3));
    qsc_snapshot_unpin(&canary);
    end();
}

Test(snapshot_labels, a_version_that_came_back_is_as_new)
{
    begin(0, 0);
    qsc_pin pin;
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0);
    cr_assert_eq(publish_canary(1, 1), 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 2), 0);
    sleep_ms(50);
    cr_assert_eq(qsc_snapshot_roll_back(&cell, 2), 0);
    struct timespec before = in_ms(0);
    cr_assert_eq(publish(&cell, &objects[2]), 0);
    cr_assert(EVENTUALLY(stats_of(&cell).oldest_pin_id == 1));
    uint64_t age = stats_of(&cell).oldest_pin_age_ns;
    struct timespec now = in_ms(0);
    uint64_t most = (uint64_t)((now.tv_sec - before.tv_sec) * 1000000000 + now.tv_nsec - before.tv_nsec);
    cr_assert_leq(age, most);
    qsc_snapshot_unpin(&pin);
    end();
}

Test(snapshot_labels, fini_asks_for_pins_of_every_label)
{
    begin(0, 0);
    qsc_pin previous, canary;
    cr_assert_eq(qsc_snapshot_pin(&cell, &previous), 0);
    cr_assert_eq(publish_canary(1, 1), 0);
    cr_assert_eq(qsc_snapshot_promote(&cell, 2), 0);
    cr_assert_eq(publish_canary(2, 1), 0);
    cr_assert_eq(qsc_snapshot_pin_for(&cell, 1, &canary), 0);
    cr_assert_eq(qsc_snapshot_fini(&cell), EBUSY);
    qsc_snapshot_unpin(&previous);
    cr_assert_eq(qsc_snapshot_fini(&cell), EBUSY, "the canary is pinned");
    expect_labels(2, 3, 1);
    qsc_snapshot_unpin(&canary);
    end();
    for (int i = 0; i < 3; i++)
        cr_assert_eq(objects[i].destroyed, 1);
}

Test(snapshot_labels, without_memory_the_canary_stays_the_callers)
{
    begin(0, 0);
    failing_at(0);
    cr_assert_eq(publish_canary(1, 1), ENOMEM);
    failing_off();
    expect_labels(1, 0, 0);
    end();
    cr_assert_eq(objects[1].destroyed, 0);
}
