#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/bert.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { EMBEDDING_TENSORS = 5, LAYER_TENSORS = 16, CLASSIFIER_TENSORS = 2 };

__attribute__((format(printf, 6, 7))) static void add(struct qsc_bert_layout *layout, int layer, int rows,
                                                      int cols, bool decay, const char *format, ...)
{
    struct qsc_bert_tensor *t = &layout->tensors[layout->count++];
    *t = (struct qsc_bert_tensor){
        .offset = layout->floats, .rows = rows, .cols = cols, .decay = decay, .layer = layer};
    va_list list;
    va_start(list, format);
    vsnprintf(t->name, sizeof t->name, format, list);
    va_end(list);
    layout->floats += qsc_bert_tensor_floats(t);
}

static void add_embeddings(struct qsc_bert_layout *layout)
{
    const struct qsc_bert_config *c = layout->config;
    int hidden = c->hidden_size;
    add(layout, -1, c->vocab_size, hidden, true, "bert.embeddings.word_embeddings.weight");
    add(layout, -1, c->max_position_embeddings, hidden, true, "bert.embeddings.position_embeddings.weight");
    add(layout, -1, c->type_vocab_size, hidden, true, "bert.embeddings.token_type_embeddings.weight");
    add(layout, -1, hidden, 0, false, "bert.embeddings.LayerNorm.weight");
    add(layout, -1, hidden, 0, false, "bert.embeddings.LayerNorm.bias");
}

static void add_layer(struct qsc_bert_layout *layout, int l)
{
    static const char *const projections[] = {"query", "key", "value"};
    int hidden = layout->config->hidden_size, inner = layout->config->intermediate_size;
    for (int i = 0; i < 3; i++)
        add(layout, l, hidden, hidden, true, "bert.encoder.layer.%d.attention.self.%s.weight", l,
            projections[i]);
    for (int i = 0; i < 3; i++)
        add(layout, l, hidden, 0, false, "bert.encoder.layer.%d.attention.self.%s.bias", l, projections[i]);
    add(layout, l, hidden, hidden, true, "bert.encoder.layer.%d.attention.output.dense.weight", l);
    add(layout, l, hidden, 0, false, "bert.encoder.layer.%d.attention.output.dense.bias", l);
    add(layout, l, hidden, 0, false, "bert.encoder.layer.%d.attention.output.LayerNorm.weight", l);
    add(layout, l, hidden, 0, false, "bert.encoder.layer.%d.attention.output.LayerNorm.bias", l);
    add(layout, l, inner, hidden, true, "bert.encoder.layer.%d.intermediate.dense.weight", l);
    add(layout, l, inner, 0, false, "bert.encoder.layer.%d.intermediate.dense.bias", l);
    add(layout, l, hidden, inner, true, "bert.encoder.layer.%d.output.dense.weight", l);
    add(layout, l, hidden, 0, false, "bert.encoder.layer.%d.output.dense.bias", l);
    add(layout, l, hidden, 0, false, "bert.encoder.layer.%d.output.LayerNorm.weight", l);
    add(layout, l, hidden, 0, false, "bert.encoder.layer.%d.output.LayerNorm.bias", l);
}

int qsc_bert_layout_create(struct qsc_bert_layout *layout, const struct qsc_bert_config *config,
                           struct qsc_error *err)
{
    int rc = qsc_bert_config_check(config, "configuration", err);
    if (rc)
        return rc;
    size_t count = EMBEDDING_TENSORS + (size_t)config->num_hidden_layers * LAYER_TENSORS + CLASSIFIER_TENSORS;
    *layout = (struct qsc_bert_layout){.config = config};
    layout->tensors = qsc_alloc(count * sizeof *layout->tensors);
    if (!layout->tensors)
        return qsc_fail(err, ENOMEM, "no memory for a table of %zu tensors", count);
    add_embeddings(layout);
    for (int l = 0; l < config->num_hidden_layers; l++)
        add_layer(layout, l);
    add(layout, config->num_hidden_layers, config->num_labels, config->hidden_size, true,
        "classifier.weight");
    add(layout, config->num_hidden_layers, config->num_labels, 0, false, "classifier.bias");
    return 0;
}

void qsc_bert_layout_destroy(struct qsc_bert_layout *layout)
{
    qsc_free(layout->tensors);
    *layout = (struct qsc_bert_layout){0};
}

size_t qsc_bert_tensor_floats(const struct qsc_bert_tensor *tensor)
{
    return (size_t)tensor->rows * (tensor->cols ? (size_t)tensor->cols : 1);
}

const struct qsc_bert_tensor *qsc_bert_layout_find(const struct qsc_bert_layout *layout, const char *name)
{
    const char prefix[] = "bert.";
    for (int i = 0; i < layout->count; i++) {
        const char *own = layout->tensors[i].name;
        if (!strcmp(own, name) ||
            (!strncmp(own, prefix, sizeof prefix - 1) && !strcmp(own + sizeof prefix - 1, name)))
            return &layout->tensors[i];
    }
    return NULL;
}

size_t qsc_bert_layer_begin(const struct qsc_bert_layout *layout, int layer)
{
    for (int i = 0; i < layout->count; i++) {
        if (layout->tensors[i].layer >= layer)
            return layout->tensors[i].offset;
    }
    return layout->floats;
}

struct qsc_bert_gradient qsc_bert_gradient_shape(const struct qsc_bert_layout *layout, int first_layer,
                                                 int word_rows)
{
    struct qsc_bert_gradient g = {.first_layer = first_layer,
                                  .dense_begin = qsc_bert_layer_begin(layout, first_layer)};
    if (first_layer < 0) {
        g.word_rows = word_rows;
        g.dense_begin = qsc_bert_tensor_floats(&layout->tensors[0]); // the word embeddings stand first
    }
    g.floats = (size_t)g.word_rows * (size_t)layout->config->hidden_size + layout->floats - g.dense_begin;
    return g;
}

int qsc_bert_number_words(int32_t *rows, int32_t *words, int32_t *numbers, const int32_t *ids, int tokens)
{
    int count = 0;
    for (int t = 0; t < tokens; t++) {
        int32_t id = ids[t];
        if (numbers[id] < 0) {
            numbers[id] = count;
            words[count++] = id;
        }
        rows[t] = numbers[id];
    }
    for (int i = 0; i < count; i++)
        numbers[words[i]] = -1;
    return count;
}
