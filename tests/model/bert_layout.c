#include "bert_fixture.h"

#include <errno.h>
#include <stdio.h>

static struct qsc_bert_layout layout_of(const struct qsc_bert_config *config)
{
    struct qsc_bert_layout layout;
    struct qsc_error err = {0};
    cr_assert_eq(qsc_bert_layout_create(&layout, config, &err), 0, "%s", err.text);
    return layout;
}

Test(bert_layout, tensors_follow_each_other_without_gaps)
{
    struct qsc_bert_config config = fixture_config(&odd);
    struct qsc_bert_layout layout = layout_of(&config);
    size_t at = 0;
    cr_assert_eq(layout.count, 5 + 16 * 2 + 2);
    for (int i = 0; i < layout.count; i++) {
        cr_assert_eq(layout.tensors[i].offset, at, "%s", layout.tensors[i].name);
        at += qsc_bert_tensor_floats(&layout.tensors[i]);
    }
    cr_assert_eq(layout.floats, at);
    // transformers counts as many: 61, 21 and 2 rows of 36, and so on
    size_t embeddings = (61 + 21 + 2) * 36 + 2 * 36, attention = 4 * (36 * 36 + 36) + 2 * 36;
    size_t layer = attention + 36 * 52 + 52 + 52 * 36 + 36 + 2 * 36;
    cr_assert_eq(at, embeddings + 2 * layer + 5 * 36 + 5);
    cr_assert_eq(qsc_bert_layer_begin(&layout, -1), 0);
    cr_assert_eq(qsc_bert_layer_begin(&layout, 0), embeddings);
    cr_assert_eq(qsc_bert_layer_begin(&layout, 2), embeddings + 2 * layer);
    cr_assert_eq(qsc_bert_layer_begin(&layout, 3), at);
    qsc_bert_layout_destroy(&layout);
}

Test(bert_layout, query_key_and_value_are_one_matrix)
{
    struct qsc_bert_config config = fixture_config(&odd);
    struct qsc_bert_layout layout = layout_of(&config);
    const char *names[] = {"query", "key", "value"};
    const struct qsc_bert_tensor *weights[3], *biases[3];
    for (int i = 0; i < 3; i++) {
        char name[96];
        snprintf(name, sizeof name, "encoder.layer.1.attention.self.%s.weight", names[i]);
        weights[i] = qsc_bert_layout_find(&layout, name);
        snprintf(name, sizeof name, "bert.encoder.layer.1.attention.self.%s.bias", names[i]);
        biases[i] = qsc_bert_layout_find(&layout, name);
        cr_assert(weights[i] && biases[i]);
        cr_assert_eq(weights[i]->offset, weights[0]->offset + (size_t)i * 36 * 36);
        cr_assert_eq(biases[i]->offset, biases[0]->offset + (size_t)i * 36);
        cr_assert(weights[i]->decay && !biases[i]->decay && weights[i]->layer == 1);
    }
    cr_assert_null(qsc_bert_layout_find(&layout, "bert.pooler.dense.weight"));
    cr_assert_null(qsc_bert_layout_find(&layout, "weight"));
    qsc_bert_layout_destroy(&layout);
}

Test(bert_layout, decay_spares_biases_and_layernorms_alone)
{
    struct qsc_bert_config config = fixture_config(&even);
    struct qsc_bert_layout layout = layout_of(&config);
    for (int i = 0; i < layout.count; i++) {
        const struct qsc_bert_tensor *t = &layout.tensors[i];
        cr_assert_eq(t->decay, !strstr(t->name, "bias") && !strstr(t->name, "LayerNorm"), "%s", t->name);
        cr_assert_eq(t->cols == 0, !t->decay, "%s", t->name);
    }
    qsc_bert_layout_destroy(&layout);
}

Test(bert_layout, sizes_that_do_not_fit_are_refused)
{
    struct qsc_bert_config config = fixture_config(&odd);
    struct qsc_bert_layout layout;
    struct qsc_error err = {0};
    config.num_attention_heads = 5; // 36 is no multiple
    cr_assert_eq(qsc_bert_layout_create(&layout, &config, &err), EINVAL);
    cr_assert_neq(err.text[0], 0);
    config = fixture_config(&odd);
    config.vocab_size = config.hidden_size = 2147483647;
    config.num_attention_heads = 1;
    cr_assert_eq(qsc_bert_layout_create(&layout, &config, &err), EINVAL);
}

Test(bert_layout, words_are_numbered_by_first_appearance)
{
    const int32_t ids[] = {7, 3, 7, 0, 3, 9};
    int32_t rows[6], words[6], numbers[10];
    memset(numbers, 0xFF, sizeof numbers);
    cr_assert_eq(qsc_bert_number_words(rows, words, numbers, ids, 6), 4);
    const int32_t want_rows[] = {0, 1, 0, 2, 1, 3}, want_words[] = {7, 3, 0, 9};
    cr_assert_eq(memcmp(rows, want_rows, sizeof rows), 0);
    cr_assert_eq(memcmp(words, want_words, sizeof want_words), 0);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(numbers[i], -1);
}

Test(bert_layout, initial_parameters_are_those_of_transformers)
{
    struct qsc_bert_config config = fixture_config(&even);
    config.vocab_size = 2000;
    config.initializer_range = 0.02;
    config.pad_token_id = 3;
    struct qsc_bert_layout layout = layout_of(&config);
    float *params = malloc(layout.floats * sizeof *params), *other = malloc(layout.floats * sizeof *other);
    qsc_bert_init(params, &layout, 1);
    qsc_bert_init(other, &layout, 2);
    for (int i = 0; i < layout.count; i++) {
        const struct qsc_bert_tensor *t = &layout.tensors[i];
        const float *p = params + t->offset;
        size_t n = qsc_bert_tensor_floats(t);
        double mean = 0, square = 0;
        for (size_t j = 0; j < n; j++) {
            mean += (double)p[j] / (double)n;
            square += (double)p[j] * (double)p[j] / (double)n;
        }
        if (t->cols == 0) {
            cr_assert(mean == (strstr(t->name, "LayerNorm.weight") ? 1 : 0) && square == mean, "%s", t->name);
        } else { // four standard errors
            cr_assert_lt(fabs(mean), 4 * 0.02 / sqrt((double)n), "%s: mean %g", t->name, mean);
            cr_assert_lt(fabs(sqrt(square) / 0.02 - 1), 4 / sqrt(2.0 * (double)n) + 64.0 / (double)n,
                         "%s: deviation %g", t->name, sqrt(square));
            cr_assert_neq(memcmp(p, other + t->offset, n * sizeof *p), 0, "the seed counts");
        }
    }
    for (int i = 0; i < 64; i++)
        cr_assert_eq(params[3 * 64 + i], 0, "[PAD]");
    free(params);
    free(other);
    qsc_bert_layout_destroy(&layout);
}
