/* Owners of a part who give it up, and one who waits for its bytes. Oracle: the last owner destroys it, once,
 * after all have done with it; who waits gets the room. The cells have no thread, and need none. */
#include "scenario.h"

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

int main(int argc, char **argv)
{
    static const struct scenario all[] = {{"last-owner", last_owner}, {"makes-room", makes_room}};
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
