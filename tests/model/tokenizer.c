#include "support.h"

#include <quiesce/model/conll.h>
#include <quiesce/model/pretokenizer.h>
#include <quiesce/model/tokenizer.h>
#include <quiesce/model/unicode.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static qsc_tokenizer *make(const char *vocab, bool lowercase)
{
    qsc_tokenizer *tokenizer = NULL;
    struct qsc_error err = {""};
    cr_assert_eq(qsc_tokenizer_create(&tokenizer, vocab, strlen(vocab), "vocab.txt", lowercase, &err), 0,
                 "%s", err.text);
    return tokenizer;
}

static void refuse(const char *vocab, size_t bytes, const char *line)
{
    qsc_tokenizer *tokenizer = NULL;
    struct qsc_error err = {""};
    cr_assert_eq(qsc_tokenizer_create(&tokenizer, vocab, bytes, "vocab.txt", true, &err), EINVAL);
    cr_assert_null(tokenizer);
    cr_assert_str_eq(err.text, line);
}

static void encode(const qsc_tokenizer *tokenizer, const char *text, size_t bytes,
                   struct qsc_encoding *encoding)
{
    struct qsc_error err = {""};
    qsc_encoding_clear(encoding);
    cr_assert_eq(qsc_tokenizer_encode(tokenizer, text, bytes, encoding, &err), 0, "%s", err.text);
}

/* The pieces of text, joined by blanks. */
static void expect_pieces(const qsc_tokenizer *tokenizer, const char *text, const char *pieces)
{
    struct qsc_encoding encoding = {0};
    char joined[4096] = "";
    encode(tokenizer, text, strlen(text), &encoding);
    for (size_t i = 0; i < encoding.count; i++) {
        strcat(joined, i ? " " : "");
        strcat(joined, qsc_tokenizer_piece(tokenizer, encoding.ids[i]));
    }
    cr_assert_str_eq(joined, pieces, "'%s' became '%s'", text, joined);
    qsc_encoding_fini(&encoding);
}

/* ---- every code point, against what tokenizers does */

struct outcome {
    size_t numbers;
    uint32_t value[64]; /* code points; BREAK between words */
    bool rises[64];
    int32_t source[64];
};
enum { BREAK = 0x110000 };

static int note_word(void *context, const struct qsc_word *word)
{
    struct outcome *outcome = context;
    if (outcome->numbers)
        outcome->value[outcome->numbers++] = BREAK;
    for (int at = 0; at < word->bytes;) {
        uint32_t c;
        const int length = qsc_unicode_read(&c, word->text + at, (size_t)(word->bytes - at));
        cr_assert_gt(length, 0);
        outcome->value[outcome->numbers++] = c;
        outcome->source[outcome->numbers - 1] = word->source[at];
        at += length;
    }
    return 0;
}

static struct outcome read_outcome(const char *text)
{
    struct outcome o = {0};
    while (*text && *text != '\n') {
        char *end;
        if (*text == '|') {
            o.value[o.numbers++] = BREAK;
            text++;
        }
        o.value[o.numbers] = (uint32_t)strtoul(text, &end, 16);
        o.rises[o.numbers++] = *end == '+';
        text = end + (*end == '+');
        text += *text == ' ';
    }
    return o;
}

static void check_code_point(uint32_t c, uint32_t first, const struct outcome *expected, bool lowercase)
{
    struct outcome got = {0};
    struct qsc_pretokenizer p;
    qsc_pretokenizer_init(&p, lowercase, note_word, &got);
    cr_assert_eq(qsc_pretokenizer_take(&p, 'x', 0), 0);
    cr_assert_eq(qsc_pretokenizer_take(&p, c, 1), 0);
    cr_assert_eq(qsc_pretokenizer_take(&p, 'y', 2), 0);
    cr_assert_eq(qsc_pretokenizer_end(&p), 0);
    qsc_pretokenizer_fini(&p);
    bool same = got.numbers == expected->numbers;
    for (size_t i = 0; same && i < got.numbers; i++)
        same = got.value[i] == expected->value[i] + (expected->rises[i] ? c - first : 0);
    for (size_t i = 0; same && i < got.numbers; i++)
        same = got.value[i] == BREAK || got.source[i] == (i == 0 ? 0 : i == got.numbers - 1 ? 2 : 1);
    if (!same) {
        char text[1024] = "";
        for (size_t i = 0; i < got.numbers; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), " %" PRIx32 "@%" PRId32, got.value[i],
                     got.source[i]);
        cr_assert_fail("U+%04" PRIX32 " becomes%s, %s", c, text, lowercase ? "uncased" : "cased");
    }
}

#ifdef __SANITIZE_THREAD__
enum { STRIDE = 61 }; /* one thread, twenty times slower: there is nothing to be seen in all of them */
#else
enum { STRIDE = 1 };
#endif

static void check_all_code_points(const char *path, bool lowercase)
{
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    char row[512];
    uint32_t next = 0;
    while (fgets(row, sizeof row, file)) {
        char *at;
        const uint32_t first = (uint32_t)strtoul(row, &at, 16), last = (uint32_t)strtoul(at, &at, 16);
        cr_assert(first == next || (next == 0xd800 && first == 0xe000), "no row for U+%04" PRIX32, next);
        const struct outcome expected = read_outcome(at + 1);
        for (uint32_t c = first; c <= last; c += STRIDE)
            check_code_point(c, first, &expected, lowercase);
        next = last + 1;
    }
    cr_assert_eq(next, 0x110000);
    fclose(file);
}

Test(tokenizer, every_code_point_cased)
{
    check_all_code_points(QSC_GOLDEN "/tokenizer/code-points-cased.txt", false);
}

Test(tokenizer, every_code_point_uncased)
{
    check_all_code_points(QSC_GOLDEN "/tokenizer/code-points-uncased.txt", true);
}

/* ---- hostile lines, against what tokenizers does */

static void expect_numbers(const json_t *expected, const int32_t *got, size_t count, size_t stride,
                           size_t line, const char *what)
{
    cr_assert_eq(json_array_size(expected), count, "line %zu: %zu %s, expected %zu", line, count, what,
                 json_array_size(expected));
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(json_integer_value(json_array_get(expected, i)), got[i * stride],
                     "line %zu: %s %zu is %" PRId32, line, what, i, got[i * stride]);
}

static void check_line(const qsc_tokenizer *tokenizer, struct qsc_encoding *encoding, const json_t *text,
                       const json_t *expected, size_t line)
{
    encode(tokenizer, json_string_value(text), json_string_length(text), encoding);
    const size_t count = encoding->count;
    expect_numbers(json_array_get(expected, 0), encoding->ids, count, 1, line, "ids");
    expect_numbers(json_array_get(expected, 1), encoding->words, count, 1, line, "words");
    expect_numbers(json_array_get(expected, 2), &encoding->offsets->start, count, 2, line, "starts");
    for (size_t i = 0; i < count; i++)
        encoding->offsets[i].end -= encoding->offsets[i].start;
    expect_numbers(json_array_get(expected, 3), &encoding->offsets->end, count, 2, line, "lengths");
}

Test(tokenizer, hostile_lines)
{
    qsc_tokenizer *tokenizers[2];
    struct qsc_error err;
    for (int i = 0; i < 2; i++)
        cr_assert_eq(qsc_tokenizer_load(&tokenizers[i], QSC_GOLDEN "/tokenizer/vocab.txt", i == 1, &err), 0);
    FILE *file = fopen(QSC_GOLDEN "/tokenizer/lines.jsonl", "r");
    cr_assert_not_null(file);
    struct qsc_encoding encoding = {0};
    size_t line = 0;
    for (json_t *row; (row = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL)) != NULL;
         json_decref(row)) {
        line++;
        for (size_t i = 0; i < 2; i++)
            check_line(tokenizers[i], &encoding, json_array_get(row, 0), json_array_get(row, i + 1), line);
    }
    cr_assert_eq(line, 4000);
    qsc_encoding_fini(&encoding);
    fclose(file);
    for (int i = 0; i < 2; i++)
        qsc_tokenizer_destroy(tokenizers[i]);
}

/* ---- the corpora and vocabularies of the field, where somebody has put them: they may not be shipped */

struct figures {
    const char *vocabulary, *corpus;
    size_t pieces;
    uint64_t hash; /* FNV-1a of the ids, little-endian, as tokenizers gives them */
};
static const struct figures real[] = {
    {"cased", "conll2003/eng.train", 272595, UINT64_C(0x56e118085e5cabd4)},
    {"cased", "conll2003/eng.testa", 67948, UINT64_C(0x705a435f86333395)},
    {"cased", "conll2003/eng.testb", 63461, UINT64_C(0x2d3e4da186209459)},
    {"cased", "wnut17/wnut17train.conll", 109831, UINT64_C(0xb9d098f646031eb0)},
    {"cased", "wnut17/emerging.dev.conll", 18685, UINT64_C(0xaf88ed271749869d)},
    {"cased", "wnut17/emerging.test.annotated", 39800, UINT64_C(0xbf33a02e96ba16a2)},
    {"uncased", "conll2003/eng.train", 252043, UINT64_C(0x6470181074bad53e)},
    {"uncased", "conll2003/eng.testa", 62947, UINT64_C(0x0521c6a8dda7d969)},
    {"uncased", "conll2003/eng.testb", 57924, UINT64_C(0x30aa4d21e05ebf3c)},
    {"uncased", "wnut17/wnut17train.conll", 99508, UINT64_C(0x802baa34d61c4d6e)},
    {"uncased", "wnut17/emerging.dev.conll", 17438, UINT64_C(0xc88a690b82bc401e)},
    {"uncased", "wnut17/emerging.test.annotated", 36852, UINT64_C(0x257223714e5e0f25)},
};

static uint64_t hash_ids(const struct qsc_encoding *encoding)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < encoding->count; i++)
        for (int shift = 0; shift < 32; shift += 8)
            hash = (hash ^ ((uint32_t)encoding->ids[i] >> shift & 255)) * UINT64_C(0x100000001b3);
    return hash;
}

static void check_real(const struct figures *expected, const char *vocabulary, const char *path)
{
    qsc_tokenizer *tokenizer;
    struct qsc_corpus corpus;
    struct qsc_encoding encoding = {0};
    struct qsc_error err;
    const bool lowercase = strcmp(expected->vocabulary, "uncased") == 0;
    cr_assert_eq(qsc_tokenizer_load(&tokenizer, vocabulary, lowercase, &err), 0, "%s", err.text);
    cr_assert_eq(qsc_conll_load(&corpus, path, &err), 0, "%s", err.text);
    for (size_t i = 0; i < corpus.words; i++)
        cr_assert_eq(qsc_tokenizer_encode(tokenizer, corpus.text[i], strlen(corpus.text[i]), &encoding, &err),
                     0);
    cr_assert_eq(encoding.count, expected->pieces, "%s: %zu pieces", path, encoding.count);
    cr_assert_eq(hash_ids(&encoding), expected->hash, "%s: other ids", path);
    qsc_encoding_fini(&encoding);
    qsc_corpus_fini(&corpus);
    qsc_tokenizer_destroy(tokenizer);
}

Test(tokenizer, real_vocabularies)
{
    const char *data = getenv("QSC_DATA") ? getenv("QSC_DATA") : QSC_DEFAULT_DATA;
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        char vocabulary[1024], corpus[1024];
        snprintf(vocabulary, sizeof vocabulary, "%s/vocab/bert-base-%s-vocab.txt", data, real[i].vocabulary);
        snprintf(corpus, sizeof corpus, "%s/%s", data, real[i].corpus);
        if (access(vocabulary, R_OK) == 0 && access(corpus, R_OK) == 0)
            check_real(&real[i], vocabulary, corpus);
        else
            printf("skipped: %s or %s is not there\n", vocabulary, corpus);
    }
}

/* ---- texts */

#define SPECIALS "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"

Test(tokenizer, longest_piece_first)
{
    qsc_tokenizer *t = make(SPECIALS "un\n##aff\n##able\nunaff\n##ab\n##le\nrun\n##n\n##ing\n", true);
    expect_pieces(t, "unaffable running", "unaff ##able run ##n ##ing");
    expect_pieces(t, "unaffablex unaffab", "[UNK] unaff ##ab"); /* one missing piece: the whole word */
    expect_pieces(t, "ablerun", "[UNK]");
    qsc_tokenizer_destroy(t);
}

Test(tokenizer, special_tokens_in_the_text_are_single_pieces)
{
    qsc_tokenizer *t = make(SPECIALS "a\n##b\n[\n]\nsep\n", true);
    expect_pieces(t, "a[SEP]ab[MASK][CLS] [sep]", "a [SEP] a ##b [MASK] [CLS] [ sep ]");
    qsc_tokenizer_destroy(t);
    t = make("[UNK]\n[\n]\nsep\n", true); /* no [SEP] in the vocabulary: it is text like any other */
    expect_pieces(t, "[SEP]", "[ sep ]");
    cr_assert_eq(qsc_tokenizer_sep(t), -1);
    qsc_tokenizer_destroy(t);
}

Test(tokenizer, words_over_100_characters_are_unknown)
{
    qsc_tokenizer *t = make(SPECIALS "a\n##a\n", false);
    char text[102];
    memset(text, 'a', sizeof text);
    struct qsc_encoding e = {0};
    encode(t, text, 100, &e);
    cr_assert_eq(e.count, 100);
    encode(t, text, 101, &e);
    cr_assert_eq(e.count, 1);
    cr_assert_eq(e.ids[0], 1);
    cr_assert_eq(e.offsets[0].end, 101);
    qsc_encoding_fini(&e);
    qsc_tokenizer_destroy(t);
}

Test(tokenizer, pieces_of_split_words_are_appended)
{
    qsc_tokenizer *t = make(SPECIALS "a\n##b\nc\n.\n", true);
    struct qsc_encoding e = {0};
    struct qsc_error err;
    cr_assert_eq(qsc_tokenizer_encode(t, "ab.", 3, &e, &err), 0);
    cr_assert_eq(e.count, 3);
    cr_assert_eq(qsc_tokenizer_encode(t, "\xe2\x80\x8b", 3, &e, &err), 0); /* a format character: no piece */
    cr_assert_eq(e.count, 3);
    cr_assert_eq(qsc_tokenizer_encode(t, "C", 1, &e, &err), 0);
    cr_assert_eq(e.count, 4);
    cr_assert_eq(e.ids[3], 7);
    cr_assert_eq(e.offsets[3].start, 0);
    cr_assert_eq(e.words[3], 0);
    cr_assert_eq(qsc_tokenizer_encode(t, "c\xff", 2, &e, &err), EILSEQ);
    cr_assert_str_eq(err.text, "byte 2 is not UTF-8; convert the text to UTF-8");
    cr_assert_eq(e.count, 4, "a failed call leaves the encoding as it was");
    qsc_encoding_fini(&e);
    qsc_tokenizer_destroy(t);
}

Test(tokenizer, no_bytes_but_utf8)
{
    static const char *const bad[] = {"\x80",
                                      "\xc3",
                                      "\xc0\xaf",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf0\x80\x80\x80",
                                      "\xe2\x82",
                                      "\xfe"};
    qsc_tokenizer *t = make(SPECIALS, true);
    struct qsc_encoding e = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_eq(qsc_tokenizer_encode(t, bad[i], strlen(bad[i]), &e, NULL), EILSEQ, "%zu", i);
    cr_assert_eq(qsc_tokenizer_encode(t, "\xf4\x8f\xbf\xbf", 4, &e, NULL), 0, "U+10FFFF");
    qsc_encoding_fini(&e);
    qsc_tokenizer_destroy(t);
}

/* A quadratic sort or copy of these would not end within the test's time. */
Test(tokenizer, long_runs_take_linear_time)
{
    enum { BYTES = 1 << 22 };
    char *text = malloc(BYTES);
    qsc_tokenizer *t = make(SPECIALS "a\n##a\n", true);
    struct qsc_encoding e = {0};
    for (size_t i = 0; i < BYTES; i += 4) /* marks of falling combining class behind one letter */
        memcpy(text + i, i < BYTES / 2 ? "\xcc\x95\xcd\x85" : "\xcc\xa7\xcc\xb4", 4);
    text[0] = text[1] = 'a';
    encode(t, text, BYTES, &e);
    cr_assert_eq(e.count, 2);
    memset(text, 'a', BYTES);
    encode(t, text, BYTES, &e);
    cr_assert_eq(e.count, 1);
    memset(text, '.', BYTES);
    encode(t, text, BYTES, &e);
    cr_assert_eq(e.count, BYTES);
    qsc_encoding_fini(&e);
    qsc_tokenizer_destroy(t);
    free(text);
}

/* ---- vocabularies */

Test(tokenizer, vocabulary_lines)
{
    /* White space behind a piece does not count; the last of equal pieces has the id; an empty line has one.
     */
    qsc_tokenizer *t = make("[UNK]\r\na \t\n\nb\xe3\x80\x80\na\n##b", false);
    cr_assert_eq(qsc_tokenizer_pieces(t), 6);
    cr_assert_str_eq(qsc_tokenizer_piece(t, 1), "a");
    cr_assert_eq(qsc_tokenizer_id(t, "a"), 4);
    cr_assert_eq(qsc_tokenizer_id(t, ""), 2);
    cr_assert_eq(qsc_tokenizer_id(t, "b"), 3);
    cr_assert_eq(qsc_tokenizer_id(t, "##"), -1);
    cr_assert_eq(qsc_tokenizer_id(t, "c"), -1);
    expect_pieces(t, "ab b", "a ##b b");
    qsc_tokenizer_destroy(t);
}

Test(tokenizer, vocabularies_refused)
{
    refuse("", 0, "vocab.txt: the vocabulary is empty; expected one piece a line");
    refuse("a\nb\n", 4, "vocab.txt: no piece [UNK]; is this the vocab.txt of a BERT model?");
    refuse("[UNK]\nab\xff\n", 10,
           "vocab.txt:2: byte 3 is not UTF-8; a vocabulary is UTF-8 text, one piece a line");
    refuse("[UNK]\na\0b\n", 10, "vocab.txt:2: byte 2 is NUL; a vocabulary is UTF-8 text, one piece a line");
}

Test(tokenizer, missing_file)
{
    qsc_tokenizer *tokenizer = NULL;
    struct qsc_error err;
    cr_assert_eq(qsc_tokenizer_load(&tokenizer, "/nowhere/vocab.txt", true, &err), ENOENT);
    cr_assert_eq(strncmp(err.text, "/nowhere/vocab.txt: ", 20), 0, "%s", err.text);
}

static int load_and_encode(void *context)
{
    const char *text = context;
    static const char vocab[] = SPECIALS "a\n##b\nc\n";
    qsc_tokenizer *tokenizer;
    struct qsc_encoding encoding = {0};
    int code = qsc_tokenizer_create(&tokenizer, vocab, strlen(vocab), "vocab.txt", true, NULL);
    if (code)
        return code;
    code = qsc_tokenizer_encode(tokenizer, text, strlen(text), &encoding, NULL);
    qsc_encoding_fini(&encoding);
    qsc_tokenizer_destroy(tokenizer);
    return code;
}

Test(tokenizer, every_allocation_may_fail)
{
    char text[1024];
    for (size_t i = 0; i < sizeof text; i += 8)
        memcpy(text + i, "ab[SEP] ", 8);
    memcpy(text, "a\xcc\x95\xcc\xa7", 5); /* marks to be sorted */
    text[sizeof text - 1] = '\0';
    cr_assert_gt(fail_each_allocation(load_and_encode, text), 10);
}
