/* Publishers build each version from the one that they have pinned: they change one part and share the
 * others, and whoever of them comes too late gives back what he has built. Readers look at all parts of what
 * they pin. A part's words carry its number; its destruction spoils them. Oracle: the parts of a pinned
 * version are whole; what is alive never exceeds the bound on bytes; at the end each part of the last version
 * counts once and nothing else counts; then nothing is left. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/snapshot_part.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>

enum {
    PUBLISHERS = 2,
    READERS = 2,
    ROUNDS = STRESS_SIZE(100, 2),
    PARTS = 3,
    WORDS = 16,
};

struct tensor {
    qsc_snapshot_part part;
    uint64_t words[WORDS];
};

struct model {
    struct tensor *tensors[PARTS];
    int left; // that the destructor has still to put
};

// Room for two models without a part in common, or many that share.
static const uint64_t max_bytes = 2 * sizeof(struct model) + 2 * PARTS * sizeof(struct tensor);

static qsc_snapshot cell;
static _Atomic int publishing;
static _Atomic uint64_t made;        // parts so far
static _Atomic uint64_t alive_bytes; // of parts

struct member {
    int index;
    long met; // times a model was given back because another one had come first
};

static const uint64_t spoilt = 0xdeadbeefdeadbeef;

static void tensor_destroy(qsc_snapshot_part *part)
{
    struct tensor *tensor = (struct tensor *)((char *)part - offsetof(struct tensor, part));
    uint64_t number = tensor->words[0];
    assert(number != spoilt);
    for (int i = 0; i < WORDS; i++) {
        assert(tensor->words[i] == number);
        tensor->words[i] = spoilt;
    }
    free(tensor);
    atomic_fetch_sub_explicit(&alive_bytes, sizeof *tensor, memory_order_relaxed);
}

// NULL: the bound is reached.
static struct tensor *tensor_make(void)
{
    struct tensor *tensor = malloc(sizeof *tensor);
    assert(tensor);
    int error = qsc_snapshot_part_init(&tensor->part, &cell, sizeof *tensor, tensor_destroy);
    if (error) {
        assert(error == EAGAIN);
        free(tensor);
        return NULL;
    }
    uint64_t others = atomic_fetch_add_explicit(&alive_bytes, sizeof *tensor, memory_order_relaxed);
    assert(others + sizeof *tensor <= max_bytes);
    uint64_t number = atomic_fetch_add_explicit(&made, 1, memory_order_relaxed);
    for (int i = 0; i < WORDS; i++)
        tensor->words[i] = number;
    return tensor;
}

static void model_destroy(void *arg)
{
    struct model *model = arg;
    while (model->left > 0) {
        qsc_snapshot_part_put(&model->tensors[--model->left]->part);
        if (qsc_snapshot_destroy_yield())
            return;
    }
    free(model);
}

static void look(const struct model *model)
{
    for (int i = 0; i < PARTS; i++)
        for (int k = 0; k < WORDS; k++)
            assert(model->tensors[i]->words[k] == model->tensors[i]->words[0] &&
                   model->tensors[i]->words[k] != spoilt);
}

// All parts are the parent's, but for the one that changes. NULL: the bound is reached.
static struct model *model_make(const struct model *parent, int changed)
{
    struct model *model = malloc(sizeof *model);
    assert(model);
    for (model->left = 0; model->left < PARTS; model->left++) {
        struct tensor **tensor = &model->tensors[model->left];
        if (parent && model->left != changed) {
            *tensor = parent->tensors[model->left];
            qsc_snapshot_part_get(&(*tensor)->part);
        } else if (!(*tensor = tensor_make())) {
            model_destroy(model);
            return NULL;
        }
    }
    return model;
}

static qsc_pin pin(void)
{
    qsc_pin held;
    int error = qsc_snapshot_pin(&cell, &held);
    assert(!error);
    return held;
}

static int publish(int round)
{
    qsc_pin parent = pin();
    uint64_t expected = parent.version->id;
    struct model *model = model_make(parent.version->object, round % PARTS);
    qsc_snapshot_unpin(&parent);
    if (round % 2)
        sched_yield();
    if (!model)
        return EAGAIN;
    look(model);
    int error = qsc_snapshot_publish_if(&cell, expected, model, sizeof *model, model_destroy, NULL);
    if (error)
        model_destroy(model);
    assert(error == 0 || error == ESTALE || error == EAGAIN);
    return error;
}

static void *run(void *arg)
{
    struct member *me = arg;
    if (me->index >= PUBLISHERS) {
        do {
            qsc_pin held = pin();
            look(held.version->object);
            sched_yield();
            look(held.version->object);
            qsc_snapshot_unpin(&held);
        } while (atomic_load_explicit(&publishing, memory_order_relaxed) > 0);
        return NULL;
    }
    for (int round = 0; round < ROUNDS;) {
        int error = publish(round);
        round += error == 0;
        me->met += error == ESTALE;
        if (error)
            sched_yield();
    }
    atomic_fetch_sub_explicit(&publishing, 1, memory_order_relaxed);
    return NULL;
}

static void begin(void)
{
    atomic_store(&publishing, PUBLISHERS);
    int error = qsc_snapshot_init(&cell, &(struct qsc_snapshot_config){.max_live_bytes = max_bytes});
    assert(!error);
    struct model *first = model_make(NULL, 0);
    error = qsc_snapshot_publish(&cell, first, sizeof *first, model_destroy, NULL);
    assert(!error);
}

static void end(void)
{
    struct qsc_snapshot_stats stats;
    do
        qsc_snapshot_get_stats(&cell, &stats);
    while (stats.live_versions > 1);
    assert(stats.live_bytes == sizeof(struct model) + PARTS * sizeof(struct tensor));
    assert(stats.live_bytes_max <= max_bytes);
    int error = qsc_snapshot_fini(&cell);
    assert(!error && alive_bytes == 0);
}

static long batch(void)
{
    begin();
    struct member members[PUBLISHERS + READERS];
    for (int i = 0; i < PUBLISHERS + READERS; i++)
        members[i] = (struct member){.index = i};
    stress_threads(PUBLISHERS + READERS, run, members, sizeof *members);
    end();
    long met = 0;
    for (int i = 0; i < PUBLISHERS; i++)
        met += members[i].met;
    return met;
}

int main(void)
{
    return stress_repeat("models given back because another one came first", batch, 200);
}
