#include "demo_stages.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/evaluation.h>
#include <stdio.h>
#include <string.h>

static int save_report(const struct qsc_demo *demo, struct qsc_error *err)
{
    static const char form[] = "Entity level, as seqeval prints it\n\n%s\n"
                               "Token level with O, as scikit-learn prints it\n\n%s";
    const char *entities = demo->results->entity_report, *tokens = demo->results->token_report;
    size_t room = sizeof form + strlen(entities) + strlen(tokens);
    char *text = qsc_alloc(room);
    if (!text)
        return qsc_fail(err, ENOMEM, "out of memory for the report");
    int length = snprintf(text, room, form, entities, tokens);
    int code = qsc_demo_save(demo, "report.txt", text, (size_t)length, err);
    qsc_free(text);
    return code;
}

static int report(struct qsc_demo *demo, const qsc_evaluation *evaluation, struct qsc_error *err)
{
    struct qsc_demo_results *results = demo->results;
    const struct qsc_tagging tagging = qsc_evaluation_tagging(evaluation);
    int code = qsc_report_entities(&results->entities, &tagging, err);
    if (!code)
        code = qsc_report_entity_text(&results->entity_report, &tagging, 4, err);
    if (!code)
        code = qsc_report_token_text(&results->token_report, &tagging, 4, err);
    results->accuracy = qsc_evaluation_accuracy(evaluation);
    return code ? code : save_report(demo, err);
}

static int tag_and_report(struct qsc_demo *demo, qsc_evaluation *evaluation, struct qsc_error *err)
{
    qsc_bert_weights *weights;
    int code = qsc_bert_weights_create(&weights, demo->plan, demo->model.params, QSC_BERT_INFERENCE, err);
    if (code)
        return code;
    code = qsc_evaluation_run(evaluation, weights, err);
    qsc_bert_weights_destroy(weights);
    return code ? code : report(demo, evaluation, err);
}

int qsc_demo_evaluate(struct qsc_demo *demo, struct qsc_error *err)
{
    qsc_evaluation *evaluation;
    int code = qsc_evaluation_create(&evaluation, demo->plan, demo->tokenizer, &demo->parts[QSC_NEWS_TEST],
                                     demo->pool, err);
    if (code)
        return code;
    code = tag_and_report(demo, evaluation, err);
    qsc_evaluation_destroy(evaluation);
    if (code)
        return code;
    char *path = qsc_demo_path(demo, "model");
    code = path ? qsc_model_save(&demo->model, path, err)
                : qsc_fail(err, ENOMEM, "out of memory for a file's name");
    qsc_free(path);
    return code;
}
