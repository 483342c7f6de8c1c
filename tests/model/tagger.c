#include "support.h"

#include <quiesce/concurrency/pool.h>
#include <quiesce/model/bert.h>
#include <quiesce/model/tagger.h>

#include <math.h>

enum { LETTERS = 8, MAX_TOKENS = 16, LABELS = 3, SENTENCES = 60 };
static const char vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\nd\ne\nf\ng\nh\n##a\n##b\n##c\n##d\n##e\n##f\n##g\n##h\n";
static const char *const labels[LABELS] = {"B-X", "O", "I-X"};

/* A small model with random weights, and sentences of which some do not fit a window. */
struct fixture {
    struct qsc_bert_config config;
    struct qsc_bert_layout layout;
    qsc_bert_plan *plan;
    qsc_bert_weights *weights;
    qsc_tokenizer *tokenizer;
    struct qsc_corpus corpus;
};

static void make_corpus(struct qsc_corpus *corpus)
{
    char *data = malloc((size_t)SENTENCES * 40 * 32), *at = data;
    uint32_t random = 3;
    for (int s = 0; s < SENTENCES; s++) {
        random = random * 1664525 + 1013904223;
        for (uint32_t words = 1 + (random >> 24) % 30; words > 0; words--) {
            random = random * 1664525 + 1013904223;
            for (uint32_t i = (random >> 20) % 5; i > 0; i--) { /* a fifth of the words have no piece */
                random = random * 1664525 + 1013904223;
                *at++ = (char)('a' + (random >> 24) % LETTERS);
            }
            at += sprintf(at, "\tO\n");
        }
        at += sprintf(at, "\n");
    }
    cr_assert_eq(qsc_conll_parse(corpus, data, strlen(data), "f.conll", NULL), 0);
    free(data);
}

static void setup(struct fixture *f)
{
    qsc_bert_config_defaults(&f->config);
    f->config.vocab_size = 4 + 2 * LETTERS;
    f->config.hidden_size = 24;
    f->config.num_hidden_layers = 2;
    f->config.num_attention_heads = 2;
    f->config.intermediate_size = 40;
    f->config.max_position_embeddings = MAX_TOKENS;
    f->config.initializer_range = 0.5;
    cr_assert_eq(qsc_bert_config_set_labels(&f->config, labels, LABELS, NULL), 0);
    cr_assert_eq(qsc_bert_layout_create(&f->layout, &f->config, NULL), 0);
    cr_assert_eq(qsc_bert_plan_create(&f->plan, &f->layout, QSC_F32, NULL), 0);
    float *params = malloc(f->layout.floats * sizeof *params);
    qsc_bert_init(params, &f->layout, 5);
    cr_assert_eq(qsc_bert_weights_create(&f->weights, f->plan, params, QSC_BERT_INFERENCE, NULL), 0);
    free(params);
    cr_assert_eq(qsc_tokenizer_create(&f->tokenizer, vocab, strlen(vocab), "vocab.txt", true, NULL), 0);
    make_corpus(&f->corpus);
}

static void teardown(struct fixture *f)
{
    qsc_corpus_fini(&f->corpus);
    qsc_tokenizer_destroy(f->tokenizer);
    qsc_bert_weights_destroy(f->weights);
    qsc_bert_plan_destroy(f->plan);
    qsc_bert_layout_destroy(&f->layout);
    qsc_bert_config_fini(&f->config);
}

static qsc_tagger *make_tagger(const struct fixture *f, int batch_tokens)
{
    qsc_tagger *tagger;
    struct qsc_error err;
    cr_assert_eq(qsc_tagger_create(&tagger, f->tokenizer, f->plan, 0, batch_tokens, &err), 0, "%s", err.text);
    return tagger;
}

static struct qsc_answers make_answers(size_t words)
{
    return (struct qsc_answers){malloc(words * sizeof(int32_t)), malloc(words * sizeof(float)),
                                malloc(words * LABELS * sizeof(float))};
}

static void free_answers(struct qsc_answers *answers)
{
    free(answers->labels);
    free(answers->scores);
    free(answers->logits);
}

static struct qsc_answers tag_all(const struct fixture *f, int batch_tokens)
{
    const struct qsc_corpus *c = &f->corpus;
    const struct qsc_sentences sentences = {c->sentences, c->first, c->text};
    struct qsc_answers answers = make_answers(c->words);
    qsc_tagger *tagger = make_tagger(f, batch_tokens);
    struct qsc_error err;
    cr_assert_eq(qsc_tagger_tag(tagger, f->weights, &sentences, &answers, &err), 0, "%s", err.text);
    qsc_tagger_destroy(tagger);
    return answers;
}

static void expect_equal(const struct qsc_answers *a, const struct qsc_answers *b, size_t words)
{
    cr_assert_eq(memcmp(a->labels, b->labels, words * sizeof *a->labels), 0);
    cr_assert_eq(memcmp(a->scores, b->scores, words * sizeof *a->scores), 0);
    cr_assert_eq(memcmp(a->logits, b->logits, words * LABELS * sizeof *a->logits), 0);
}

static qsc_pool *make_pool(int threads)
{
    qsc_pool *pool;
    cr_assert_eq(qsc_pool_create(&pool, &(struct qsc_pool_config){.threads = threads}), 0);
    return pool;
}

static struct qsc_dataset make_dataset(const struct fixture *f, qsc_pool *pool)
{
    struct qsc_dataset d;
    struct qsc_error err;
    cr_assert_eq(qsc_dataset_create(&d, f->tokenizer, &f->corpus, labels, LABELS, MAX_TOKENS, pool, &err), 0,
                 "%s", err.text);
    return d;
}

/* The answer for a word by hand: a forward pass over its window alone. */
static void check_word(const float *logits, const struct qsc_answers *answers, size_t word)
{
    int best = 0;
    double sum = 0;
    for (int i = 1; i < LABELS; i++)
        best = logits[i] > logits[best] ? i : best;
    for (int i = 0; i < LABELS; i++)
        sum += exp((double)logits[i]);
    cr_assert_eq(answers->labels[word], best);
    cr_assert_float_eq(answers->scores[word], exp((double)logits[best]) / sum, 1e-6);
    cr_assert_eq(memcmp(answers->logits + word * LABELS, logits, LABELS * sizeof *logits), 0);
}

Test(tagger, answers_are_those_of_the_windows)
{
    struct fixture f;
    setup(&f);
    qsc_pool *pool = make_pool(1);
    struct qsc_dataset d = make_dataset(&f, pool);
    cr_assert_gt(d.windows, f.corpus.sentences + 20, "many sentences must be longer than a window");
    struct qsc_answers answers = tag_all(&f, 64);
    const struct qsc_bert_workspace_config config = {.max_tokens = MAX_TOKENS, .use = QSC_BERT_INFERENCE};
    qsc_bert_workspace *ws;
    cr_assert_eq(qsc_bert_workspace_create(&ws, f.plan, &config, NULL), 0);
    for (size_t w = 0; w < d.windows; w++) {
        const int32_t ends[] = {0, (int32_t)(d.first[w + 1] - d.first[w])};
        const struct qsc_batch batch = {
            .tokens = ends[1], .sequences = 1, .ids = d.ids + d.first[w], .cu_seqlens = ends};
        float logits[MAX_TOKENS * LABELS];
        cr_assert_eq(qsc_bert_forward(ws, f.weights, &batch, logits), 0);
        for (size_t t = d.first[w]; t < d.first[w + 1]; t++)
            if (d.word[t] >= 0)
                check_word(logits + (t - d.first[w]) * LABELS, &answers, (size_t)d.word[t]);
    }
    qsc_bert_workspace_destroy(ws);
    free_answers(&answers);
    qsc_dataset_fini(&d);
    qsc_pool_destroy(pool);
    teardown(&f);
}

Test(tagger, unseen_words_are_outside)
{
    struct fixture f;
    setup(&f);
    struct qsc_answers answers = tag_all(&f, 64);
    size_t unseen = 0;
    for (size_t w = 0; w < f.corpus.words; w++) {
        if (*f.corpus.text[w])
            continue;
        unseen++;
        cr_assert_eq(answers.labels[w], 1, "O");
        cr_assert_eq(answers.scores[w], 0);
        for (size_t i = 0; i < LABELS; i++)
            cr_assert_eq(answers.logits[w * LABELS + i], 0);
    }
    cr_assert_gt(unseen, 50);
    free_answers(&answers);
    teardown(&f);
}

Test(tagger, answers_do_not_depend_on_neighbours)
{
    struct fixture f;
    setup(&f);
    struct qsc_answers together = tag_all(&f, 400), single = make_answers(f.corpus.words);
    for (int batch_tokens = 0; batch_tokens < 150; batch_tokens += 37) {
        struct qsc_answers other = tag_all(&f, batch_tokens);
        expect_equal(&together, &other, f.corpus.words);
        free_answers(&other);
    }
    qsc_tagger *tagger = make_tagger(&f, 64);
    for (size_t s = f.corpus.sentences; s-- > 0;) {
        const size_t word = f.corpus.first[s], first[] = {0, f.corpus.first[s + 1] - word};
        const struct qsc_sentences sentence = {1, first, f.corpus.text + word};
        const struct qsc_answers answers = {single.labels + word, single.scores + word,
                                            single.logits + word * LABELS};
        cr_assert_eq(qsc_tagger_tag(tagger, f.weights, &sentence, &answers, NULL), 0);
    }
    expect_equal(&together, &single, f.corpus.words);
    qsc_tagger_destroy(tagger);
    free_answers(&together);
    free_answers(&single);
    teardown(&f);
}

static void tag_dataset_on(const struct fixture *f, const struct qsc_answers *expected, int threads)
{
    qsc_pool *pool = make_pool(threads);
    struct qsc_dataset d = make_dataset(f, pool);
    struct qsc_answers answers = make_answers(f->corpus.words);
    qsc_tagger *taggers[4];
    for (int i = 0; i < threads; i++)
        taggers[i] = make_tagger(f, 40);
    struct qsc_error err;
    cr_assert_eq(qsc_tagger_tag_dataset(taggers, pool, f->weights, &d, &answers, &err), 0, "%s", err.text);
    expect_equal(expected, &answers, f->corpus.words);
    memset(answers.logits, 7, f->corpus.words * LABELS * sizeof *answers.logits);
    cr_assert_eq(qsc_tagger_tag_dataset(taggers, NULL, f->weights, &d, &answers, &err), 0, "%s", err.text);
    expect_equal(expected, &answers, f->corpus.words);
    for (int i = 0; i < threads; i++)
        qsc_tagger_destroy(taggers[i]);
    free_answers(&answers);
    qsc_dataset_fini(&d);
    qsc_pool_destroy(pool);
}

Test(tagger, a_dataset_on_any_number_of_threads)
{
    struct fixture f;
    setup(&f);
    struct qsc_answers expected = tag_all(&f, 64);
    for (int threads = 1; threads <= 4; threads++)
        tag_dataset_on(&f, &expected, threads);
    free_answers(&expected);
    teardown(&f);
}

Test(tagger, what_is_refused)
{
    struct fixture f;
    setup(&f);
    struct qsc_error err;
    qsc_tagger *tagger = NULL;
    cr_assert_eq(qsc_tagger_create(&tagger, f.tokenizer, f.plan, MAX_TOKENS + 1, 64, &err), EINVAL);
    cr_assert_str_eq(err.text, "a window of 17 tokens is out of range: 3 to the model's 16");
    cr_assert_eq(qsc_tagger_create(&tagger, f.tokenizer, f.plan, 2, 64, &err), EINVAL);
    cr_assert_null(tagger);
    qsc_tokenizer *large;
    static const char larger[] =
        "[UNK]\n[CLS]\n[SEP]\n1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc\nd\ne\nf\ng\nh\ni\n";
    cr_assert_eq(qsc_tokenizer_create(&large, larger, strlen(larger), "vocab.txt", true, NULL), 0);
    cr_assert_eq(qsc_tagger_create(&tagger, large, f.plan, 0, 64, &err), EINVAL);
    cr_assert_str_eq(
        err.text,
        "the vocabulary has 21 pieces, the model's config.json has vocab_size 20; take both from one "
        "model");
    qsc_tokenizer_destroy(large);

    tagger = make_tagger(&f, 64);
    const size_t first[] = {0, 1};
    const char *const word = "a\xff";
    struct qsc_answers answers = make_answers(1);
    const struct qsc_sentences sentences = {1, first, &word};
    cr_assert_eq(qsc_tagger_tag(tagger, f.weights, &sentences, &answers, &err), EILSEQ);
    const struct qsc_sentences none = {0, first, &word};
    cr_assert_eq(qsc_tagger_tag(tagger, f.weights, &none, &answers, &err), 0);
    free_answers(&answers);
    qsc_tagger_destroy(tagger);
    teardown(&f);
}

static int tag_one(void *context)
{
    const struct fixture *f = context;
    const struct qsc_corpus *c = &f->corpus;
    const struct qsc_sentences sentences = {4, c->first, c->text};
    struct qsc_answers answers = make_answers(c->words);
    qsc_tagger *tagger;
    int code = qsc_tagger_create(&tagger, f->tokenizer, f->plan, 0, 64, NULL);
    if (code == 0) {
        code = qsc_tagger_tag(tagger, f->weights, &sentences, &answers, NULL);
        qsc_tagger_destroy(tagger);
    }
    free_answers(&answers);
    return code;
}

Test(tagger, every_allocation_may_fail)
{
    struct fixture f;
    setup(&f);
    cr_assert_gt(fail_each_allocation(tag_one, &f), 10);
    teardown(&f);
}
