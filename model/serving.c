#include <quiesce/model/serving.h>

#include "serving_figures.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>

/* What every version answers when nothing else runs: (sources, questions) fingerprints. */
static int expect(const struct qsc_serving_model *model, uint64_t *expected)
{
    for (int source = 0; source < model->sources; source++) {
        void *object;
        uint64_t bytes;
        int code = model->build(model->context, source, &object, &bytes);
        if (code)
            return code;
        for (int question = 0; question < model->questions && !code; question++)
            code = model->answer(model->context, 0, object, question,
                                 &expected[source * model->questions + question]);
        model->destroy(object);
        if (code)
            return code;
    }
    return 0;
}

/* Could an answer of one version pass for another's? Then a mixture could, too. */
static bool distinct(const struct qsc_serving_model *model, const uint64_t *expected)
{
    for (int question = 0; question < model->questions; question++) {
        for (int a = 0; a < model->sources; a++) {
            for (int b = 0; b < a; b++) {
                if (expected[a * model->questions + question] == expected[b * model->questions + question])
                    return false;
            }
        }
    }
    return true;
}

static bool config_valid(const struct qsc_serving_model *model, const struct qsc_serving_config *config)
{
    return model->sources >= 2 && model->questions >= 1 && config->rounds >= 1 && config->readers >= 0 &&
           config->latency_seconds > 0 && config->crowd_seconds > 0 && config->interval_ms > 0 &&
           config->window_ms >= 0;
}

static void add_round(struct qsc_serving_figures *figures, const struct qsc_serving_round *round)
{
    figures->answers += round->answers;
    figures->mixed_answers += round->mixed;
    figures->unrecorded += round->unrecorded;
    figures->refused += round->refused;
    figures->versions += round->trace.swap_count;
    if (round->live_versions_max > figures->live_versions_max)
        figures->live_versions_max = round->live_versions_max;
    if (round->live_bytes_max > figures->live_bytes_max)
        figures->live_bytes_max = round->live_bytes_max;
}

static int run_latency_round(struct qsc_serving_round *round, struct qsc_serving_tally *tally,
                             struct qsc_serving_figures *figures)
{
    int code = qsc_serving_round_run(round);
    if (code)
        return code;
    add_round(figures, round);
    code = qsc_serving_tally_latencies(tally, figures, &round->trace, round->config->window_ms);
    qsc_serving_trace_fini(&figures->trace);
    figures->trace = round->trace;
    return code;
}

static int run_crowd_round(struct qsc_serving_round *round, struct qsc_serving_tally *tally,
                           struct qsc_serving_figures *figures)
{
    int code = qsc_serving_round_run(round);
    if (code)
        return code;
    add_round(figures, round);
    qsc_serving_tally_crowd(tally, round);
    qsc_serving_trace_fini(&round->trace);
    return 0;
}

/* Each guard in turn, and that again and again: what the machine does meanwhile hits all of them. */
static int run_rounds(struct qsc_serving_round *round, struct qsc_serving_tally *tallies,
                      struct qsc_serving_results *results)
{
    const struct qsc_serving_config *config = round->config;
    for (int i = 0; i < config->rounds * QSC_GUARD_KINDS; i++) {
        round->kind = (enum qsc_guard_kind)(i % QSC_GUARD_KINDS);
        struct qsc_serving_figures *figures = &results->guards[round->kind];
        round->readers = results->readers;
        round->seconds = config->latency_seconds;
        int code = run_latency_round(round, &tallies[round->kind], figures);
        round->readers = results->processors;
        round->seconds = config->crowd_seconds;
        if (!code)
            code = run_crowd_round(round, &tallies[round->kind], figures);
        if (code)
            return code;
        if (config->progress)
            config->progress(config->progress_context, i + 1, config->rounds * QSC_GUARD_KINDS, round->kind);
    }
    return 0;
}

static int run_all(const struct qsc_serving_model *model, const struct qsc_serving_config *config,
                   struct qsc_serving_results *results, struct qsc_serving_places *places, uint64_t *expected)
{
    struct qsc_serving_tally tallies[QSC_GUARD_KINDS] = {0};
    int code = expect(model, expected);
    if (!code && !distinct(model, expected))
        code = EINVAL;
    for (int kind = 0; kind < QSC_GUARD_KINDS && !code; kind++)
        code = qsc_serving_tally_init(&tallies[kind], config->rounds);
    struct qsc_serving_round round = {
        .model = model, .config = config, .expected = expected, .places = places, .random = config->seed};
    if (!code)
        code = run_rounds(&round, tallies, results);
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++) {
        if (!code)
            qsc_serving_tally_finish(&tallies[kind], &results->guards[kind]);
        qsc_serving_tally_fini(&tallies[kind]);
    }
    return code;
}

int qsc_serving_run(const struct qsc_serving_model *model, const struct qsc_serving_config *config,
                    struct qsc_serving_results *results)
{
    *results = (struct qsc_serving_results){0};
    if (!config_valid(model, config))
        return EINVAL;
    struct qsc_serving_places places;
    qsc_serving_places_init(&places);
    results->processors = places.processors;
    results->readers = config->readers ? config->readers : places.processors > 1 ? places.processors - 1 : 1;
    uint64_t *expected = qsc_alloc((size_t)model->sources * (size_t)model->questions * sizeof *expected);
    int code = expected ? run_all(model, config, results, &places, expected) : ENOMEM;
    qsc_free(expected);
    qsc_serving_places_leave(&places);
    results->pinned = places.pinned;
    if (code)
        qsc_serving_results_fini(results);
    return code;
}

void qsc_serving_results_fini(struct qsc_serving_results *results)
{
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++)
        qsc_serving_trace_fini(&results->guards[kind].trace);
    *results = (struct qsc_serving_results){0};
}
