#include "snapshot_support.h"

#include <quiesce/concurrency/snapshot_part.h>
#include <stddef.h>

enum { TENSORS = 3 };

struct tensor {
    qsc_snapshot_part part;
    atomic_int destroyed;
};

struct model {
    struct tensor *tensors[TENSORS];
    atomic_int left;
};

static qsc_snapshot cell;

static void begin(uint64_t max_bytes)
{
    cr_assert_eq(qsc_snapshot_init(&cell, &(struct qsc_snapshot_config){.max_live_bytes = max_bytes}), 0);
}

static void end(void)
{
    cr_assert_eq(qsc_snapshot_fini(&cell), 0);
}

static void tensor_destroy(qsc_snapshot_part *part)
{
    struct tensor *tensor = (struct tensor *)((char *)part - offsetof(struct tensor, part));
    atomic_fetch_add(&tensor->destroyed, 1);
}

static void model_destroy(void *object)
{
    struct model *model = object;
    while (model->left > 0) {
        qsc_snapshot_part_put(&model->tensors[--model->left]->part);
        if (qsc_snapshot_destroy_yield())
            return;
    }
}

/* A model of tensors 100, 10 and 1 bytes large; those that it does not share with `parent` are new. */
static int build(struct model *model, const struct model *parent, struct tensor *changed)
{
    static const uint64_t bytes[] = {100, 10, 1};
    for (int i = 0; i < TENSORS; i++) {
        model->tensors[i] = &changed[i];
        int error = 0;
        if (parent && parent->tensors[i] && i != TENSORS - 1) {
            model->tensors[i] = parent->tensors[i];
            qsc_snapshot_part_get(&model->tensors[i]->part);
        } else {
            error = qsc_snapshot_part_init(&changed[i].part, &cell, bytes[i], tensor_destroy);
        }
        if (error) {
            model_destroy(model);
            return error;
        }
        model->left = i + 1;
    }
    return 0;
}

static int publish_model(struct model *model)
{
    return qsc_snapshot_publish(&cell, model, 1000, model_destroy, NULL);
}

Test(snapshot_part, a_shared_part_is_counted_once_and_lives_as_long_as_a_version_that_owns_it)
{
    struct tensor tensors[3][TENSORS] = {0};
    struct model models[3] = {0};
    begin(0);
    cr_assert_eq(build(&models[0], NULL, tensors[0]), 0);
    cr_assert_eq(stats_of(&cell).live_bytes, 111, "before it is published");
    cr_assert_eq(publish_model(&models[0]), 0);
    for (int i = 1; i < 3; i++) {
        cr_assert_eq(build(&models[i], &models[i - 1], tensors[i]), 0);
        cr_assert_eq(stats_of(&cell).live_bytes, 1111 + 1);
        cr_assert_eq(publish_model(&models[i]), 0);
        cr_assert(EVENTUALLY(stats_of(&cell).live_versions == 1));
        cr_assert_eq(stats_of(&cell).live_bytes, 1111);
        cr_assert_eq(tensors[i - 1][2].destroyed, 1, "what has changed went");
        cr_assert_eq(tensors[0][0].destroyed + tensors[0][1].destroyed, 0, "what is shared stays");
    }
    cr_assert_eq(stats_of(&cell).live_bytes_max, 2112);
    end();
    cr_assert_eq(tensors[0][0].destroyed, 1);
    cr_assert_eq(tensors[0][1].destroyed, 1);
    cr_assert_eq(tensors[2][2].destroyed, 1);
    cr_assert_eq(tensors[1][0].destroyed + tensors[2][0].destroyed, 0, "never made");
}

Test(snapshot_part, parts_count_against_the_bound)
{
    struct tensor tensors[3][TENSORS] = {0};
    struct model models[3] = {0};
    begin(1300);
    cr_assert_eq(build(&models[0], NULL, tensors[0]), 0);
    cr_assert_eq(publish_model(&models[0]), 0);
    qsc_snapshot_part part;
    cr_assert_eq(qsc_snapshot_part_init(&part, &cell, 1301, tensor_destroy), E2BIG);
    cr_assert_eq(qsc_snapshot_part_init(&part, &cell, 301, tensor_destroy), E2BIG,
                 "beside the current version");
    cr_assert_eq(build(&models[1], NULL, tensors[1]), 0);
    cr_assert_eq(build(&models[2], NULL, tensors[2]), EAGAIN);
    cr_assert_eq(stats_of(&cell).live_bytes, 1222, "what was built of it is gone");
    model_destroy(&models[1]);
    cr_assert_eq(stats_of(&cell).live_bytes, 1111);
    for (int i = 0; i < TENSORS; i++)
        cr_assert_eq(tensors[1][i].destroyed, 1, "on the publisher's own thread");
    end();
}

static void *publish_small(void *error)
{
    static struct counted object;
    object = (struct counted){0};
    struct timespec deadline = in_ms(10000);
    *(int *)error = qsc_snapshot_publish_until(&cell, &object, 300, counted_destroy, &deadline, NULL);
    return NULL;
}

Test(snapshot_part, the_end_of_a_part_makes_room_for_who_waits)
{
    struct tensor tensors[2][TENSORS] = {0};
    struct model models[2] = {0};
    struct counted object = {0};
    begin(700);
    cr_assert_eq(qsc_snapshot_publish(&cell, &object, 300, counted_destroy, NULL), 0);
    cr_assert_eq(build(&models[0], NULL, tensors[0]), 0);
    int error = -1;
    pthread_t waiter = start(publish_small, &error);
    sleep_ms(10);
    cr_assert_eq(stats_of(&cell).published, 1);
    cr_assert_eq(build(&models[1], &models[0], tensors[1]), 0);
    model_destroy(&models[0]);
    sleep_ms(10);
    cr_assert_eq(stats_of(&cell).published, 1, "two of the parts have another owner");
    model_destroy(&models[1]);
    join(waiter);
    cr_assert_eq(error, 0);
    end();
}
