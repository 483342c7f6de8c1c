/* A batch of input lines cut into words. */
#ifndef QUIESCE_TOOLS_SENTENCES_H
#define QUIESCE_TOOLS_SENTENCES_H

#include <stddef.h>
#include <stdint.h>

struct qsc_sentence_word {
    size_t at;          /* of its first byte in the batch's text */
    int32_t start, end; /* code points of the line */
};

/* All-zero bytes are a valid, empty batch. */
struct qsc_sentence_batch {
    size_t lines, words;
    size_t *first;                  /* (lines + 1): words of line i are first[i] .. first[i + 1] - 1 */
    struct qsc_sentence_word *word; /* (words) */
    const char **text;              /* (words): NUL-terminated; set by qsc_sentences_seal */
    char *bytes;                    /* of all lines */
    size_t byte_count;
    size_t line_capacity, word_capacity, byte_capacity;
};

/*
 * Appends a line: its words are what stands between Unicode white space.
 * Returns 0; EILSEQ with the first bad byte (from 1) in *bad_byte: not UTF-8, or a NUL; ENOMEM. The batch is
 * then as before.
 */
int qsc_sentences_add(struct qsc_sentence_batch *batch, const char *line, size_t bytes, size_t *bad_byte)
    __attribute__((warn_unused_result));

/* Makes `text` of all words. Nothing may be added until the batch is cleared. */
void qsc_sentences_seal(struct qsc_sentence_batch *batch);

/* Empties the batch, keeps the memory. / Frees the memory. */
void qsc_sentences_clear(struct qsc_sentence_batch *batch);
void qsc_sentences_fini(struct qsc_sentence_batch *batch);

#endif
