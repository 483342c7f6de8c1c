/* A small training that the tests of the trainer run again and again. */
#ifndef QUIESCE_TESTS_MODEL_TRAINER_FIXTURE_H
#define QUIESCE_TESTS_MODEL_TRAINER_FIXTURE_H

#include "support.h"

#include <quiesce/concurrency/pool.h>
#include <quiesce/model/trainer.h>

static struct qsc_error error;

/* Words are letters; whoever comes after m is a person, after n a place. */
static inline size_t write_corpus(char *out, unsigned seed, int sentences)
{
    size_t n = 0;
    for (int s = 0; s < sentences; s++) {
        int before = 0, length = 3 + s * 5 % 31;
        for (int w = 0; w < length; w++) {
            seed = seed * 1103515245 + 12345;
            int letter = 'a' + (int)(seed >> 16) % 26;
            if (w % 3 == 0)
                letter = seed >> 29 & 1 ? 'm' : 'n';
            const char *tag = before == 'm' ? "B-PER" : before == 'n' ? "B-LOC" : "O";
            n += (size_t)sprintf(out + n, "%c %s\n", letter, tag);
            before = letter;
        }
        n += (size_t)sprintf(out + n, "\n");
    }
    return n;
}

static const char config_text[] =
    "{\"vocab_size\": 40, \"hidden_size\": 12, \"num_hidden_layers\": 3, \"num_attention_heads\": 2,"
    " \"intermediate_size\": 24, \"max_position_embeddings\": 24}";
static const char *const labels[] = {"B-LOC", "B-PER", "O"};

/* A small training; the pieces that qsc_train is given and does not own. */
struct setting {
    struct qsc_model model;
    float *start; /* the weights it begins with */
    struct qsc_bert_layout layout;
    qsc_bert_plan *plan;
    qsc_tokenizer *tokenizer;
    struct qsc_corpus train, valid;
    qsc_pool *pool;
    struct qsc_trainer trainer;
    struct qsc_trainer_result result;
};

static inline void open_pool(struct setting *s, int threads)
{
    qsc_pool_destroy(s->pool);
    cr_assert_eq(qsc_pool_create(&s->pool, &(struct qsc_pool_config){.threads = threads}), 0);
    s->trainer.pool = s->pool;
}

static inline void open_setting(struct setting *s, int sentences)
{
    static char text[1 << 18];
    *s = (struct setting){0};
    size_t n = (size_t)sprintf(text, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    for (int c = 'a'; c <= 'z'; c++)
        n += (size_t)sprintf(text + n, "%c\n", c);
    write_text(in_scratch("vocab.txt"), text);
    write_text(in_scratch("config.json"), config_text);
    cr_assert_eq(qsc_model_create(&s->model, in_scratch("config.json"), in_scratch("vocab.txt"), true, labels,
                                  3, 1, &error),
                 0, "%s", error.text);
    s->start = malloc(s->model.floats * sizeof(float));
    memcpy(s->start, s->model.params, s->model.floats * sizeof(float));
    cr_assert_eq(
        qsc_tokenizer_create(&s->tokenizer, s->model.vocab, s->model.vocab_bytes, "vocab", true, &error), 0,
        "%s", error.text);
    cr_assert_eq(qsc_bert_layout_create(&s->layout, &s->model.config, &error), 0);
    cr_assert_eq(qsc_bert_plan_create(&s->plan, &s->layout, QSC_F32, &error), 0);
    cr_assert_eq(qsc_conll_parse(&s->train, text, write_corpus(text, 1, sentences), "train", &error), 0);
    cr_assert_eq(qsc_conll_parse(&s->valid, text, write_corpus(text, 2, 20), "valid", &error), 0);
    s->trainer = (struct qsc_trainer){.model = &s->model,
                                      .plan = s->plan,
                                      .tokenizer = s->tokenizer,
                                      .train = &s->train,
                                      .valid = &s->valid};
    struct qsc_trainer_config *config = &s->trainer.config;
    qsc_trainer_defaults(config);
    config->max_length = 12;
    config->batch = 8;
    config->epochs = 2;
    config->learning_rate = 5e-3;
    open_pool(s, 1);
}

static inline void set_precision(struct setting *s, enum qsc_precision precision)
{
    qsc_bert_plan_destroy(s->plan);
    cr_assert_eq(qsc_bert_plan_create(&s->plan, &s->layout, precision, &error), 0, "%s", error.text);
    s->trainer.plan = s->plan;
}

static inline void close_setting(struct setting *s)
{
    qsc_pool_destroy(s->pool);
    qsc_corpus_fini(&s->train);
    qsc_corpus_fini(&s->valid);
    qsc_bert_plan_destroy(s->plan);
    qsc_bert_layout_destroy(&s->layout);
    qsc_tokenizer_destroy(s->tokenizer);
    qsc_model_fini(&s->model);
    free(s->start);
}

static inline void drop_nothing(struct setting *s)
{
    s->model.config.hidden_dropout_prob = s->model.config.attention_probs_dropout_prob = 0;
    s->model.config.classifier_dropout = 0;
}

static inline int train_again(struct setting *s)
{
    memcpy(s->model.params, s->start, s->model.floats * sizeof(float));
    return qsc_train(&s->trainer, &s->result, &error);
}

static inline void must_train(struct setting *s)
{
    int code = train_again(s);
    cr_assert_eq(code, 0, "%d: %s", code, error.text);
}

static inline float *copy_params(const struct setting *s)
{
    float *copy = malloc(s->model.floats * sizeof(float));
    memcpy(copy, s->model.params, s->model.floats * sizeof(float));
    return copy;
}

static inline bool same_params(const struct setting *s, const float *params)
{
    return memcmp(s->model.params, params, s->model.floats * sizeof(float)) == 0;
}

#endif
