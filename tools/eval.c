/* quiesce eval: how well a model tags a labelled file. */
#include "commands.h"
#include "loaded.h"
#include "options.h"
#include "precision_option.h"
#include "reports.h"

#include <quiesce/concurrency/pool.h>
#include <quiesce/model/conll.h>
#include <quiesce/model/evaluation.h>

#include <stdio.h>
#include <string.h>

static int evaluate(const struct qsc_loaded *loaded, const struct qsc_corpus *corpus, qsc_pool *pool,
                    struct qsc_error *err)
{
    qsc_evaluation *evaluation;
    int status = qsc_evaluation_create(&evaluation, loaded->plan, loaded->tokenizer, corpus, pool, err);
    if (status)
        return status;
    status = qsc_evaluation_run(evaluation, loaded->weights, err);
    if (status == 0) {
        const struct qsc_tagging tagging = qsc_evaluation_tagging(evaluation);
        status = qsc_reports_print(stdout, &tagging, err);
    }
    qsc_evaluation_destroy(evaluation);
    return status;
}

static int evaluate_file(const char *model, const char *data, enum qsc_precision precision, int threads,
                         struct qsc_error *err)
{
    struct qsc_loaded loaded = {0};
    struct qsc_corpus corpus = {0};
    qsc_pool *pool = NULL;
    int status = qsc_conll_load(&corpus, data, err);
    if (status == 0)
        status = qsc_loaded_init(&loaded, model, precision, err);
    if (status == 0) {
        status = qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = threads});
        if (status)
            status = qsc_fail(err, status, "cannot start %d threads: %s", threads, strerror(status));
    }
    if (status == 0)
        status = evaluate(&loaded, &corpus, pool, err);
    qsc_pool_destroy(pool);
    qsc_loaded_fini(&loaded);
    qsc_corpus_fini(&corpus);
    return status;
}

static int run(int argc, char **argv)
{
    const char *model = NULL, *data = NULL;
    int threads = 0, precision = QSC_F32;
    const struct qsc_option options[] = {
        {.name = "model",
         .kind = QSC_OPTION_TEXT,
         .target = &model,
         .value = "DIR",
         .required = true,
         .help = "Hugging Face model directory"},
        {.name = "data",
         .kind = QSC_OPTION_TEXT,
         .target = &data,
         .value = "FILE",
         .required = true,
         .help = "labelled sentences in CoNLL format"},
        QSC_OPTION_PRECISION(&precision),
        {.name = "threads",
         .kind = QSC_OPTION_INT,
         .target = &threads,
         .value = "N",
         .min = 0,
         .max = QSC_OPTION_THREADS_MAX,
         .help = "threads; 0 is one for each processor"},
        {.name = NULL},
    };
    int status;
    if (!qsc_options_parse(&qsc_eval_command, options, argc, argv, &status))
        return status;
    struct qsc_error err;
    if (evaluate_file(model, data, (enum qsc_precision)precision, threads, &err)) {
        qsc_complain("%s", err.text);
        return QSC_EXIT_FAILURE;
    }
    return QSC_EXIT_OK;
}

const struct qsc_command qsc_eval_command = {
    .name = "eval",
    .usage = "--model DIR --data FILE [OPTIONS]",
    .summary = "report how well a model tags a labelled file",
    .details = "Prints precision, recall and F1 of whole entities, and of single words with O included.",
    .run = run,
};
