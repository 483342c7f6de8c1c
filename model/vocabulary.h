#ifndef QUIESCE_MODEL_VOCABULARY_H
#define QUIESCE_MODEL_VOCABULARY_H

#include <quiesce/model/conll.h>
#include <quiesce/model/error.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Builds a WordPiece vocabulary of at most `pieces` pieces from a corpus, as the bytes of a vocab.txt:
// [PAD], [UNK], [CLS], [SEP], [MASK], the characters of the corpus (also as ##continuations) by falling
// frequency, then merges of the most frequent pair of neighbouring pieces, ties by the pieces' bytes, until
// the vocabulary is full or no pair occurs twice. The same corpus gives the same bytes everywhere. Where not
// all characters fit, the rarest are left out.
// Returns 0; EINVAL (pieces < 16), ENOMEM; *vocab (to be freed with qsc_free, a NUL after it) is set only by
// 0. Does not block. Any thread. Source: the pair merging of Sennrich et al. 2016 on WordPiece's alphabet, as
// Hugging Face's WordPiece trainer does it.
int qsc_vocabulary_build(char **vocab, size_t *bytes, const struct qsc_corpus *corpus, int pieces,
                         bool lowercase, struct qsc_error *err) __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
