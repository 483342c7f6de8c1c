#ifndef QUIESCE_MODEL_UNICODE_H
#define QUIESCE_MODEL_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What BERT's normaliser and pre-tokeniser ask about code points, answered as Hugging Face's tokenizers does:
// from utf8proc, and where its Unicode version matters from unicode_exceptions.inc. Internal to model/.
// All functions are pure: wait-free, any thread.

// White space, which separates words (the Unicode property, without the controls among it).
bool qsc_unicode_is_space(uint32_t c);

// Removed from text: NUL, U+FFFD, controls, formats and private use, except what is white space.
bool qsc_unicode_is_removed(uint32_t c);

// A word of its own: category P and ASCII's symbols.
bool qsc_unicode_is_punctuation(uint32_t c);

// A word of its own: a CJK ideograph in the ranges of BERT's original code.
bool qsc_unicode_is_ideograph(uint32_t c);

// Category Mn: removed with the accents.
bool qsc_unicode_is_mark(uint32_t c);

// The canonical combining class; 0 is a starter.
int qsc_unicode_combining_class(uint32_t c);

// The canonical decomposition (NFD) of one code point. Returns how many code points it has.
enum { QSC_UNICODE_DECOMPOSED_MAX = 4 };
int qsc_unicode_decompose(uint32_t c, uint32_t decomposed[QSC_UNICODE_DECOMPOSED_MAX]);

// The lower-case letter, or c where there is none. c is decomposed: U+0130 alone has two, and decomposes.
uint32_t qsc_unicode_lower(uint32_t c);

// Reads the code point at text[0..bytes), bytes > 0. Returns its length, or 0 where the bytes are no UTF-8
// (overlong forms, surrogates and code points beyond U+10FFFF are none).
int qsc_unicode_read(uint32_t *c, const char *text, size_t bytes);

// Writes a code point as UTF-8. Returns its length.
int qsc_unicode_write(char text[4], uint32_t c);

// The offset of the first byte of text[0..bytes) that is not UTF-8, or `bytes` where all of it is.
size_t qsc_unicode_valid(const char *text, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
