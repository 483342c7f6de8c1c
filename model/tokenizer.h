#ifndef QUIESCE_MODEL_TOKENIZER_H
#define QUIESCE_MODEL_TOKENIZER_H

#include <quiesce/model/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// BERT's tokenizer: text -> WordPiece ids, equal to Hugging Face's fast tokenizer (BertNormalizer,
// BertPreTokenizer, WordPiece with ## and at most 100 characters a word) on every UTF-8 text, cased and
// uncased, [CLS], [SEP], [MASK], [PAD] and [UNK] in the text included: they are single pieces wherever they
// stand, as the fast tokenizer's added tokens are. No special token is added around the text.
typedef struct qsc_tokenizer qsc_tokenizer; // immutable: any number of threads may use one at a time

// Makes a tokenizer from the bytes of a vocab.txt: one piece a line, its id is the line's number from 0,
// white space at the end of a line does not count; where a piece stands twice the later id is the one text
// gets. Line ends are LF or CRLF. `name` (a file name) begins the error line. lowercase also strips accents.
// Returns 0; EINVAL (no [UNK], not UTF-8, a NUL byte, empty, over 64 MiB), ENOMEM; *tokenizer is set only by
// 0. Does not block. Any thread.
int qsc_tokenizer_create(qsc_tokenizer **tokenizer, const char *vocab, size_t bytes, const char *name,
                         bool lowercase, struct qsc_error *err) __attribute__((warn_unused_result));

// The same from a file.
// Returns as qsc_tokenizer_create, or the errno code of open/read. Blocks on the file. Any thread.
int qsc_tokenizer_load(qsc_tokenizer **tokenizer, const char *path, bool lowercase, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Frees the tokenizer, which nobody may be using. NULL is allowed.
void qsc_tokenizer_destroy(qsc_tokenizer *tokenizer);

// How many ids there are: they are 0 .. pieces - 1. Wait-free; any thread.
int qsc_tokenizer_pieces(const qsc_tokenizer *tokenizer);

// The piece of an id in 0 .. pieces - 1. Lives as long as the tokenizer. Wait-free; any thread.
const char *qsc_tokenizer_piece(const qsc_tokenizer *tokenizer, int32_t id);

// The id of a piece, or -1. Wait-free; any thread.
int32_t qsc_tokenizer_id(const qsc_tokenizer *tokenizer, const char *piece);

// The ids around a sentence. Wait-free; any thread.
int32_t qsc_tokenizer_cls(const qsc_tokenizer *tokenizer);
int32_t qsc_tokenizer_sep(const qsc_tokenizer *tokenizer);

// Pieces in the order of the text, three parallel arrays. All-zero bytes are a valid, empty encoding; one
// encoding is reused for many texts so that nothing is allocated once it has grown.
struct qsc_encoding {
    int32_t *ids;        // (count)
    struct qsc_offsets { // code points [start, end) of the text as it was given, before normalisation
        int32_t start, end;
    } * offsets;    // (count)
    int32_t *words; // (count): number of the pre-token (punctuation-split word) in the text
    size_t count, capacity;
};

// Appends the pieces of text[0..bytes) to the encoding; NUL bytes are text (the normaliser removes them).
// Offsets and word numbers start at 0 for each call, so sentences that are already split are encoded a word
// at a time and the count before and after tells a word's pieces. A word of nothing but control characters or
// white space has none.
// Returns 0; EILSEQ (not UTF-8; err names the byte, counted from 1), EFBIG (over 2^31 - 1 bytes), ENOMEM: the
// encoding's count is then as before. Does not block. Any thread, each with an encoding of its own.
int qsc_tokenizer_encode(const qsc_tokenizer *tokenizer, const char *text, size_t bytes,
                         struct qsc_encoding *encoding, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Forgets the pieces, keeps the memory. / Frees the memory; the encoding is all zero then.
void qsc_encoding_clear(struct qsc_encoding *encoding);
void qsc_encoding_fini(struct qsc_encoding *encoding);

#ifdef __cplusplus
}
#endif
#endif
