#include "../../tools/sentences.h"
#include "../model/support.h"

static void add(struct qsc_sentence_batch *batch, const char *line)
{
    size_t bad;
    cr_assert_eq(qsc_sentences_add(batch, line, strlen(line), &bad), 0);
}

static void expect_word(const struct qsc_sentence_batch *batch, size_t word, const char *text, int start,
                        int end)
{
    cr_assert_str_eq(batch->text[word], text);
    cr_assert_eq(batch->word[word].start, start, "%s", text);
    cr_assert_eq(batch->word[word].end, end, "%s", text);
}

Test(sentences, words_between_white_space)
{
    struct qsc_sentence_batch batch = {0};
    add(&batch, "  ab\tc\r");
    add(&batch, "");
    add(&batch,
        "\xc3\xa9\xe3\x80\x80\xf0\x9f\x98\x80x\xc2\x85y"); /* é, ideographic space, emoji x, next line, y */
    qsc_sentences_seal(&batch);
    const size_t first[] = {0, 2, 2, 5};
    cr_assert_eq(batch.lines, 3);
    for (size_t i = 0; i <= 3; i++)
        cr_assert_eq(batch.first[i], first[i]);
    expect_word(&batch, 0, "ab", 2, 4);
    expect_word(&batch, 1, "c", 5, 6);
    expect_word(&batch, 2, "\xc3\xa9", 0, 1);
    expect_word(&batch, 3, "\xf0\x9f\x98\x80x", 2, 4);
    expect_word(&batch, 4, "y", 5, 6);
    qsc_sentences_clear(&batch);
    add(&batch, "z");
    qsc_sentences_seal(&batch);
    expect_word(&batch, 0, "z", 0, 1);
    qsc_sentences_fini(&batch);
}

Test(sentences, bad_bytes)
{
    struct qsc_sentence_batch batch = {0};
    size_t bad;
    add(&batch, "a b");
    cr_assert_eq(qsc_sentences_add(&batch, "cd\xc3", 3, &bad), EILSEQ);
    cr_assert_eq(bad, 3);
    cr_assert_eq(qsc_sentences_add(&batch, "c\0d\xff", 4, &bad), EILSEQ);
    cr_assert_eq(bad, 2);
    cr_assert_eq(batch.lines, 1);
    cr_assert_eq(batch.words, 2);
    qsc_sentences_fini(&batch);
}

static int add_many(void *context)
{
    (void)context;
    struct qsc_sentence_batch batch = {0};
    size_t bad;
    int code = 0;
    for (int i = 0; i < 200 && code == 0; i++)
        code = qsc_sentences_add(&batch, "one two three", 13, &bad);
    if (code == 0)
        qsc_sentences_seal(&batch);
    qsc_sentences_fini(&batch);
    return code;
}

Test(sentences, every_allocation_may_fail)
{
    cr_assert_gt(fail_each_allocation(add_many, NULL), 6);
}
