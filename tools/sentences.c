#include "sentences.h"

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/unicode.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_space(uint32_t c)
{
    return qsc_unicode_is_space(c) || c == '\v' || c == '\f' || c == 0x85;
}

static int reserve_line(struct qsc_sentence_batch *b, size_t bytes)
{
    if (b->lines + 1 >= b->line_capacity) {
        const size_t capacity = 2 * b->line_capacity + 64;
        size_t *first = qsc_realloc(b->first, capacity * sizeof *first);
        if (!first)
            return ENOMEM;
        first[0] = 0;
        b->first = first;
        b->line_capacity = capacity;
    }
    if (b->byte_capacity - b->byte_count < bytes) {
        const size_t capacity = 2 * b->byte_capacity + bytes;
        char *all = qsc_realloc(b->bytes, capacity);
        if (!all)
            return ENOMEM;
        b->bytes = all;
        b->byte_capacity = capacity;
    }
    return 0;
}

static int reserve_word(struct qsc_sentence_batch *b)
{
    if (b->words < b->word_capacity)
        return 0;
    const size_t capacity = 2 * b->word_capacity + 256;
    struct qsc_sentence_word *word = qsc_realloc(b->word, capacity * sizeof *word);
    if (!word)
        return ENOMEM;
    b->word = word;
    const char **text = qsc_realloc(b->text, capacity * sizeof *text);
    if (!text)
        return ENOMEM;
    b->text = text;
    b->word_capacity = capacity;
    return 0;
}

/* Cuts the copied line in place: a NUL takes the first byte behind each word. */
static int cut(struct qsc_sentence_batch *b, size_t bytes)
{
    char *line = b->bytes + b->byte_count;
    int32_t position = 0;
    bool inside = false;
    for (size_t at = 0; at < bytes;) {
        uint32_t c;
        const int length = qsc_unicode_read(&c, line + at, bytes - at);
        if (is_space(c)) {
            if (inside)
                line[at] = '\0';
            inside = false;
        } else {
            if (!inside) {
                if (reserve_word(b))
                    return ENOMEM;
                b->word[b->words++] = (struct qsc_sentence_word){.at = b->byte_count + at, .start = position};
                inside = true;
            }
            b->word[b->words - 1].end = position + 1;
        }
        at += (size_t)length;
        position++;
    }
    return 0;
}

int qsc_sentences_add(struct qsc_sentence_batch *b, const char *line, size_t bytes, size_t *bad_byte)
{
    const size_t valid = qsc_unicode_valid(line, bytes), words = b->words;
    const char *nul = memchr(line, '\0', valid);
    if (nul || valid < bytes) {
        *bad_byte = (nul ? (size_t)(nul - line) : valid) + 1;
        return EILSEQ;
    }
    if (reserve_line(b, bytes + 1))
        return ENOMEM;
    memcpy(b->bytes + b->byte_count, line, bytes);
    b->bytes[b->byte_count + bytes] = '\0';
    if (cut(b, bytes)) {
        b->words = words;
        return ENOMEM;
    }
    b->byte_count += bytes + 1;
    b->first[++b->lines] = b->words;
    return 0;
}

void qsc_sentences_seal(struct qsc_sentence_batch *b)
{
    for (size_t i = 0; i < b->words; i++)
        b->text[i] = b->bytes + b->word[i].at;
}

void qsc_sentences_clear(struct qsc_sentence_batch *b)
{
    b->lines = b->words = b->byte_count = 0;
}

void qsc_sentences_fini(struct qsc_sentence_batch *b)
{
    qsc_free(b->first);
    qsc_free(b->word);
    qsc_free(b->text);
    qsc_free(b->bytes);
    *b = (struct qsc_sentence_batch){0};
}
