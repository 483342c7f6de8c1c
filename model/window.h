#ifndef QUIESCE_MODEL_WINDOW_H
#define QUIESCE_MODEL_WINDOW_H

#include <quiesce/model/error.h>
#include <quiesce/model/tokenizer.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Sentences of words -> windows of piece ids that a model can take, cut as dataset.h describes. Internal to
// model/. All-zero bytes are a valid, empty set; a set that is cleared and filled again allocates nothing
// once it has grown.
struct qsc_windows {
    size_t count, tokens;
    size_t *first;    // (count + 1): tokens of window w are first[w] .. first[w + 1] - 1
    size_t *sentence; // (count)
    int32_t *ids;     // (tokens), [CLS] and [SEP] included
    int32_t *words;   // (tokens): on its first piece, the word that is answered for here, else -1
    size_t window_capacity, token_capacity;
    // Of the sentence at hand:
    struct qsc_encoding pieces;
    size_t *piece_first; // (words + 1): pieces of word w are piece_first[w] .. piece_first[w + 1] - 1
    struct qsc_best {
        size_t window, context;
    } * best; // (words): the window that answers for it
    size_t word_capacity;
};

// Appends the windows of one sentence, words[0..count), whose first word has the number first_word.
// max_tokens bounds a window; at least 3.
// Returns 0; EILSEQ (a word is not UTF-8), ENOMEM: the set is then as before. Does not block.
int qsc_windows_add(struct qsc_windows *windows, const qsc_tokenizer *tokenizer, const char *const *words,
                    size_t count, size_t sentence, size_t first_word, int max_tokens, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Empties the set, keeps the memory. / Frees the memory; the set is all zero then.
void qsc_windows_clear(struct qsc_windows *windows);
void qsc_windows_fini(struct qsc_windows *windows);

#ifdef __cplusplus
}
#endif
#endif
