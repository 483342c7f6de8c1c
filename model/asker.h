/* Asks a model questions whose answers can be compared bit for bit: sentences of a corpus, tagged one at a
 * time. */
#ifndef QUIESCE_MODEL_ASKER_H
#define QUIESCE_MODEL_ASKER_H

#include <quiesce/model/bert.h>
#include <quiesce/model/conll.h>
#include <quiesce/model/error.h>
#include <quiesce/model/tagger.h>
#include <quiesce/model/tokenizer.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One thread's means to ask. All-zero bytes are an empty one. */
struct qsc_asker {
    const struct qsc_corpus *questions;
    qsc_tagger *tagger;
    int num_labels;
    int32_t *labels; /* (words of the longest question): the last answer */
    float *logits;   /* (words of the longest question, num_labels) */
};

/* Prepares to ask questions; all arguments must outlive the asker. Nothing is allocated afterwards but what
 * the tagger needs for a longer sentence than it has seen. Returns: 0; EINVAL, ENOMEM as qsc_tagger_create:
 * nothing is left. Does not block. Threads: one. */
int qsc_asker_init(struct qsc_asker *asker, const qsc_tokenizer *tokenizer, const qsc_bert_plan *plan,
                   const struct qsc_corpus *questions, struct qsc_error *err)
    __attribute__((warn_unused_result));

/* Frees what the asker owns. Threads: one. */
void qsc_asker_fini(struct qsc_asker *asker);

/* Tags sentence `question` with a version's weights; *fingerprint is a hash of all bits of the answer, labels
 * and logits: two versions that differ, however little, differ in it. Returns: as qsc_tagger_tag. Does not
 * block. Threads: one at a time. Shapes: asker->labels (words of the question). */
int qsc_asker_ask(struct qsc_asker *asker, const qsc_bert_weights *weights, size_t question,
                  uint64_t *fingerprint, struct qsc_error *err) __attribute__((warn_unused_result));

/* The words of a question. */
size_t qsc_asker_words(const struct qsc_asker *asker, size_t question);

#ifdef __cplusplus
}
#endif

#endif
