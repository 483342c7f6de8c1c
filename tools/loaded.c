#include "loaded.h"

#include <quiesce/concurrency/alloc.h>

static int prepare(struct qsc_loaded *l, enum qsc_precision precision, struct qsc_error *err)
{
    int status = qsc_tokenizer_create(&l->tokenizer, l->model.vocab, l->model.vocab_bytes,
                                      l->model.vocab_path, l->model.lowercase, err);
    if (status == 0)
        status = qsc_bert_layout_create(&l->layout, &l->model.config, err);
    if (status == 0)
        status = qsc_bert_plan_create(&l->plan, &l->layout, precision, err);
    if (status == 0)
        status = qsc_bert_weights_create(&l->weights, l->plan, l->model.params, QSC_BERT_INFERENCE, err);
    return status;
}

int qsc_loaded_init(struct qsc_loaded *loaded, const char *directory, enum qsc_precision precision,
                    struct qsc_error *err)
{
    *loaded = (struct qsc_loaded){0};
    int status = qsc_model_load(&loaded->model, directory, err);
    if (status == 0)
        status = prepare(loaded, precision, err);
    qsc_free(loaded->model.params);
    loaded->model.params = NULL;
    if (status)
        qsc_loaded_fini(loaded);
    return status;
}

void qsc_loaded_fini(struct qsc_loaded *loaded)
{
    if (loaded->weights)
        qsc_bert_weights_destroy(loaded->weights);
    if (loaded->plan)
        qsc_bert_plan_destroy(loaded->plan);
    qsc_bert_layout_destroy(&loaded->layout);
    qsc_tokenizer_destroy(loaded->tokenizer);
    qsc_model_fini(&loaded->model);
    *loaded = (struct qsc_loaded){0};
}
