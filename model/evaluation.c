#include <quiesce/model/evaluation.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pool.h>
#include <quiesce/model/dataset.h>
#include <quiesce/model/tagger.h>

#include <errno.h>

enum { batch_tokens = 256 }; // of a forward pass: its activations stay in a core's cache

struct qsc_evaluation {
    const struct qsc_corpus *corpus;
    const struct qsc_bert_config *config;
    struct qsc_pool *pool;
    struct qsc_dataset dataset;
    qsc_tagger **taggers; // (threads)
    int threads;
    int32_t *gold, *predicted; // (corpus->words)
};

// The corpus numbers its labels by itself; the reports speak the model's numbers.
static int number_gold(qsc_evaluation *e, struct qsc_error *err)
{
    const struct qsc_corpus *corpus = e->corpus;
    int32_t *ids = qsc_alloc(((size_t)corpus->label_count + 1) * sizeof *ids);
    if (!ids)
        return qsc_fail(err, ENOMEM, "%s: no memory to evaluate it", corpus->path);
    for (int i = 0; i < corpus->label_count; i++)
        ids[i] = qsc_bert_config_label_id(e->config, corpus->names[i]);
    for (size_t w = 0; w < corpus->words; w++)
        e->gold[w] = ids[corpus->labels[w]];
    qsc_free(ids);
    return 0;
}

static int make_taggers(qsc_evaluation *e, const qsc_bert_plan *plan, const qsc_tokenizer *tokenizer,
                        struct qsc_error *err)
{
    int code = 0;
    for (int i = 0; i < e->threads && !code; i++)
        code = qsc_tagger_create(&e->taggers[i], tokenizer, plan, 0, batch_tokens, err);
    return code;
}

int qsc_evaluation_create(qsc_evaluation **evaluation, const qsc_bert_plan *plan,
                          const qsc_tokenizer *tokenizer, const struct qsc_corpus *corpus,
                          struct qsc_pool *pool, struct qsc_error *err)
{
    qsc_evaluation *e = qsc_alloc_zeroed(1, sizeof *e);
    if (!e)
        return qsc_fail(err, ENOMEM, "%s: no memory to evaluate it", corpus->path);
    e->corpus = corpus;
    e->config = qsc_bert_plan_layout(plan)->config;
    e->pool = pool;
    e->threads = qsc_pool_threads(pool);
    e->gold = qsc_alloc((corpus->words + 1) * sizeof *e->gold);
    e->predicted = qsc_alloc_zeroed(corpus->words + 1, sizeof *e->predicted);
    e->taggers = qsc_alloc_zeroed((size_t)e->threads, sizeof(qsc_tagger *));
    int code = e->gold && e->predicted && e->taggers
                   ? 0
                   : qsc_fail(err, ENOMEM, "%s: no memory to evaluate it", corpus->path);
    if (!code)
        code = qsc_dataset_create(&e->dataset, tokenizer, corpus, (const char *const *)e->config->labels,
                                  e->config->num_labels, e->config->max_position_embeddings, pool, err);
    if (!code)
        code = number_gold(e, err);
    if (!code)
        code = make_taggers(e, plan, tokenizer, err);
    if (code)
        qsc_evaluation_destroy(e);
    else
        *evaluation = e;
    return code;
}

void qsc_evaluation_destroy(qsc_evaluation *e)
{
    if (!e)
        return;
    for (int i = 0; e->taggers && i < e->threads; i++)
        qsc_tagger_destroy(e->taggers[i]);
    qsc_free(e->taggers);
    qsc_dataset_fini(&e->dataset);
    qsc_free(e->gold);
    qsc_free(e->predicted);
    qsc_free(e);
}

int qsc_evaluation_run(qsc_evaluation *e, const qsc_bert_weights *weights, struct qsc_error *err)
{
    const struct qsc_answers answers = {.labels = e->predicted};
    return qsc_tagger_tag_dataset(e->taggers, e->pool, weights, &e->dataset, &answers, err);
}

struct qsc_tagging qsc_evaluation_tagging(const qsc_evaluation *e)
{
    return (struct qsc_tagging){.sentences = e->corpus->sentences,
                                .first = e->corpus->first,
                                .gold = e->gold,
                                .predicted = e->predicted,
                                .names = (const char *const *)e->config->labels,
                                .label_count = e->config->num_labels};
}

double qsc_evaluation_accuracy(const qsc_evaluation *e)
{
    size_t right = 0;
    for (size_t w = 0; w < e->corpus->words; w++)
        right += e->gold[w] == e->predicted[w];
    return e->corpus->words ? (double)right / (double)e->corpus->words : 0;
}
