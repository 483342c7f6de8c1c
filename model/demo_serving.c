#include "demo_stages.h"

#include <errno.h>
#include <quiesce/model/serving_tagger.h>
#include <stdio.h>
#include <string.h>

static void on_round(void *context, int done, int total, enum qsc_guard_kind kind)
{
    const struct qsc_demo *demo = context;
    char note[64];
    snprintf(note, sizeof note, "%s", qsc_guard_name(kind));
    qsc_demo_progress(demo, QSC_DEMO_SERVING, (uint64_t)done, (uint64_t)total, note);
}

int qsc_demo_serve(struct qsc_demo *demo, struct qsc_error *err)
{
    int sources = demo->captured < QSC_DEMO_SOURCES ? (int)demo->captured : QSC_DEMO_SOURCES;
    struct qsc_serving_tagger tagger;
    int code = qsc_serving_tagger_init(&tagger, demo->tokenizer, demo->plan, &demo->questions,
                                       (const float *const *)demo->sources, sources, err);
    if (code)
        return code;
    struct qsc_serving_config config = demo->config->serving;
    config.seed = demo->config->seed;
    config.bounds = demo->config->bounds;
    config.progress = on_round;
    config.progress_context = demo;
    const struct qsc_serving_model model = qsc_serving_tagger_model(&tagger);
    code = qsc_serving_run(&model, &config, &demo->results->serving);
    qsc_serving_tagger_fini(&tagger);
    if (code == EINVAL)
        return qsc_fail(err, code,
                        "the serving load needs at least two versions that answer differently, and "
                        "positive times");
    return code ? qsc_fail(err, code, "the serving load failed: %s", strerror(code)) : 0;
}
