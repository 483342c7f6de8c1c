#include "snapshot_support.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static qsc_snapshot cell;

static void begin(uint32_t max_versions, uint64_t max_bytes)
{
    struct qsc_snapshot_config bounds = {max_versions, max_bytes};
    cr_assert_eq(qsc_snapshot_init(&cell, &bounds), 0);
}

static void end(void)
{
    cr_assert_eq(qsc_snapshot_fini(&cell), 0);
}

static uint64_t now_ns(void)
{
    struct timespec t = in_ms(0);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

Test(snapshot, an_empty_cell_has_nothing_to_show)
{
    begin(0, 0);
    cr_assert_null(qsc_snapshot_enter(&cell));
    qsc_snapshot_leave(&cell);
    qsc_pin pin = {&(struct qsc_version){0}, &pin};
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), ENOENT);
    cr_assert_null(pin.version);
    cr_assert_null(pin.slot);
    qsc_snapshot_unpin(&pin);
    struct qsc_snapshot_stats stats = stats_of(&cell);
    cr_assert_eq(stats.current_id + stats.published + stats.live_versions + stats.publish.count, 0);
    end();
}

Test(snapshot, readers_get_the_version_as_it_was_published)
{
    struct counted first = {0}, second = {0};
    begin(0, 0);
    cr_assert_eq(qsc_snapshot_register_thread(), 0);
    uint64_t before = now_ns(), id = 0;
    cr_assert_eq(qsc_snapshot_publish(&cell, &first, 7, counted_destroy, NULL), 0);
    cr_assert_eq(qsc_snapshot_publish(&cell, &second, 11, counted_destroy, &id), 0);
    cr_assert_eq(id, 2);
    const struct qsc_version *version = qsc_snapshot_enter(&cell);
    cr_assert_eq(version->object, &second);
    cr_assert_eq(version->id, 2);
    cr_assert_eq(version->parent, 1);
    cr_assert_eq(version->bytes, 11);
    cr_assert_geq(version->created_ns, before);
    cr_assert_leq(version->created_ns, now_ns());
    qsc_pin pin;
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0, "also inside a section");
    cr_assert_eq(pin.version, version);
    qsc_snapshot_leave(&cell);
    qsc_snapshot_unpin(&pin);
    end();
    cr_assert_eq(first.destroyed, 1);
    cr_assert_eq(second.destroyed, 1);
}

Test(snapshot, objects_without_a_destructor_are_left_alone)
{
    static int text[2];
    begin(0, 0);
    cr_assert_eq(qsc_snapshot_publish(&cell, &text[0], 0, NULL, NULL), 0);
    cr_assert_eq(qsc_snapshot_publish(&cell, &text[1], 0, NULL, NULL), 0);
    cr_assert(EVENTUALLY(stats_of(&cell).reclaimed == 1));
    end();
}

Test(snapshot, publish_if_succeeds_only_on_the_version_it_names)
{
    struct counted objects[3] = {0};
    begin(0, 0);
    uint64_t id = 77;
    cr_assert_eq(qsc_snapshot_publish_if(&cell, 1, &objects[0], 1, counted_destroy, &id), ESTALE);
    cr_assert_eq(id, 77);
    cr_assert_eq(qsc_snapshot_publish_if(&cell, 0, &objects[0], 1, counted_destroy, &id), 0);
    cr_assert_eq(id, 1);
    cr_assert_eq(qsc_snapshot_publish_if(&cell, 0, &objects[1], 1, counted_destroy, NULL), ESTALE);
    cr_assert_eq(qsc_snapshot_publish_if(&cell, 2, &objects[1], 1, counted_destroy, NULL), ESTALE);
    cr_assert_eq(qsc_snapshot_publish_if(&cell, 1, &objects[1], 1, counted_destroy, &id), 0);
    cr_assert_eq(id, 2);
    end();
    cr_assert_eq(objects[2].destroyed, 0);
}

Test(snapshot, a_full_cell_tells_the_publisher_and_leaves_him_the_object)
{
    struct counted objects[4] = {0};
    begin(3, 0);
    qsc_pin pins[2];
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(publish(&cell, &objects[i]), 0);
        cr_assert_eq(qsc_snapshot_pin(&cell, &pins[i]), 0);
    }
    cr_assert_eq(publish(&cell, &objects[2]), 0);
    cr_assert_eq(publish(&cell, &objects[3]), EAGAIN);
    cr_assert_eq(qsc_snapshot_publish_if(&cell, 3, &objects[3], 1, counted_destroy, NULL), EAGAIN);
    cr_assert_eq(qsc_snapshot_publish_if(&cell, 1, &objects[3], 1, counted_destroy, NULL), ESTALE);
    cr_assert_eq(stats_of(&cell).live_versions, 3);
    qsc_snapshot_unpin(&pins[1]);
    cr_assert(EVENTUALLY(publish(&cell, &objects[3]) == 0));
    cr_assert_eq(stats_of(&cell).live_versions_max, 3);
    qsc_snapshot_unpin(&pins[0]);
    end();
    for (int i = 0; i < 4; i++)
        cr_assert_eq(objects[i].destroyed, 1);
}

Test(snapshot, bytes_are_bounded_too)
{
    struct counted objects[4] = {0};
    qsc_pin pin;
    begin(0, 100);
    cr_assert_eq(qsc_snapshot_publish(&cell, &objects[0], 101, counted_destroy, NULL), E2BIG);
    cr_assert_eq(qsc_snapshot_publish(&cell, &objects[0], UINT64_MAX, counted_destroy, NULL), E2BIG);
    cr_assert_eq(qsc_snapshot_publish(&cell, &objects[0], 40, counted_destroy, NULL), 0);
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0);
    cr_assert_eq(qsc_snapshot_publish(&cell, &objects[1], 61, counted_destroy, NULL), E2BIG);
    cr_assert_eq(qsc_snapshot_publish(&cell, &objects[1], 30, counted_destroy, NULL), 0);
    cr_assert_eq(qsc_snapshot_publish(&cell, &objects[2], 31, counted_destroy, NULL), EAGAIN);
    cr_assert_eq(qsc_snapshot_publish(&cell, &objects[2], 30, counted_destroy, NULL), 0);
    cr_assert_eq(stats_of(&cell).live_bytes_max, 100);
    qsc_snapshot_unpin(&pin);
    end();
    cr_assert_eq(objects[2].destroyed, 1);
    cr_assert_eq(objects[3].destroyed, 0);
}

Test(snapshot, a_bound_of_one_version_could_never_be_replaced)
{
    struct qsc_snapshot_config one = {.max_live_versions = 1};
    cr_assert_eq(qsc_snapshot_init(&cell, &one), EINVAL);
}

struct waiter {
    struct counted *object;
    struct timespec deadline;
    uint64_t id;
    int error;
    atomic_bool done;
};

static void *publish_until(void *arg)
{
    struct waiter *waiter = arg;
    const struct timespec *deadline = waiter->deadline.tv_sec ? &waiter->deadline : NULL;
    waiter->error =
        qsc_snapshot_publish_until(&cell, waiter->object, 1, counted_destroy, deadline, &waiter->id);
    atomic_store(&waiter->done, true);
    return NULL;
}

Test(snapshot, publish_until_waits_for_room_and_then_for_older_readers)
{
    struct counted objects[3] = {0};
    qsc_pin pins[2];
    begin(2, 0);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(publish(&cell, &objects[i]), 0);
        cr_assert_eq(qsc_snapshot_pin(&cell, &pins[i]), 0);
    }
    struct waiter waiter = {.object = &objects[2]}; // without a deadline
    pthread_t thread = start(publish_until, &waiter);
    sleep_ms(20);
    cr_assert_eq(stats_of(&cell).published, 2, "no room yet");
    qsc_snapshot_unpin(&pins[0]);
    cr_assert(EVENTUALLY(stats_of(&cell).published == 3));
    sleep_ms(20);
    cr_assert_not(waiter.done, "version 2 is still pinned");
    qsc_snapshot_unpin(&pins[1]);
    join(thread);
    cr_assert_eq(waiter.error, 0);
    cr_assert_eq(waiter.id, 3);
    cr_assert_eq(objects[1].destroyed, 1);
    end();
}

Test(snapshot, publish_until_says_what_it_could_not_wait_for)
{
    struct counted objects[4] = {0};
    qsc_pin pin;
    begin(2, 0);
    struct timespec past = in_ms(0), soon = in_ms(20);
    uint64_t id = 0;
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &objects[0], 1, counted_destroy, &past, &id), 0);
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0);
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &objects[1], 1, counted_destroy, &soon, &id), EINPROGRESS);
    cr_assert_eq(id, 2, "published, and the cell's");
    cr_assert_geq(now_ns(), (uint64_t)soon.tv_sec * 1000000000 + (uint64_t)soon.tv_nsec);
    soon = in_ms(20);
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &objects[2], 1, counted_destroy, &soon, &id), ETIMEDOUT);
    cr_assert_eq(id, 2);
    qsc_snapshot_unpin(&pin);
    soon = in_ms(5000);
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &objects[2], 1, counted_destroy, &soon, &id), 0);
    cr_assert_eq(objects[0].destroyed + objects[1].destroyed, 2);
    end();
}

static qsc_cancel cancel;

static void *publish_cancellable(void *arg)
{
    struct waiter *waiter = arg;
    waiter->error = qsc_snapshot_publish_cancellable(&cell, waiter->object, 1, counted_destroy, NULL, &cancel,
                                                     &waiter->id);
    return NULL;
}

Test(snapshot, a_token_ends_both_waits_of_a_publisher)
{
    struct counted objects[3] = {0};
    qsc_pin pin;
    begin(2, 0);
    cancel = (qsc_cancel)QSC_CANCEL_INIT;
    cr_assert_eq(publish(&cell, &objects[0]), 0);
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0);
    struct waiter published = {.object = &objects[1]}, refused = {.object = &objects[2]};
    pthread_t first = start(publish_cancellable, &published);
    cr_assert(EVENTUALLY(stats_of(&cell).published == 2));
    pthread_t second = start(publish_cancellable, &refused);
    sleep_ms(20); // they sleep, or are about to
    qsc_cancel_request(&cancel);
    join(first);
    join(second);
    cr_assert_eq(published.error, EINPROGRESS);
    cr_assert_eq(published.id, 2);
    cr_assert_eq(refused.error, ECANCELED);
    cr_assert_eq(refused.id, 0);
    qsc_snapshot_unpin(&pin);
    cr_assert(EVENTUALLY(objects[0].destroyed == 1));
    publish_cancellable(&refused);
    cr_assert_eq(refused.id, 3, "there is room");
    end();
    for (int i = 0; i < 3; i++)
        cr_assert_eq(objects[i].destroyed, 1);
}

Test(snapshot, publish_until_refuses_what_cannot_come_about)
{
    struct counted object = {0};
    begin(2, 10);
    struct timespec bad = {.tv_nsec = 1000000000};
    qsc_snapshot_enter(&cell);
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &object, 1, counted_destroy, NULL, NULL), EDEADLK);
    qsc_snapshot_leave(&cell);
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &object, 1, counted_destroy, &bad, NULL), EINVAL);
    cr_assert_eq(qsc_snapshot_publish_until(&cell, &object, 11, counted_destroy, NULL, NULL), E2BIG);
    end();
    cr_assert_eq(object.destroyed, 0);
}

Test(snapshot, fini_is_refused_while_a_version_is_pinned)
{
    struct counted objects[2] = {0};
    qsc_pin old, current;
    begin(0, 0);
    cr_assert_eq(publish(&cell, &objects[0]), 0);
    cr_assert_eq(qsc_snapshot_pin(&cell, &old), 0);
    cr_assert_eq(qsc_snapshot_fini(&cell), EBUSY, "the current version is pinned");
    cr_assert_eq(publish(&cell, &objects[1]), 0, "the cell can be used on");
    cr_assert_eq(qsc_snapshot_fini(&cell), EBUSY, "a replaced version is pinned");
    cr_assert_eq(qsc_snapshot_pin(&cell, &current), 0);
    cr_assert_eq(current.version->object, &objects[1]);
    qsc_snapshot_unpin(&old);
    cr_assert_eq(qsc_snapshot_fini(&cell), EBUSY);
    cr_assert_eq(objects[1].destroyed, 0);
    qsc_snapshot_unpin(&current);
    end();
    cr_assert_eq(objects[0].destroyed + objects[1].destroyed, 2);
    begin(0, 0); // the memory of a cell serves for another one
    end();
}

Test(snapshot, statistics_tell_the_story)
{
    struct counted objects[3] = {0};
    qsc_pin pin;
    begin(0, 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(publish(&cell, &objects[i]), 0);
    cr_assert(EVENTUALLY(stats_of(&cell).reclaimed == 2));
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0);
    cr_assert_eq(publish(&cell, &objects[0]), 0);
    cr_assert(EVENTUALLY(stats_of(&cell).oldest_pin_id == 3));
    uint64_t age = stats_of(&cell).oldest_pin_age_ns;
    sleep_ms(2);
    struct qsc_snapshot_stats stats = stats_of(&cell);
    cr_assert_geq(stats.oldest_pin_age_ns, age + 1000000);
    cr_assert_eq(stats.oldest_pin_owner, getpid(), "of the main thread");
    cr_assert_eq(stats.current_id, 4);
    cr_assert_eq(stats.published, 4);
    cr_assert_eq(stats.live_versions, 2);
    cr_assert_eq(stats.live_bytes, 2 * sizeof *objects);
    cr_assert_geq(stats.live_versions_max, 2);
    cr_assert_eq(stats.publish.count, 4);
    cr_assert_geq(stats.publish.max_ns, stats.publish.mean_ns);
    cr_assert_geq(stats.publish.max_ns, stats.publish.last_ns);
    cr_assert_geq(stats.grace_period.count, 2);
    cr_assert_leq(stats.grace_period.count, 3);
    cr_assert_gt(stats.grace_period.max_ns, 0);
    qsc_snapshot_unpin(&pin);
    cr_assert(EVENTUALLY(stats_of(&cell).oldest_pin_id == 0));
    cr_assert_eq(stats_of(&cell).oldest_pin_owner + (int)stats_of(&cell).oldest_pin_age_ns, 0);
    end();
}

Test(snapshot, a_forked_child_may_read)
{
    struct counted object = {0};
    begin(0, 0);
    cr_assert_eq(publish(&cell, &object), 0);
    pid_t child = fork();
    if (child == 0) {
        qsc_pin pin;
        bool right = qsc_snapshot_pin(&cell, &pin) == 0 && qsc_snapshot_enter(&cell) == pin.version;
        _exit(right && pin.version->object == &object ? 0 : 1);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    end();
}
