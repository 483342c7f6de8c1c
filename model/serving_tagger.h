/* A BERT tagger as the thing that the serving load serves (serving.h). */
#ifndef QUIESCE_MODEL_SERVING_TAGGER_H
#define QUIESCE_MODEL_SERVING_TAGGER_H

#include <quiesce/model/asker.h>
#include <quiesce/model/serving.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_serving_tagger {
    const qsc_bert_plan *plan;
    const float *const *sources; /* (source_count): flat parameters, of different versions */
    int source_count;
    struct qsc_asker *askers; /* (asker_count): one for each reader */
    int asker_count;
};

/* Prepares to serve: one asker for each reader that the load may start. All arguments must outlive the
 * tagger. Returns: 0; EINVAL, ENOMEM as qsc_asker_init: nothing is left. Does not block. Threads: one. */
int qsc_serving_tagger_init(struct qsc_serving_tagger *tagger, const qsc_tokenizer *tokenizer,
                            const qsc_bert_plan *plan, const struct qsc_corpus *questions,
                            const float *const *sources, int source_count, struct qsc_error *err)
    __attribute__((warn_unused_result));
void qsc_serving_tagger_fini(struct qsc_serving_tagger *tagger);

/* The model to run the load with; it points to the tagger. A version is a qsc_bert_weights for inference,
 * packed. */
struct qsc_serving_model qsc_serving_tagger_model(struct qsc_serving_tagger *tagger);

#ifdef __cplusplus
}
#endif

#endif
