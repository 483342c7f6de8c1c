#include <quiesce/model/serving_tagger.h>

#include <errno.h>
#include <quiesce/concurrency/alloc.h>

int qsc_serving_tagger_init(struct qsc_serving_tagger *tagger, const qsc_tokenizer *tokenizer,
                            const qsc_bert_plan *plan, const struct qsc_corpus *questions,
                            const float *const *sources, int source_count, struct qsc_error *err)
{
    *tagger = (struct qsc_serving_tagger){.plan = plan, .sources = sources, .source_count = source_count};
    int wanted = qsc_serving_processors(); /* the load never starts more readers than that */
    tagger->askers = qsc_alloc_zeroed((size_t)wanted, sizeof *tagger->askers);
    if (!tagger->askers)
        return qsc_fail(err, ENOMEM, "out of memory for %d readers", wanted);
    int code = 0;
    for (; tagger->asker_count < wanted && !code; tagger->asker_count += !code)
        code = qsc_asker_init(&tagger->askers[tagger->asker_count], tokenizer, plan, questions, err);
    if (code)
        qsc_serving_tagger_fini(tagger);
    return code;
}

void qsc_serving_tagger_fini(struct qsc_serving_tagger *tagger)
{
    for (int i = 0; i < tagger->asker_count; i++)
        qsc_asker_fini(&tagger->askers[i]);
    qsc_free(tagger->askers);
    *tagger = (struct qsc_serving_tagger){0};
}

static int build(void *context, int source, void **object, uint64_t *bytes)
{
    const struct qsc_serving_tagger *tagger = context;
    qsc_bert_weights *weights;
    int code =
        qsc_bert_weights_create(&weights, tagger->plan, tagger->sources[source], QSC_BERT_INFERENCE, NULL);
    if (code)
        return code;
    *object = weights;
    *bytes = qsc_bert_weights_bytes(weights);
    return 0;
}

static int answer(void *context, int reader, const void *object, int question, uint64_t *fingerprint)
{
    struct qsc_serving_tagger *tagger = context;
    return qsc_asker_ask(&tagger->askers[reader], object, (size_t)question, fingerprint, NULL);
}

struct qsc_serving_model qsc_serving_tagger_model(struct qsc_serving_tagger *tagger)
{
    return (struct qsc_serving_model){.context = tagger,
                                      .sources = tagger->source_count,
                                      .questions = (int)tagger->askers[0].questions->sentences,
                                      .build = build,
                                      .destroy = qsc_bert_weights_destroy,
                                      .answer = answer};
}
