#include "support.h"

#include <quiesce/concurrency/pool.h>
#include <quiesce/model/dataset.h>

/* A word of n letters has n pieces. */
static const char vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\nd\ne\nf\ng\nh\n##a\n##b\n##c\n##d\n##e\n##f\n##g\n##h\n";
enum { CLS = 2, SEP = 3, FIRST = 4, LETTERS = 8, MORE = FIRST + LETTERS };
static const char *const labels[] = {"O", "I-X", "B-X"};

static qsc_tokenizer *make_tokenizer(void)
{
    qsc_tokenizer *tokenizer;
    cr_assert_eq(qsc_tokenizer_create(&tokenizer, vocab, strlen(vocab), "vocab.txt", true, NULL), 0);
    return tokenizer;
}

static qsc_pool *make_pool(int threads)
{
    qsc_pool *pool;
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = threads}), 0);
    return pool;
}

static struct qsc_corpus make_corpus(const char *data)
{
    struct qsc_corpus corpus;
    struct qsc_error err;
    cr_assert_eq(qsc_conll_parse(&corpus, data, strlen(data), "f.conll", &err), 0, "%s", err.text);
    return corpus;
}

static struct qsc_dataset make_dataset(const struct qsc_corpus *corpus, int max_tokens, int threads)
{
    qsc_tokenizer *tokenizer = make_tokenizer();
    qsc_pool *pool = make_pool(threads);
    struct qsc_dataset d;
    struct qsc_error err;
    cr_assert_eq(qsc_dataset_create(&d, tokenizer, corpus, labels, 3, max_tokens, pool, &err), 0, "%s",
                 err.text);
    qsc_pool_destroy(pool);
    qsc_tokenizer_destroy(tokenizer);
    return d;
}

static void expect(const int32_t *got, const int32_t *expected, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(got[i], expected[i], "%s[%zu] is %d", what, i, got[i]);
}

Test(dataset, labels_stand_on_first_pieces)
{
    struct qsc_corpus c = make_corpus("aaa\tB-X\naa\tI-X\n\xe2\x80\x8b\tO\n\na\tO\n\n\tO\n");
    cr_assert_eq(c.words, 5); /* the last sentence has no piece, and so no window */
    struct qsc_dataset d = make_dataset(&c, 8, 1);
    const int32_t ids[] = {CLS, FIRST, MORE, MORE, FIRST, MORE, SEP, CLS, FIRST, SEP};
    const int32_t expected_labels[] = {-100, 2, -100, -100, 1, -100, -100, -100, 0, -100};
    const int32_t words[] = {-1, 0, -1, -1, 1, -1, -1, -1, 3, -1};
    cr_assert_eq(d.tokens, 10);
    cr_assert_eq(d.windows, 2);
    cr_assert_eq(d.labelled, 3);
    cr_assert_eq(d.words, 5);
    cr_assert_eq(d.max_tokens, 7);
    expect(d.ids, ids, 10, "ids");
    expect(d.labels, expected_labels, 10, "labels");
    expect(d.word, words, 10, "word");
    cr_assert_eq(d.first[1], 7);
    cr_assert_eq(d.sentence[1], 1);
    qsc_dataset_fini(&d);
    qsc_corpus_fini(&c);
}

Test(dataset, windows_overlap_by_half)
{
    struct qsc_corpus c = make_corpus("a O\na O\na O\na O\na O\na O\na O\na O\na O\na O\n");
    struct qsc_dataset d = make_dataset(&c, 8, 1); /* 6 pieces: words 0-5, 3-8, 4-9 */
    const int32_t words[] = {-1, 0,  1,  2,  3,  4,  -1, -1, -1, -1, -1, 5,
                             6,  -1, -1, -1, -1, -1, -1, -1, 7,  8,  9,  -1};
    cr_assert_eq(d.windows, 3);
    cr_assert_eq(d.tokens, 24);
    expect(d.word, words, 24,
           "word"); /* 6 has two pieces on the nearer side twice: the earlier window has it */
    qsc_dataset_fini(&d);
    qsc_corpus_fini(&c);
}

/* ---- what holds for any corpus */

enum { SENTENCES = 300, WORD_BYTES_MAX = 40 };

/* Sentences of up to 40 words of up to 39 pieces, a few without any. */
static char *random_corpus(void)
{
    char *data = malloc((size_t)SENTENCES * 40 * (WORD_BYTES_MAX + 8)), *at = data;
    uint32_t random = 1;
    for (int s = 0; s < SENTENCES; s++) {
        random = random * 1664525 + 1013904223;
        for (uint32_t words = 1 + (random >> 24) % 40; words > 0; words--) {
            random = random * 1664525 + 1013904223;
            const uint32_t kind = random >> 28;
            const uint32_t length = kind == 0   ? 0
                                    : kind == 1 ? (random >> 20) % WORD_BYTES_MAX
                                                : 1 + (random >> 20) % 3;
            for (uint32_t i = 0; i < length; i++) {
                random = random * 1664525 + 1013904223;
                *at++ = (char)('a' + (random >> 24) % LETTERS);
            }
            at += sprintf(at, "\t%s\n", random >> 27 & 1 ? "B-X" : "O");
        }
        at += sprintf(at, "\n");
    }
    return data;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The pieces of a word, as they are cut to fit a window. */
static size_t pieces_of(const struct qsc_corpus *c, size_t word, int max_tokens)
{
    return smaller(strlen(c->text[word]), (size_t)max_tokens - 2);
}

/* The words of a window. */
struct place {
    size_t begin, end;
};

static bool holds(const struct qsc_dataset *d, const struct qsc_corpus *c, size_t token, size_t word,
                  int max_tokens)
{
    for (size_t i = 0; i < pieces_of(c, word, max_tokens); i++)
        if (d->ids[token + i] != (i ? MORE : FIRST) + c->text[word][i] - 'a')
            return false;
    return true;
}

/* Finds a window's words by its pieces. */
static struct place find_place(const struct qsc_dataset *d, const struct qsc_corpus *c, size_t window,
                               int max_tokens, size_t after)
{
    const size_t last = c->first[d->sentence[window] + 1], sep = d->first[window + 1] - 1;
    for (size_t begin = after; begin < last; begin++) {
        size_t end = begin, token = d->first[window] + 1;
        while (end < last && token + pieces_of(c, end, max_tokens) <= sep &&
               holds(d, c, token, end, max_tokens))
            token += pieces_of(c, end++, max_tokens);
        if (token == sep)
            return (struct place){begin, end};
    }
    cr_assert_fail("window %zu is no part of its sentence", window);
    return (struct place){0, 0};
}

static size_t pieces_between(const struct qsc_corpus *c, size_t begin, size_t end, int max_tokens)
{
    size_t pieces = 0;
    for (size_t word = begin; word < end; word++)
        pieces += pieces_of(c, word, max_tokens);
    return pieces;
}

static size_t context(const struct qsc_corpus *c, size_t sentence, struct place p, size_t word,
                      int max_tokens)
{
    const size_t left =
        p.begin == c->first[sentence] ? SIZE_MAX : pieces_between(c, p.begin, word, max_tokens);
    const size_t right =
        p.end == c->first[sentence + 1] ? SIZE_MAX : pieces_between(c, word + 1, p.end, max_tokens);
    return smaller(left, right);
}

static void check_window(const struct qsc_dataset *d, const struct qsc_corpus *c, size_t window,
                         int *answered)
{
    const size_t begin = d->first[window], end = d->first[window + 1];
    cr_assert_eq(d->ids[begin], CLS);
    cr_assert_eq(d->ids[end - 1], SEP);
    for (size_t t = begin; t < end; t++) {
        const int32_t word = d->word[t];
        if (word >= 0) {
            cr_assert_eq(d->ids[t], FIRST + *c->text[word] - 'a');
            cr_assert_eq(d->labels[t], *c->names[c->labels[word]] == 'B' ? 2 : 0);
            answered[word]++;
        } else {
            cr_assert_eq(d->labels[t], -100);
        }
    }
}

static void check_sentence(const struct qsc_dataset *d, const struct qsc_corpus *c, size_t window,
                           size_t windows, int max_tokens)
{
    const size_t s = d->sentence[window];
    struct place place[2000];
    cr_assert_lt(windows, sizeof place / sizeof *place);
    size_t after = c->first[s];
    for (size_t w = 0; w < windows; w++) {
        place[w] = find_place(d, c, window + w, max_tokens, after);
        after = place[w].begin + 1;
    }
    for (size_t w = 0; w < windows; w++) {
        for (size_t t = d->first[window + w]; t < d->first[window + w + 1]; t++) {
            if (d->word[t] < 0)
                continue;
            const size_t word = (size_t)d->word[t], here = context(c, s, place[w], word, max_tokens);
            for (size_t v = 0; v < windows; v++)
                if (place[v].begin <= word && word < place[v].end)
                    cr_assert(v < w ? context(c, s, place[v], word, max_tokens) < here
                                    : context(c, s, place[v], word, max_tokens) <= here,
                              "word %zu has more context elsewhere", word);
        }
    }
}

static void check_random_corpus(int max_tokens)
{
    char *data = random_corpus();
    struct qsc_corpus c = make_corpus(data);
    struct qsc_dataset d = make_dataset(&c, max_tokens, 2);
    int *answered = calloc(c.words, sizeof *answered);
    cr_assert_leq(d.max_tokens, max_tokens);
    for (size_t w = 0; w < d.windows; w++)
        check_window(&d, &c, w, answered);
    for (size_t w = 0; w < c.words; w++)
        cr_assert_eq(answered[w], *c.text[w] != '\0', "word %zu is answered %d times", w, answered[w]);
    for (size_t w = 0, end; w < d.windows; w = end) {
        for (end = w; end < d.windows && d.sentence[end] == d.sentence[w];)
            end++;
        check_sentence(&d, &c, w, end - w, max_tokens);
    }
    free(answered);
    qsc_dataset_fini(&d);
    qsc_corpus_fini(&c);
    free(data);
}

Test(dataset, each_word_is_answered_where_it_has_most_context)
{
    check_random_corpus(8);
    check_random_corpus(17);
    check_random_corpus(64);
}

Test(dataset, the_same_on_any_number_of_threads)
{
    char *data = random_corpus();
    struct qsc_corpus c = make_corpus(data);
    struct qsc_dataset one = make_dataset(&c, 20, 1);
    for (int threads = 2; threads <= 4; threads++) {
        struct qsc_dataset d = make_dataset(&c, 20, threads);
        cr_assert_eq(d.windows, one.windows);
        cr_assert_eq(d.tokens, one.tokens);
        cr_assert_eq(memcmp(d.first, one.first, (d.windows + 1) * sizeof *d.first), 0);
        cr_assert_eq(memcmp(d.sentence, one.sentence, d.windows * sizeof *d.sentence), 0);
        cr_assert_eq(memcmp(d.ids, one.ids, d.tokens * sizeof *d.ids), 0);
        cr_assert_eq(memcmp(d.labels, one.labels, d.tokens * sizeof *d.labels), 0);
        cr_assert_eq(memcmp(d.word, one.word, d.tokens * sizeof *d.word), 0);
        qsc_dataset_fini(&d);
    }
    qsc_dataset_fini(&one);
    qsc_corpus_fini(&c);
    free(data);
}

/* ---- faults */

Test(dataset, what_is_refused)
{
    struct qsc_corpus c = make_corpus("a O\n\na B-Y\n");
    qsc_tokenizer *tokenizer = make_tokenizer();
    qsc_pool *pool = make_pool(1);
    struct qsc_dataset d;
    struct qsc_error err;
    cr_assert_eq(qsc_dataset_create(&d, tokenizer, &c, labels, 3, 8, pool, &err), EINVAL);
    cr_assert_str_eq(err.text,
                     "f.conll:3: the model does not know the label 'B-Y'; its 3 labels are O, I-X, B-X");
    cr_assert_null(d.ids);
    cr_assert_eq(qsc_dataset_create(&d, tokenizer, &c, labels, 3, 7, pool, &err), EINVAL);
    cr_assert_str_eq(err.text, "a window of 7 tokens is too short (at least 8)");
    qsc_tokenizer_destroy(tokenizer);
    cr_assert_eq(qsc_tokenizer_create(&tokenizer, "[UNK]\n", 6, "vocab.txt", true, NULL), 0);
    cr_assert_eq(qsc_dataset_create(&d, tokenizer, &c, labels, 3, 8, pool, &err), EINVAL);
    cr_assert_str_eq(err.text, "the vocabulary has no [CLS] or no [SEP]; is it a BERT model's?");
    qsc_tokenizer_destroy(tokenizer);
    qsc_pool_destroy(pool);
    qsc_corpus_fini(&c);
}

struct faulty {
    const qsc_tokenizer *tokenizer;
    const struct qsc_corpus *corpus;
    qsc_pool *pool;
};

static int create(void *context)
{
    const struct faulty *f = context;
    struct qsc_dataset d;
    const int code = qsc_dataset_create(&d, f->tokenizer, f->corpus, labels, 3, 8, f->pool, NULL);
    qsc_dataset_fini(&d);
    return code;
}

Test(dataset, every_allocation_may_fail)
{
    struct qsc_corpus c = make_corpus("a O\naa O\naaa O\naaaa O\naaaaa O\n\na B-X\n");
    struct faulty f = {make_tokenizer(), &c, make_pool(1)};
    cr_assert_gt(fail_each_allocation(create, &f), 10);
    qsc_pool_destroy(f.pool);
    qsc_tokenizer_destroy((qsc_tokenizer *)f.tokenizer);
    qsc_corpus_fini(&c);
}
