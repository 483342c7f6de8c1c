#ifndef QUIESCE_MODEL_CONLL_H
#define QUIESCE_MODEL_CONLL_H

#include <quiesce/model/error.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A tagged corpus in memory: sentences of words with one IOB2 label each. Read only for everybody once made.
// All-zero bytes are a valid, empty corpus.
struct qsc_corpus {
    size_t sentences;
    size_t words;
    size_t *first;      // (sentences + 1): words of sentence s are first[s] .. first[s + 1] - 1
    const char **text;  // (words): UTF-8, NUL-terminated; may be empty
    int32_t *labels;    // (words): index into names
    const char **names; // (label_count): the labels that occur, in byte order, as run_ner.py numbers them
    size_t *name_lines; // (label_count): the line of the file where that label is first used
    int label_count;
    char *path;  // for messages
    char *arena; // owns every string above
};

// Reads a corpus in CoNLL format: one word a line, its label in the last column, sentences separated by lines
// of nothing but white space.
//   - Columns are separated by tabs where the line has one, else by runs of blanks. With tabs a word may be
//     empty or hold blanks, and a file of two columns is split at the last tab of each line. Two columns or
//     more, as many on each line as on the first (2: word, label; 4: word, part of speech, chunk, label).
//   - Labels are O, B, I, B-TYPE or I-TYPE, in IOB1 or IOB2; the corpus holds IOB2: an I that does not
//   continue
//     an entity of its type becomes B. That turns IOB1 into IOB2 and leaves IOB2 as it is, so nothing need be
//     guessed.
//   - A -DOCSTART- line ends a sentence and is no word. A byte order mark, CRLF line ends and a missing last
//     line end are accepted.
// Returns 0; EINVAL with "file:line: what, remedy" (no sentence, a missing column or label, a label of
// another scheme, not UTF-8, a NUL byte, a line over 1 MiB, over 2^31 - 1 words or 32767 labels), ENOMEM, or
// the errno code of open/read: *corpus is then all zero. Blocks on the file. Any thread.
int qsc_conll_load(struct qsc_corpus *corpus, const char *path, struct qsc_error *err)
    __attribute__((warn_unused_result));

// The same from memory; `name` stands for the file's name in messages.
int qsc_conll_parse(struct qsc_corpus *corpus, const char *data, size_t bytes, const char *name,
                    struct qsc_error *err) __attribute__((warn_unused_result));

// Frees what the corpus owns and makes it all zero.
void qsc_corpus_fini(struct qsc_corpus *corpus);

#ifdef __cplusplus
}
#endif
#endif
