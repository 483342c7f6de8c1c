#ifndef QUIESCE_MODEL_EVALUATION_H
#define QUIESCE_MODEL_EVALUATION_H

#include <quiesce/model/bert.h>
#include <quiesce/model/conll.h>
#include <quiesce/model/error.h>
#include <quiesce/model/report.h>
#include <quiesce/model/tokenizer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_pool; // concurrency/pool.h

// A corpus made ready to be tagged again and again, by one version of the weights after the other: tokenised
// once, the labels of its words beside the ones the weights give.
typedef struct qsc_evaluation qsc_evaluation;

// Prepares the corpus on the pool, in windows as long as the model takes. Plan, tokenizer, corpus and pool
// must outlive the evaluation.
// Returns 0; EINVAL (a label that the model does not know, a vocabulary larger than its embedding table),
// ENOMEM; *evaluation is set only by 0. Blocks until the pool is done. Any thread that may use the pool.
int qsc_evaluation_create(qsc_evaluation **evaluation, const qsc_bert_plan *plan,
                          const qsc_tokenizer *tokenizer, const struct qsc_corpus *corpus,
                          struct qsc_pool *pool, struct qsc_error *err) __attribute__((warn_unused_result));

// Frees the evaluation. NULL is allowed.
void qsc_evaluation_destroy(qsc_evaluation *evaluation);

// Tags the corpus with these weights, on the pool.
// Returns as qsc_tagger_tag_dataset. Blocks until the pool is done. One thread at a time, that may use the
// pool; not inside an RCU read section.
int qsc_evaluation_run(qsc_evaluation *evaluation, const qsc_bert_weights *weights, struct qsc_error *err)
    __attribute__((warn_unused_result));

// The corpus's labels beside those of the last run, for report.h. Lives as long as the evaluation.
struct qsc_tagging qsc_evaluation_tagging(const qsc_evaluation *evaluation);

// The share of words whose label the last run gave right.
double qsc_evaluation_accuracy(const qsc_evaluation *evaluation);

#ifdef __cplusplus
}
#endif
#endif
