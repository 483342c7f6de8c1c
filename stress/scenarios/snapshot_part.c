/* Owners of a part who give it up, and publishers who wait for its bytes or for older versions. Oracle: the
 * last owner destroys it, once, after all have done with it; who waits gets the room, or is cancelled. The
 * cells have no thread, and need none. */
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/snapshot_part.h>
#include <quiesce/concurrency/snapshot_writer.h>
#include <stdlib.h>

struct tensor {
    qsc_snapshot_part part; // first: a part * is a tensor *
    int word;               // plain
};

static struct qsc_snapshot_writer writer = {.reclaimer = {.max_live = UINT64_MAX, .max_live_bytes = 2}};
static qsc_snapshot cell = {.writer = &writer};

static void destroy(qsc_snapshot_part *part)
{
    ((struct tensor *)part)->word = -1;
    free(part);
}

static struct tensor *make(void)
{
    struct tensor *tensor = malloc(sizeof *tensor);
    assert(tensor);
    int error = qsc_snapshot_part_init(&tensor->part, &cell, 2, destroy);
    assert(error == 0);
    tensor->word = 1;
    return tensor;
}

static void *look_and_put(void *arg)
{
    struct tensor *tensor = arg;
    assert(tensor->word == 1);
    qsc_snapshot_part_put(&tensor->part);
    return NULL;
}

static void last_owner(void)
{
    struct tensor *tensor = make();
    qsc_snapshot_part_get(&tensor->part);
    pthread_t other = scenario_start(look_and_put, tensor);
    look_and_put(tensor);
    scenario_join(other);
    assert(writer.reclaimer.live_bytes == 0);
}

static void *publish(void *unused)
{
    int error = qsc_snapshot_publish_until(&cell, NULL, 1, NULL, NULL, NULL);
    assert(error == 0);
    return unused;
}

static void makes_room(void)
{
    struct tensor *tensor = make();
    pthread_t publisher = scenario_start(publish, NULL);
    qsc_snapshot_part_put(&tensor->part);
    scenario_join(publisher);
    assert(writer.reclaimer.live_bytes == 1);
    qsc_free(qsc_label_get(&cell.current));
}

static qsc_cancel token;
static int reason; // plain: who is cancelled comes after it
static int result;

static void *publish_cancellable(void *unused)
{
    result = qsc_snapshot_publish_cancellable(&cell, NULL, 1, NULL, NULL, &token, NULL);
    assert(reason == 1);
    return unused;
}

static void cancel_publisher(int expected)
{
    pthread_t publisher = scenario_start(publish_cancellable, NULL);
    reason = 1;
    qsc_cancel_request(&token);
    scenario_join(publisher);
    assert(result == expected);
}

// The part has all the room.
static void no_room(void)
{
    struct tensor *tensor = make();
    cancel_publisher(ECANCELED);
    assert(!cell.current && writer.reclaimer.live_bytes == 2);
    qsc_snapshot_part_put(&tensor->part);
}

// What is published stays so, though the version that it replaced is not destroyed.
static void old_version(void)
{
    int error = qsc_snapshot_publish(&cell, NULL, 1, NULL, NULL);
    assert(error == 0);
    struct version *old = qsc_label_get(&cell.current);
    cancel_publisher(EINPROGRESS);
    struct version *current = qsc_label_get(&cell.current);
    assert(current != old);
    qsc_free(old);
    qsc_free(current);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {{"last-owner", last_owner},
                                          {"makes-room", makes_room},
                                          {"no-room", no_room},
                                          {"old-version", old_version}};
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
