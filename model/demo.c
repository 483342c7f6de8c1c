#include <quiesce/model/demo.h>

#include "demo_stages.h"
#include "report_html.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void qsc_demo_defaults(struct qsc_demo_config *config)
{
    *config = (struct qsc_demo_config){
        .seed = 1,
        .directory = "quiesce-demo",
        .news = {.sentences = {3000, 500, 500}},
        .vocabulary = 2000,
        .hidden = 128,
        .layers = 2,
        .heads = 4,
        .readers = 2,
        .reader_pause_ms = 4,
        .bounds = {.max_live_versions = 8, .max_live_bytes = 256u << 20},
        .questions = 64,
        .serving =
            {.rounds = 8, .latency_seconds = 0.45, .crowd_seconds = 0.12, .interval_ms = 24, .window_ms = 8},
    };
    qsc_trainer_defaults(&config->training);
    config->training.learning_rate = 1.5e-3; /* from random weights; 2e-5 is for fine-tuning */
    config->training.epochs = 10;
    config->training.patience = 0;
    config->training.publish_every = 8;
}

void qsc_demo_progress(const struct qsc_demo *demo, enum qsc_demo_stage stage, uint64_t done, uint64_t total,
                       const char *note)
{
    if (demo->hooks->progress)
        demo->hooks->progress(demo->hooks->context, stage, done, total, note);
}

uint64_t qsc_demo_mixed_answers(const struct qsc_demo_results *results)
{
    uint64_t mixed = results->live.mixed;
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++)
        mixed += results->serving.guards[kind].mixed_answers;
    return mixed;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void qsc_demo_live_max(const struct qsc_demo_results *results, uint64_t *versions, uint64_t *bytes)
{
    const struct qsc_serving_figures *served = &results->serving.guards[QSC_GUARD_SNAPSHOT];
    *versions = larger(results->snapshot.live_versions_max, served->live_versions_max);
    *bytes = larger(results->snapshot.live_bytes_max, served->live_bytes_max);
}

static int start_threads(struct qsc_demo *demo, struct qsc_error *err)
{
    int threads = demo->results->threads;
    int code = qsc_pool_create(&demo->pool, &(struct qsc_pool_config){.threads = threads});
    return code ? qsc_fail(err, code, "cannot start %d threads: %s", threads, strerror(code)) : 0;
}

static int make_data(struct qsc_demo *demo, struct qsc_error *err)
{
    int code = qsc_demo_make_corpus(demo, err);
    return code ? code : qsc_demo_make_model(demo, err);
}

static int (*const stages[])(struct qsc_demo *, struct qsc_error *) = {make_data, qsc_demo_train,
                                                                       qsc_demo_serve, qsc_demo_evaluate};

static int run_stages(struct qsc_demo *demo, struct qsc_error *err)
{
    int code = 0;
    for (int i = 0; i < QSC_DEMO_STAGES && !code; i++) {
        if (demo->hooks->begin)
            demo->hooks->begin(demo->hooks->context, (enum qsc_demo_stage)i, demo->results);
        code = stages[i](demo, err);
        if (!code && demo->hooks->end)
            demo->hooks->end(demo->hooks->context, (enum qsc_demo_stage)i, demo->results);
    }
    return code;
}

static void fini(struct qsc_demo *demo)
{
    for (int part = 0; part < QSC_NEWS_PARTS; part++)
        qsc_corpus_fini(&demo->parts[part]);
    qsc_free(demo->questions.first);
    qsc_free((void *)demo->questions.text);
    qsc_free(demo->questions.labels);
    for (int i = 0; i < QSC_DEMO_SOURCES; i++)
        qsc_free(demo->sources[i]);
    qsc_bert_plan_destroy(demo->plan);
    qsc_bert_layout_destroy(&demo->layout);
    qsc_tokenizer_destroy(demo->tokenizer);
    qsc_model_fini(&demo->model);
    qsc_pool_destroy(demo->pool);
}

/* "model name : Intel(R) ..." in /proc/cpuinfo; empty where there is no such line. */
static void name_processor(char *name, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256];
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", strlen("model name")) == 0 && colon) {
            snprintf(name, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (file)
        fclose(file);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int qsc_demo_run(const struct qsc_demo_config *config, const struct qsc_demo_hooks *hooks,
                 struct qsc_demo_results *results, struct qsc_error *err)
{
    double begin = now_s();
    *results = (struct qsc_demo_results){.config = *config, .processors = qsc_serving_processors()};
    results->threads = config->threads ? config->threads : results->processors;
    name_processor(results->processor, sizeof results->processor);
    struct qsc_demo demo = {.config = config, .hooks = hooks, .results = results};
    int code = qsc_bert_check_use(config->precision, QSC_BERT_TRAINING, err);
    if (!code)
        code = start_threads(&demo, err);
    if (!code)
        code = run_stages(&demo, err);
    results->seconds = now_s() - begin;
    if (!code)
        code = qsc_demo_save_metrics(&demo, err);
    if (!code)
        code = qsc_report_html_save(&demo, err);
    fini(&demo);
    if (code)
        qsc_demo_results_fini(results);
    return code;
}

void qsc_demo_results_fini(struct qsc_demo_results *results)
{
    qsc_free(results->steps);
    qsc_free(results->evaluations);
    qsc_free(results->publications);
    qsc_free(results->entity_report);
    qsc_free(results->token_report);
    qsc_live_results_fini(&results->live);
    qsc_serving_results_fini(&results->serving);
    *results = (struct qsc_demo_results){0};
}
