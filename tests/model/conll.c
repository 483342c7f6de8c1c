#include "support.h"

#include <quiesce/model/conll.h>

static void parse(struct qsc_corpus *corpus, const char *data, size_t bytes)
{
    struct qsc_error err = {""};
    cr_assert_eq(qsc_conll_parse(corpus, data, bytes, "f.conll", &err), 0, "%s", err.text);
}

/* The corpus as text: word/LABEL, a bar behind each sentence. */
static void expect(const char *data, const char *sentences)
{
    struct qsc_corpus c;
    char text[4096] = "";
    parse(&c, data, strlen(data));
    for (size_t s = 0; s < c.sentences; s++) {
        for (size_t i = c.first[s]; i < c.first[s + 1]; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s/%s ", c.text[i],
                     c.names[c.labels[i]]);
        strcat(text, "| ");
    }
    cr_assert_str_eq(text, sentences, "became %s", text);
    qsc_corpus_fini(&c);
}

static void refuse_bytes(const char *data, size_t bytes, const char *line)
{
    struct qsc_corpus c;
    struct qsc_error err = {""};
    cr_assert_eq(qsc_conll_parse(&c, data, bytes, "f.conll", &err), EINVAL);
    cr_assert_str_eq(err.text, line, "%s", err.text);
    cr_assert_null(c.arena);
}

static void refuse(const char *data, const char *line)
{
    refuse_bytes(data, strlen(data), line);
}

Test(conll, four_columns_and_docstart)
{
    expect("-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\nPeter NNP I-NP I-PER\n-DOCSTART- "
           "-X- O O\n"
           "Rome  NNP I-NP   I-LOC\n",
           "EU/B-ORG rejects/O | Peter/B-PER | Rome/B-LOC | ");
}

Test(conll, docstart_in_two_columns_and_at_the_end)
{
    expect("-DOCSTART-\tO\n\na\tO\n-DOCSTART-\n", "a/O | ");
    expect("-DOCSTART-x O\n", "-DOCSTART-x/O | "); /* only the whole word is one */
}

Test(conll, two_columns_tabs_or_blanks)
{
    expect("a\tB-X\nb\tO\n", "a/B-X b/O | ");
    expect("a B-X\nb   O\n", "a/B-X b/O | ");
    expect("a\tB-X\nb O\n", "a/B-X b/O | ");
}

Test(conll, words_that_are_empty_or_hold_blanks)
{
    expect("a b\tB-X\n\tO\n \tO\n", "a b/B-X /O  /O | ");
    expect("a\tO\nb\tc d\tB-X\n", "a/O b\tc d/B-X | "); /* two columns: split at the last tab */
    expect("a O\n O\n", "a/O /O | ");
}

Test(conll, separators_of_white_space)
{
    expect("a\tO\n\t\nb\tO\n \t \n\n\nc\tO\n", "a/O | b/O | c/O | "); /* WNUT-17 has lines of one tab */
}

Test(conll, line_ends)
{
    expect("\xef\xbb\xbf"
           "a O\r\n\r\nb B-X\r\n",
           "a/O | b/B-X | ");
    expect("a O\n\nb O", "a/O | b/O | ");
    expect("a O \nb O\t\n", "a/O b/O | ");
}

Test(conll, iob1_becomes_iob2)
{
    expect("a I-X\nb I-X\nc B-X\nd I-Y\ne O\nf I-Y\n\ng I-Y\nh I\ni I\n",
           "a/B-X b/I-X c/B-X d/B-Y e/O f/B-Y | g/B-Y h/B i/I | ");
}

Test(conll, iob2_stays)
{
    expect("a B-X\nb I-X\nc B-X\nd B-Y\ne I-Y\nf O\n", "a/B-X b/I-X c/B-X d/B-Y e/I-Y f/O | ");
    expect("a B-creative-work\nb I-creative-work\n", "a/B-creative-work b/I-creative-work | ");
}

Test(conll, labels_in_byte_order_with_their_lines)
{
    struct qsc_corpus c;
    static const char data[] = "a O\nb B-Z\nc I-Z\nd B-A\n";
    parse(&c, data, strlen(data));
    cr_assert_eq(c.label_count, 4);
    static const char *const names[] = {"B-A", "B-Z", "I-Z", "O"};
    static const size_t lines[] = {4, 2, 3, 1};
    for (int i = 0; i < 4; i++) {
        cr_assert_str_eq(c.names[i], names[i]);
        cr_assert_eq(c.name_lines[i], lines[i]);
    }
    cr_assert_str_eq(c.path, "f.conll");
    qsc_corpus_fini(&c);
}

Test(conll, what_is_refused)
{
    refuse("", "f.conll: no sentence; expected one word a line with its label in the last column");
    refuse("\n\n-DOCSTART- -X- O O\n",
           "f.conll: no sentence; expected one word a line with its label in the last column");
    refuse("a O\n\nb\n", "f.conll:3: 'b' has no label; expected a word and, in the last column, its label");
    refuse("a O\nb\t\n", "f.conll:2: 'b' has no label; expected a word and, in the last column, its label");
    refuse("a X O\nb O\n", "f.conll:2: 2 columns where the lines before have 3; separate columns by one tab");
    refuse("a O\nNew York B-LOC\n",
           "f.conll:2: 3 columns where the lines before have 2; separate columns by one tab");
    refuse("a O\nb S-X\n",
           "f.conll:2: label 'S-X' is none of O, B, I, B-TYPE, I-TYPE; convert the file to IOB2");
    refuse("a B-\n", "f.conll:1: label 'B-' is none of O, B, I, B-TYPE, I-TYPE; convert the file to IOB2");
    refuse("a O\nb\xff O\n", "f.conll:2: byte 2 is not UTF-8; convert the file to UTF-8");
    refuse_bytes("a\0 O\n", 5, "f.conll:1: byte 2 is NUL; is this a text file in UTF-8?");
    refuse_bytes("\xff\xfe"
                 "a\0",
                 4, "f.conll:1: byte 1 is not UTF-8; convert the file to UTF-8"); /* UTF-16 */
}

Test(conll, long_lines_are_refused)
{
    enum { BYTES = (1 << 20) + 1 };
    char *data = malloc(BYTES + 2);
    memset(data, 'a', BYTES);
    memcpy(data + BYTES - 2, " O", 2);
    refuse_bytes(data, BYTES, "f.conll:1: the line is longer than 1024 KiB; expected one word a line");
    struct qsc_corpus c;
    parse(&c, data + 1, BYTES - 1);
    cr_assert_eq(c.words, 1);
    qsc_corpus_fini(&c);
    free(data);
}

Test(conll, many_labels)
{
    char *data = malloc(40000 * 16), *at = data;
    for (int i = 0; i < 40000; i++)
        at += sprintf(at, "a B-%05d\n", i);
    refuse(data, "f.conll:32768: over 32767 different labels; is the last column the label?");
    free(data);
}

Test(conll, files, .init = scratch_make, .fini = scratch_remove)
{
    struct qsc_corpus c;
    struct qsc_error err;
    write_text(in_scratch("f"), "a O\n");
    cr_assert_eq(qsc_conll_load(&c, in_scratch("f"), &err), 0);
    cr_assert_eq(c.words, 1);
    qsc_corpus_fini(&c);
    cr_assert_eq(qsc_conll_load(&c, in_scratch("g"), &err), ENOENT);
    cr_assert_eq(strncmp(err.text, in_scratch("g: "), strlen(scratch) + 4), 0);
}

static int parse_text(void *context)
{
    struct qsc_corpus c;
    const int code = qsc_conll_parse(&c, context, strlen(context), "f.conll", NULL);
    qsc_corpus_fini(&c);
    return code;
}

Test(conll, every_allocation_may_fail)
{
    char *data = malloc(400 * 16), *at = data;
    for (int i = 0; i < 400; i++)
        at += sprintf(at, "a B-%03d\n\n", i);
    cr_assert_gt(fail_each_allocation(parse_text, data), 20);
    free(data);
}

/* The corpora of the field, where somebody has put them: they may not be shipped. */
struct known {
    const char *file;
    size_t sentences, words, entities;
};
static const struct known corpora[] = {
    {"conll2003/eng.train", 14041, 203621, 23499},   {"conll2003/eng.testa", 3250, 51362, 5942},
    {"conll2003/eng.testb", 3453, 46435, 5648},      {"wnut17/wnut17train.conll", 3394, 62730, 1975},
    {"wnut17/emerging.dev.conll", 1009, 15733, 836}, {"wnut17/emerging.test.annotated", 1287, 23394, 1079},
};

Test(conll, known_corpora)
{
    const char *data = getenv("QSC_DATA") ? getenv("QSC_DATA") : QSC_DEFAULT_DATA;
    for (size_t i = 0; i < sizeof corpora / sizeof *corpora; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", data, corpora[i].file);
        if (access(path, R_OK) != 0) {
            printf("skipped: %s is not there\n", path);
            continue;
        }
        struct qsc_corpus c;
        struct qsc_error err;
        cr_assert_eq(qsc_conll_load(&c, path, &err), 0, "%s", err.text);
        size_t entities = 0;
        for (size_t w = 0; w < c.words; w++)
            entities += *c.names[c.labels[w]] == 'B';
        cr_assert_eq(c.sentences, corpora[i].sentences, "%s", path);
        cr_assert_eq(c.words, corpora[i].words, "%s", path);
        cr_assert_eq(entities, corpora[i].entities, "%s", path);
        qsc_corpus_fini(&c);
    }
}
