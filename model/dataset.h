#ifndef QUIESCE_MODEL_DATASET_H
#define QUIESCE_MODEL_DATASET_H

#include <quiesce/model/conll.h>
#include <quiesce/model/error.h>
#include <quiesce/model/tokenizer.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_pool; // concurrency/pool.h

// A corpus as the model sees it: windows of piece ids, each [CLS] ... [SEP], packed one after another. It is
// made once and then only read, by every epoch and every evaluation: that is the cache of tokenisation.
//
// A sentence is one window when its pieces fit. A longer one becomes several that overlap by about half, and
// each word is answered for by exactly one of them, the one where the word has most context: the number of
// pieces between the word and the nearer edge of the window, where an edge that is the sentence's own does
// not count; ties go to the earlier window. A word with more pieces than a window holds keeps the first of
// them.
struct qsc_dataset {
    size_t windows;
    size_t tokens;    // [CLS] and [SEP] included
    size_t labelled;  // tokens with a label: words that have a piece
    size_t words;     // of the corpus
    size_t *first;    // (windows + 1): tokens of window w are first[w] .. first[w + 1] - 1
    size_t *sentence; // (windows): the corpus's sentence it belongs to, never falling
    int32_t *ids;     // (tokens)
    int32_t *labels;  // (tokens): the word's label on the first piece of a word answered here, else -100
    int32_t *word;    // (tokens): that word's index in the corpus, else -1
    int max_tokens;   // of the longest window
};

// Tokenises and cuts a corpus, a task of the pool for each run of sentences; the result does not depend on
// the pool's threads. labels[0..label_count) are the model's: the corpus's labels are mapped to them by name.
// max_tokens (at least 8) bounds a window, [CLS] and [SEP] included.
// Returns 0; EINVAL for a label the model does not know ("file:line: ...") or a max_tokens below 8, ENOMEM;
// *dataset is then all zero. Blocks until the pool is done; the caller helps. Any thread that may use the
// pool; not inside an RCU read section.
int qsc_dataset_create(struct qsc_dataset *dataset, const qsc_tokenizer *tokenizer,
                       const struct qsc_corpus *corpus, const char *const *labels, int label_count,
                       int max_tokens, struct qsc_pool *pool, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Frees what the dataset owns and makes it all zero.
void qsc_dataset_fini(struct qsc_dataset *dataset);

#ifdef __cplusplus
}
#endif
#endif
