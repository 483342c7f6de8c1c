#include "demo_stages.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What the trainer's hooks work on. */
struct recorder {
    struct qsc_demo *demo;
    qsc_snapshot cell;
    double f1; /* of the last evaluation */
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The list of `count` elements, with room for one more: it doubles whenever count is a power of two. NULL:
 * out of memory, and the list is as it was. */
static void *with_room(void *list, size_t count, size_t size)
{
    if (count & (count - 1))
        return list;
    return qsc_realloc(list, (count ? 2 * count : 1) * size);
}

static int on_step(void *context, const struct qsc_trainer_step *step)
{
    struct recorder *recorder = context;
    struct qsc_demo_results *results = recorder->demo->results;
    struct qsc_trainer_step *steps = with_room(results->steps, results->step_count, sizeof *steps);
    if (!steps)
        return ENOMEM;
    results->steps = steps;
    steps[results->step_count++] = *step;
    char note[96];
    snprintf(note, sizeof note, "loss %.3f  F1 %.3f  %zu versions", step->loss, recorder->f1,
             results->publication_count);
    qsc_demo_progress(recorder->demo, QSC_DEMO_TRAINING, step->step, step->steps, note);
    return 0;
}

static int on_evaluation(void *context, const struct qsc_trainer_evaluation *evaluation)
{
    struct recorder *recorder = context;
    struct qsc_demo_results *results = recorder->demo->results;
    struct qsc_trainer_evaluation *list =
        with_room(results->evaluations, results->evaluation_count, sizeof *list);
    if (!list)
        return ENOMEM;
    results->evaluations = list;
    list[results->evaluation_count++] = *evaluation;
    recorder->f1 = evaluation->entities.f1;
    return 0;
}

/* Keeps the parameters of the last versions for the serving load, round and round. */
static int capture(struct qsc_demo *demo, const qsc_bert_weights *version)
{
    float **source = &demo->sources[demo->captured % QSC_DEMO_SOURCES];
    size_t bytes = demo->layout.floats * sizeof **source;
    if (!*source && !(*source = qsc_alloc(bytes)))
        return ENOMEM;
    memcpy(*source, qsc_bert_weights_params_const(version), bytes);
    demo->captured++;
    return 0;
}

static int on_publish(void *context, qsc_bert_weights *version, uint64_t step, bool last)
{
    struct recorder *recorder = context;
    struct qsc_demo_results *results = recorder->demo->results;
    struct qsc_demo_publication *list =
        with_room(results->publications, results->publication_count, sizeof *list);
    if (!list)
        return ENOMEM;
    results->publications = list;
    /* The first step of a warm-up changes nothing yet, and the last version is an earlier one, the best: the
     * serving load wants versions that differ. */
    int code = step == 0 || last ? 0 : capture(recorder->demo, version);
    if (code)
        return code;
    uint64_t begin_ns = now_ns();
    code = qsc_trainer_publish_to_snapshot(&recorder->cell, version, step, last);
    results->refused += code == EAGAIN;
    if (code)
        return code;
    list[results->publication_count] =
        (struct qsc_demo_publication){begin_ns, results->publication_count + 1, step};
    results->publication_count++;
    return 0;
}

static int train(struct recorder *recorder, struct qsc_error *err)
{
    struct qsc_demo *demo = recorder->demo;
    struct qsc_trainer trainer = {.model = &demo->model,
                                  .plan = demo->plan,
                                  .tokenizer = demo->tokenizer,
                                  .train = &demo->parts[QSC_NEWS_TRAIN],
                                  .valid = &demo->parts[QSC_NEWS_VALID],
                                  .pool = demo->pool,
                                  .config = demo->config->training,
                                  .hooks = {recorder, on_step, on_evaluation, on_publish}};
    trainer.config.seed = demo->config->seed;
    demo->results->training_begin_ns = now_ns();
    int code = qsc_train(&trainer, &demo->results->training, err);
    demo->results->training_end_ns = now_ns();
    return code;
}

static int train_under_questions(struct recorder *recorder, const int32_t *gold, struct qsc_error *err)
{
    struct qsc_demo *demo = recorder->demo;
    const struct qsc_live_config config = {.cell = &recorder->cell,
                                           .tokenizer = demo->tokenizer,
                                           .plan = demo->plan,
                                           .questions = &demo->questions,
                                           .gold = gold,
                                           .readers = demo->config->readers,
                                           .pause_ms = demo->config->reader_pause_ms};
    qsc_live *live;
    int code = qsc_live_start(&live, &config, err);
    if (code)
        return code;
    code = train(recorder, err);
    int asked = qsc_live_stop(live, &demo->results->live, code ? NULL : err);
    qsc_snapshot_get_stats(&recorder->cell, &demo->results->snapshot);
    return code ? code : asked;
}

/* The questions' labels as the model numbers them. */
static int32_t *number_gold(const struct qsc_demo *demo)
{
    const struct qsc_corpus *questions = &demo->questions;
    int32_t *gold = qsc_alloc((questions->words + 1) * sizeof *gold);
    for (size_t i = 0; gold && i < questions->words; i++)
        gold[i] = qsc_bert_config_label_id(&demo->model.config, questions->names[questions->labels[i]]);
    return gold;
}

int qsc_demo_train(struct qsc_demo *demo, struct qsc_error *err)
{
    struct recorder recorder = {.demo = demo};
    int code = qsc_snapshot_init(&recorder.cell, &demo->config->bounds);
    if (code)
        return qsc_fail(err, code, "the snapshot cannot be made: %s", strerror(code));
    int32_t *gold = number_gold(demo);
    code = gold ? train_under_questions(&recorder, gold, err)
                : qsc_fail(err, ENOMEM, "out of memory for the questions");
    qsc_free(gold);
    int ended = qsc_snapshot_fini(&recorder.cell);
    if (ended && !code)
        code = qsc_fail(err, ended, "a reader kept its version: %s", strerror(ended));
    return code;
}
