#include "support.h"

#include <quiesce/model/tokenizer.h>
#include <quiesce/model/vocabulary.h>

/* The vocabulary of the words in `data`, one a line, to be freed. */
static char *build(const char *data, int pieces, bool lowercase)
{
    struct qsc_corpus corpus;
    struct qsc_error err = {""};
    char *vocab;
    size_t bytes;
    cr_assert_eq(qsc_conll_parse(&corpus, data, strlen(data), "f.conll", &err), 0, "%s", err.text);
    cr_assert_eq(qsc_vocabulary_build(&vocab, &bytes, &corpus, pieces, lowercase, &err), 0, "%s", err.text);
    cr_assert_eq(strlen(vocab), bytes);
    qsc_corpus_fini(&corpus);
    return vocab;
}

static void expect(const char *data, int pieces, bool lowercase, const char *learned)
{
    static const char specials[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    char *vocab = build(data, pieces, lowercase);
    cr_assert_eq(strncmp(vocab, specials, strlen(specials)), 0);
    cr_assert_str_eq(vocab + strlen(specials), learned);
    qsc_free(vocab);
}

Test(vocabulary, characters_then_the_most_frequent_pairs)
{
    /* ab is there three times, then ab+c twice; what is there once is not merged. */
    expect("abc O\nabc O\nab O\nx O\n", 100, false, "a\nb\n##b\nc\n##c\nx\nab\nabc\n");
}

Test(vocabulary, ties_by_the_bytes_of_the_pieces)
{
    expect("cd O\ncd O\nab O\nab O\n", 100, false, "a\nb\n##b\nc\nd\n##d\nab\ncd\n");
}

Test(vocabulary, words_as_the_tokenizer_sees_them)
{
    expect("\xc3\x89"
           "a. O\nea O\n",
           100, true, "a\n##a\ne\n.\nea\n"); /* É is e, the stop a word of its own */
}

Test(vocabulary, no_larger_than_asked)
{
    /* The special ones leave room for 11: h, which would need two, is left out. */
    expect("ab O\nab O\nab O\ncd O\ncd O\nef O\nef O\ngh O\n", 16, false,
           "a\nb\n##b\nc\nd\n##d\ne\nf\n##f\ng\nab\n");
    struct qsc_corpus corpus = {0};
    struct qsc_error err;
    char *vocab = NULL;
    size_t bytes;
    cr_assert_eq(qsc_vocabulary_build(&vocab, &bytes, &corpus, 15, false, &err), EINVAL);
    cr_assert_str_eq(err.text, "a vocabulary of 15 pieces is too small (at least 16)");
    cr_assert_null(vocab);
}

/* Words from a few syllables, so that there is something to be learned. */
static char *random_words(size_t count)
{
    static const char *const syllables[] = {"ber", "lin", "ro", "ma",   "pa",       "ris",
                                            "to",  "ky",  "o",  "wien", "\xc3\xa9", "x"};
    char *data = malloc(count * 64), *at = data;
    uint32_t random = 11;
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < 4; k++) {
            random = random * 1664525 + 1013904223;
            at = stpcpy(at, syllables[(random >> 24) * (random >> 16 & 255) / 256 % 12]);
        }
        at = stpcpy(at, " O\n");
    }
    return data;
}

Test(vocabulary, covers_its_corpus_with_few_pieces)
{
    char *data = random_words(3000), *vocab = build(data, 300, false);
    qsc_tokenizer *tokenizer;
    struct qsc_error err;
    cr_assert_eq(qsc_tokenizer_create(&tokenizer, vocab, strlen(vocab), "vocab.txt", false, &err), 0);
    cr_assert_eq(qsc_tokenizer_pieces(tokenizer), 300);
    for (int id = 0; id < 300; id++)
        cr_assert_eq(qsc_tokenizer_id(tokenizer, qsc_tokenizer_piece(tokenizer, id)), id,
                     "a piece is there twice");
    struct qsc_corpus corpus;
    cr_assert_eq(qsc_conll_parse(&corpus, data, strlen(data), "f.conll", &err), 0);
    struct qsc_encoding e = {0};
    for (size_t i = 0; i < corpus.words; i++)
        cr_assert_eq(qsc_tokenizer_encode(tokenizer, corpus.text[i], strlen(corpus.text[i]), &e, &err), 0);
    for (size_t i = 0; i < e.count; i++)
        cr_assert_neq(e.ids[i], 1, "[UNK]");
    cr_assert_lt((double)e.count / (double)corpus.words, 2.5, "%zu pieces for %zu words", e.count,
                 corpus.words);
    char *again = build(data, 300, false);
    cr_assert_str_eq(again, vocab);
    qsc_free(again);
    qsc_encoding_fini(&e);
    qsc_corpus_fini(&corpus);
    qsc_tokenizer_destroy(tokenizer);
    qsc_free(vocab);
    free(data);
}

static int build_from(void *context)
{
    char *vocab;
    size_t bytes;
    const int code = qsc_vocabulary_build(&vocab, &bytes, context, 200, true, NULL);
    if (code == 0)
        qsc_free(vocab);
    return code;
}

Test(vocabulary, every_allocation_may_fail)
{
    char *data = random_words(100);
    struct qsc_corpus corpus;
    cr_assert_eq(qsc_conll_parse(&corpus, data, strlen(data), "f.conll", NULL), 0);
    cr_assert_gt(fail_each_allocation(build_from, &corpus), 100);
    qsc_corpus_fini(&corpus);
    free(data);
}
