#ifndef QUIESCE_MODEL_TOKENIZER_JSON_H
#define QUIESCE_MODEL_TOKENIZER_JSON_H

// The vocabulary of a tokenizer.json, which is all that transformers 5 saves of a BERT tokenizer: vocab.txt,
// which holds the same, is no longer written. Internal to model/.

#include <quiesce/model/error.h>

#include <jansson.h>
#include <stddef.h>

// Refuses a token (of added_tokens or added_tokens_decoder) that transformers would cut out of the text
// before all else and our tokenizer would not: any but BERT's own five. `where` names the file in the error
// line. Returns 0 or EINVAL.
int qsc_tokenizer_json_check_added(const json_t *token, const char *where, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Reads the pieces of a WordPiece tokenizer as the text of a vocab.txt: the piece of id i on line i.
// *vocab is qsc_alloc'ed and has a NUL after its *length bytes.
// Returns 0; EINVAL (not JSON, not WordPiece, ids with a hole or there twice, a piece with a line end),
// EFBIG, ENOMEM, or the errno code of open/read. Blocks on the file. Any thread.
int qsc_tokenizer_json_vocab(const char *path, char **vocab, size_t *length, struct qsc_error *err)
    __attribute__((warn_unused_result));

#endif
