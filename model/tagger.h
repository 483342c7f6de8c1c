#ifndef QUIESCE_MODEL_TAGGER_H
#define QUIESCE_MODEL_TAGGER_H

#include <quiesce/model/bert.h>
#include <quiesce/model/dataset.h>
#include <quiesce/model/error.h>
#include <quiesce/model/tokenizer.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_pool; // concurrency/pool.h

// Words -> labels. The weights are an argument of each call, so that a caller can take them from a snapshot:
// all answers of one call come from that one version.
//
// A tagger belongs to one thread at a time: it owns the workspace of a forward pass over at most batch_tokens
// packed tokens and the buffers of the texts on their way there. Sentences that do not fit a window are
// tagged in the overlapping windows of dataset.h. An answer depends on the sentence and the weights only, bit
// for bit: not on the sentences beside it, on batch_tokens or on threads.
typedef struct qsc_tagger qsc_tagger;

// Sentences already split into words. Points to the caller's arrays.
struct qsc_sentences {
    size_t count;
    const size_t *first;      // (count + 1): words of sentence s are first[s] .. first[s + 1] - 1
    const char *const *words; // (first[count]): UTF-8, NUL-terminated; may be empty
};

// The answers for words 0 .. first[count] - 1 of the sentences, or of a dataset's corpus. The caller gives
// the arrays. A word without any piece (nothing but control characters) is not seen by the model: its label
// is O where the model has such a label, else 0; its score and logits are 0.
struct qsc_answers {
    int32_t *labels; // (words)
    float *scores;   // (words): softmax probability of that label; NULL = not wanted
    float *logits;   // (words, num_labels); NULL = not wanted
};

// Makes a tagger for models of one shape. max_tokens bounds a window ([CLS] and [SEP] included; 0 = the
// model's max_position_embeddings, which it may not exceed), batch_tokens a forward pass (at least max_tokens
// is taken). The tokenizer and the plan must outlive it. Returns 0; EINVAL (a vocabulary larger than the
// model's embedding table, max_tokens out of range), ENOMEM; *tagger is set only by 0. Does not block. Any
// thread.
int qsc_tagger_create(qsc_tagger **tagger, const qsc_tokenizer *tokenizer, const qsc_bert_plan *plan,
                      int max_tokens, int batch_tokens, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Frees the tagger. NULL is allowed.
void qsc_tagger_destroy(qsc_tagger *tagger);

// Tags sentences in the calling thread.
// Returns 0; EILSEQ (a word is not UTF-8), ENOMEM, or what qsc_bert_forward returns: the answers are then
// partly written. Does not block. One thread a tagger; not inside an RCU read section (a forward pass is
// long), but under a pin.
int qsc_tagger_tag(qsc_tagger *tagger, const qsc_bert_weights *weights, const struct qsc_sentences *sentences,
                   const struct qsc_answers *answers, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Tags a dataset, whose windows are at most the tagger's max_tokens: evaluation without tokenising again.
// With a pool the batches are its tasks, taggers[0 .. qsc_pool_threads(pool)) one for each of its threads;
// without one (NULL) taggers[0] does it all in the calling thread. Returns and blocks as qsc_tagger_tag; with
// a pool also until its tasks are done.
int qsc_tagger_tag_dataset(qsc_tagger *const *taggers, struct qsc_pool *pool, const qsc_bert_weights *weights,
                           const struct qsc_dataset *dataset, const struct qsc_answers *answers,
                           struct qsc_error *err) __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
