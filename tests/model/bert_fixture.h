// Small models, and batches for them, whose every number comes from the counter-based generator: the golden
// script draws the same ones.
#ifndef QUIESCE_TESTS_MODEL_BERT_FIXTURE_H
#define QUIESCE_TESTS_MODEL_BERT_FIXTURE_H

#include <criterion/criterion.h>
#include <quiesce/kernels/random.h>
#include <quiesce/model/bert.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEED UINT64_C(0x123456789ABC)
enum { PARAMETER_STEP = 1000, INPUT_SITE = 1000 };

struct model_case {
    const char *name;
    int vocab, hidden, layers, heads, inner, positions, types, labels;
    int sequences, lengths[8];
    enum qsc_precision precision;
};

static const struct model_case odd = {"odd", 61, 36, 2, 3, 52, 21, 2, 5, 5, {1, 7, 2, 20, 13}, QSC_F32};
static const struct model_case even = {"even", 24, 64, 1, 2, 64, 34, 2, 9, 2, {33, 5}, QSC_F32};

static inline struct model_case in_precision(const struct model_case *m, enum qsc_precision precision)
{
    struct model_case other = *m;
    other.precision = precision;
    return other;
}

struct fixture {
    struct qsc_bert_config config;
    struct qsc_bert_layout layout;
    qsc_bert_plan *plan;
    qsc_bert_weights *weights;
    qsc_bert_workspace *ws;
    struct qsc_batch batch;
    int32_t *ids, *types, *labels, *starts;
    int labelled;
};

static inline struct qsc_bert_config fixture_config(const struct model_case *m)
{
    struct qsc_bert_config c;
    qsc_bert_config_defaults(&c);
    c.vocab_size = m->vocab;
    c.hidden_size = m->hidden;
    c.num_hidden_layers = m->layers;
    c.num_attention_heads = m->heads;
    c.intermediate_size = m->inner;
    c.max_position_embeddings = m->positions;
    c.type_vocab_size = m->types;
    c.num_labels = m->labels;
    c.hidden_dropout_prob = 0.1;
    c.attention_probs_dropout_prob = 0.2;
    c.classifier_dropout = 0.3;
    return c;
}

static inline void fixture_params(float *params, const struct qsc_bert_layout *layout)
{
    for (int i = 0; i < layout->count; i++) {
        const struct qsc_bert_tensor *t = &layout->tensors[i];
        size_t n = qsc_bert_tensor_floats(t);
        uint32_t *words = malloc(n * sizeof *words);
        struct qsc_random key = {.seed = SEED, .step = PARAMETER_STEP, .site = (uint32_t)i};
        qsc_random_words(words, &key, 0, n);
        for (size_t j = 0; j < n; j++) {
            float u = (float)(words[j] >> 8) / 8388608.0f - 1;
            bool norm = strstr(t->name, "LayerNorm.weight") != NULL;
            params[t->offset + j] = norm                            ? 1 + u / 4
                                    : t->cols == 0                  ? u / 8
                                    : strstr(t->name, "embeddings") ? u
                                                                    : u / 4;
        }
        free(words);
    }
}

static inline void fixture_inputs(struct fixture *f, const struct model_case *m)
{
    int n = 0;
    f->starts = malloc((size_t)(m->sequences + 1) * sizeof *f->starts);
    for (int s = 0; s < m->sequences; s++) {
        f->starts[s] = n;
        n += m->lengths[s];
    }
    f->starts[m->sequences] = n;
    uint32_t *words = malloc(3 * (size_t)n * sizeof *words);
    struct qsc_random key = {.seed = SEED, .step = PARAMETER_STEP, .site = INPUT_SITE};
    qsc_random_words(words, &key, 0, 3 * (size_t)n);
    f->ids = malloc((size_t)n * sizeof *f->ids);
    f->types = malloc((size_t)n * sizeof *f->types);
    f->labels = malloc((size_t)n * sizeof *f->labels);
    for (int t = 0; t < n; t++) {
        f->ids[t] = (int32_t)(words[t] % (uint32_t)m->vocab);
        f->types[t] = (int32_t)(words[n + t] % (uint32_t)m->types);
        f->labels[t] = words[2 * n + t] % 4 == 0 ? -100 : (int32_t)(words[2 * n + t] % (uint32_t)m->labels);
        f->labelled += f->labels[t] >= 0;
    }
    free(words);
    f->batch = (struct qsc_batch){.tokens = n,
                                  .sequences = m->sequences,
                                  .ids = f->ids,
                                  .types = f->types,
                                  .cu_seqlens = f->starts,
                                  .labels = f->labels};
}

static inline void fixture_make(struct fixture *f, const struct model_case *m, enum qsc_bert_use use)
{
    *f = (struct fixture){.config = fixture_config(m)};
    fixture_inputs(f, m);
    struct qsc_error err = {0};
    cr_assert_eq(qsc_bert_layout_create(&f->layout, &f->config, &err), 0, "%s", err.text);
    cr_assert_eq(qsc_bert_plan_create(&f->plan, &f->layout, m->precision, &err), 0, "%s", err.text);
    float *params = malloc(f->layout.floats * sizeof *params);
    fixture_params(params, &f->layout);
    cr_assert_eq(qsc_bert_weights_create(&f->weights, f->plan, params, use, &err), 0, "%s", err.text);
    free(params);
    struct qsc_bert_workspace_config config = {.max_tokens = f->batch.tokens, .use = use};
    cr_assert_eq(qsc_bert_workspace_create(&f->ws, f->plan, &config, &err), 0, "%s", err.text);
}

static inline void fixture_discard(struct fixture *f)
{
    qsc_bert_workspace_destroy(f->ws);
    qsc_bert_weights_destroy(f->weights);
    qsc_bert_plan_destroy(f->plan);
    qsc_bert_layout_destroy(&f->layout);
    free(f->ids);
    free(f->types);
    free(f->labels);
    free(f->starts);
}

// All parameters trained, one gradient row for each word of the vocabulary.
static inline struct qsc_bert_step fixture_step(const struct fixture *f, bool dropout)
{
    return (struct qsc_bert_step){
        .seed = SEED,
        .step = 3,
        .dropout = dropout,
        .scale = 1.0f / (float)f->labelled,
        .gradient = qsc_bert_gradient_shape(&f->layout, -1, f->config.vocab_size),
    };
}

// The largest |a - b| as a share of the largest |b|. NaN gives infinity.
static inline double share_of_largest(const float *a, const float *b, size_t n)
{
    double worst = 0, largest = 1e-30;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        if (!(d <= worst))
            worst = isnan(d) ? INFINITY : d;
        largest = fmax(largest, fabs((double)b[i]));
    }
    return worst / largest;
}

#endif
