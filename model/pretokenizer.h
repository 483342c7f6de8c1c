#ifndef QUIESCE_MODEL_PRETOKENIZER_H
#define QUIESCE_MODEL_PRETOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Text -> the words that WordPiece cuts, as tokenizers' BertNormalizer (clean text, spaces around ideographs,
// and with lowercase: NFD, accents off, lower case) and BertPreTokenizer (split at white space, punctuation
// by itself) make them. Internal to model/. Code points go in one by one; what is held is the word so far and
// a run of combining marks that waits for its canonical order, so memory does not grow with the text.

enum {
    QSC_WORD_CHARS_MAX = 100, // longer words are [UNK]: WordPiece's max_input_chars_per_word
    QSC_WORD_BYTES_MAX = 4 * QSC_WORD_CHARS_MAX,
};

struct qsc_word {
    int32_t chars;       // may exceed QSC_WORD_CHARS_MAX: text holds the first of them only
    int bytes;           // of text
    int32_t first, last; // source of its first and last code point: index in the text as it was given
    char text[QSC_WORD_BYTES_MAX];      // normalised UTF-8
    int32_t source[QSC_WORD_BYTES_MAX]; // (bytes): of the code point each byte belongs to
};

struct qsc_mark;

// Made by _init; private. Combining marks that have to be sorted take memory, ended by _fini.
struct qsc_pretokenizer {
    bool lowercase;
    int (*take_word)(void *context, const struct qsc_word *word);
    void *context;
    struct qsc_mark *marks; // (2, mark_capacity): the second half for sorting
    size_t mark_count, mark_capacity;
    int32_t previous; // source of the last normalised code point
    struct qsc_word word;
};

// Calls take_word(context, word) for each word; that returns 0, or an errno code that ends the text.
void qsc_pretokenizer_init(struct qsc_pretokenizer *pretokenizer, bool lowercase,
                           int (*take_word)(void *context, const struct qsc_word *word), void *context);

// Takes the next code point, the source-th of the text.
// Returns 0, ENOMEM, or what take_word returned. Does not block.
int qsc_pretokenizer_take(struct qsc_pretokenizer *pretokenizer, uint32_t c, int32_t source)
    __attribute__((warn_unused_result));

// Ends the word: at the end of the text and at a special token.
// Returns as qsc_pretokenizer_take.
int qsc_pretokenizer_end(struct qsc_pretokenizer *pretokenizer) __attribute__((warn_unused_result));

// Frees the marks.
void qsc_pretokenizer_fini(struct qsc_pretokenizer *pretokenizer);

#ifdef __cplusplus
}
#endif
#endif
