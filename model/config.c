#include <quiesce/model/config.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/file.h>
#include <quiesce/model/json.h>

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { labels_max = 4096 };
static const size_t config_bytes_max = 16 << 20;
static const uint64_t params_max = UINT64_C(1) << 32;

void qsc_bert_config_defaults(struct qsc_bert_config *config)
{
    *config = (struct qsc_bert_config){
        .vocab_size = 30522,
        .hidden_size = 768,
        .num_hidden_layers = 12,
        .num_attention_heads = 12,
        .intermediate_size = 3072,
        .max_position_embeddings = 512,
        .type_vocab_size = 2,
        .num_labels = 2,
        .pad_token_id = 0,
        .layer_norm_eps = 1e-12,
        .hidden_dropout_prob = .1,
        .attention_probs_dropout_prob = .1,
        .classifier_dropout = .1,
        .initializer_range = .02,
    };
}

void qsc_bert_config_fini(struct qsc_bert_config *config)
{
    for (int i = 0; config->labels && i < config->num_labels; i++)
        qsc_free(config->labels[i]);
    qsc_free(config->labels);
    config->labels = NULL;
}

int qsc_bert_config_label_id(const struct qsc_bert_config *config, const char *label)
{
    for (int i = 0; config->labels && i < config->num_labels; i++) {
        if (strcmp(config->labels[i], label) == 0)
            return i;
    }
    return -1;
}

static bool is_utf8(const char *text)
{
    const utf8proc_uint8_t *next = (const utf8proc_uint8_t *)text;
    while (*next) {
        utf8proc_int32_t point;
        utf8proc_ssize_t bytes = utf8proc_iterate(next, -1, &point);
        if (bytes < 0)
            return false;
        next += bytes;
    }
    return true;
}

static int check_labels(const char *const *names, int count, const char *where, struct qsc_error *err)
{
    if (count < 1 || count > labels_max)
        return qsc_fail(err, EINVAL, "%s: %d labels; a token classifier has 1 to %d", where, count,
                        labels_max);
    for (int i = 0; i < count; i++) {
        if (!names[i][0] || strlen(names[i]) > 255 || !is_utf8(names[i]))
            return qsc_fail(err, EINVAL, "%s: label %d is empty, longer than 255 bytes or not UTF-8", where,
                            i);
        for (int j = 0; j < i; j++) {
            if (strcmp(names[i], names[j]) == 0)
                return qsc_fail(err, EINVAL, "%s: label \"%s\" stands for both %d and %d", where, names[i], j,
                                i);
        }
    }
    return 0;
}

int qsc_bert_config_set_labels(struct qsc_bert_config *config, const char *const *names, int count,
                               struct qsc_error *err)
{
    int code = check_labels(names, count, "labels", err);
    if (code)
        return code;
    struct qsc_bert_config fresh = {.num_labels = count};
    fresh.labels = qsc_alloc_zeroed((size_t)count, sizeof *fresh.labels);
    bool complete = fresh.labels != NULL;
    for (int i = 0; complete && i < count; i++) {
        fresh.labels[i] = qsc_file_name(names[i], "");
        complete = fresh.labels[i] != NULL;
    }
    if (!complete) {
        qsc_bert_config_fini(&fresh);
        return qsc_fail(err, ENOMEM, "labels: no memory for %d names", count);
    }
    qsc_bert_config_fini(config);
    config->labels = fresh.labels;
    config->num_labels = count;
    return 0;
}

int qsc_bert_config_copy(struct qsc_bert_config *copy, const struct qsc_bert_config *config,
                         struct qsc_error *err)
{
    *copy = *config;
    copy->labels = NULL;
    if (!config->labels)
        return 0;
    return qsc_bert_config_set_labels(copy, (const char *const *)config->labels, config->num_labels, err);
}

static uint64_t count_params(const struct qsc_bert_config *config)
{
    uint64_t h = (uint64_t)config->hidden_size, f = (uint64_t)config->intermediate_size;
    uint64_t rows = (uint64_t)config->vocab_size + (uint64_t)config->max_position_embeddings +
                    (uint64_t)config->type_vocab_size + (uint64_t)config->num_labels;
    return rows * h + (uint64_t)config->num_hidden_layers * (4 * h * h + 2 * h * f + 9 * h + f);
}

static int check_range(const char *where, const char *field, double value, double low, double below,
                       struct qsc_error *err)
{
    if (value >= low && value < below) // false for NaN
        return 0;
    return qsc_fail(err, EINVAL, "%s: %s is %g; it must be at least %g and less than %g", where, field, value,
                    low, below);
}

static int check_size(const char *where, const char *field, int value, int low, int high,
                      struct qsc_error *err)
{
    if (value >= low && value <= high)
        return 0;
    return qsc_fail(err, EINVAL, "%s: %s is %d; it must lie in %d..%d", where, field, value, low, high);
}

int qsc_bert_config_check(const struct qsc_bert_config *c, const char *where, struct qsc_error *err)
{
    int code;
    if ((code = check_size(where, "vocab_size", c->vocab_size, 1, 1 << 24, err)) ||
        (code = check_size(where, "hidden_size", c->hidden_size, 1, 1 << 16, err)) ||
        (code = check_size(where, "num_hidden_layers", c->num_hidden_layers, 1, 1024, err)) ||
        (code = check_size(where, "num_attention_heads", c->num_attention_heads, 1, c->hidden_size, err)) ||
        (code = check_size(where, "intermediate_size", c->intermediate_size, 1, 1 << 20, err)) ||
        (code = check_size(where, "max_position_embeddings", c->max_position_embeddings, 3, 1 << 20, err)) ||
        (code = check_size(where, "type_vocab_size", c->type_vocab_size, 1, 1 << 16, err)) ||
        (code = check_size(where, "num_labels", c->num_labels, 1, labels_max, err)) ||
        (code = check_size(where, "pad_token_id", c->pad_token_id, -1, c->vocab_size - 1, err)) ||
        (code = check_range(where, "layer_norm_eps", c->layer_norm_eps, 1e-30, 1, err)) ||
        (code = check_range(where, "hidden_dropout_prob", c->hidden_dropout_prob, 0, 1, err)) ||
        (code = check_range(where, "attention_probs_dropout_prob", c->attention_probs_dropout_prob, 0, 1,
                            err)) ||
        (code = check_range(where, "classifier_dropout", c->classifier_dropout, 0, 1, err)) ||
        (code = check_range(where, "initializer_range", c->initializer_range, 0, 1e6, err)))
        return code;
    if (c->hidden_size % c->num_attention_heads)
        return qsc_fail(err, EINVAL, "%s: hidden_size %d is not a multiple of num_attention_heads %d", where,
                        c->hidden_size, c->num_attention_heads);
    if (count_params(c) > params_max)
        return qsc_fail(err, EINVAL, "%s: describes more than 2^32 parameters; check its sizes", where);
    return c->labels ? check_labels((const char *const *)c->labels, c->num_labels, where, err) : 0;
}

// LABEL_0, LABEL_1, ..., as transformers calls them where config.json does not.
static int name_labels(struct qsc_bert_config *config, int count, struct qsc_error *err)
{
    enum { name_bytes = 24 };
    char *text = qsc_alloc((size_t)count * name_bytes);
    const char **names = qsc_alloc((size_t)count * sizeof *names);
    int code = ENOMEM;
    for (int i = 0; text && names && i < count; i++) {
        names[i] = text + (size_t)i * name_bytes;
        snprintf(text + (size_t)i * name_bytes, name_bytes, "LABEL_%d", i);
    }
    if (text && names)
        code = qsc_bert_config_set_labels(config, names, count, err);
    else
        qsc_fail(err, code, "labels: no memory for %d names", count);
    qsc_free(names);
    qsc_free(text);
    return code;
}

// id2label: {"0": "O", "1": "B-PER", ...}, every id from 0 to one less than their number.
static int read_labels(struct qsc_bert_config *config, const json_t *root, const char *path,
                       struct qsc_error *err)
{
    int stated = -1;
    int code = qsc_json_int(root, path, "num_labels", 1, labels_max, &stated, err);
    if (code)
        return code;
    const json_t *table = json_object_get(root, "id2label");
    if (!table || json_is_null(table))
        return name_labels(config, stated > 0 ? stated : config->num_labels, err);
    size_t count = json_object_size(table);
    if (!json_is_object(table) || count < 1 || count > labels_max)
        return qsc_fail(err, EINVAL, "%s: id2label must be an object of 1 to %d labels", path, labels_max);
    if (stated > 0 && (size_t)stated != count)
        return qsc_fail(err, EINVAL, "%s: num_labels is %d, but id2label has %zu", path, stated, count);
    const char **names = qsc_alloc_zeroed(count, sizeof *names);
    if (!names)
        return qsc_fail(err, ENOMEM, "%s: no memory for %zu labels", path, count);
    for (size_t i = 0; i < count && !code; i++) {
        char id[24];
        snprintf(id, sizeof id, "%zu", i);
        names[i] = json_string_value(json_object_get(table, id));
        if (!names[i])
            code = qsc_fail(err, EINVAL, "%s: id2label has no string under \"%s\"", path, id);
    }
    if (!code)
        code = check_labels(names, (int)count, path, err);
    if (!code)
        code = qsc_bert_config_set_labels(config, names, (int)count, err);
    qsc_free(names);
    return code;
}

// The variants of BERT that would give other numbers than ours must not be taken for it.
static int check_variant(const json_t *root, const char *path, struct qsc_error *err)
{
    int code;
    bool decoder = false, cross = false;
    if ((code = qsc_json_expect(root, path, "model_type", "bert", err)) ||
        (code = qsc_json_expect(root, path, "hidden_act", "gelu", err)) ||
        (code = qsc_json_expect(root, path, "position_embedding_type", "absolute", err)) ||
        (code = qsc_json_bool(root, path, "is_decoder", &decoder, err)) ||
        (code = qsc_json_bool(root, path, "add_cross_attention", &cross, err)))
        return code;
    if (decoder || cross)
        return qsc_fail(err, EINVAL, "%s: describes a decoder; only the encoder is supported", path);
    return 0;
}

static int read_fields(struct qsc_bert_config *c, const json_t *root, const char *path, struct qsc_error *err)
{
    const struct {
        const char *key;
        int *value;
    } sizes[] = {
        {"vocab_size", &c->vocab_size},
        {"hidden_size", &c->hidden_size},
        {"num_hidden_layers", &c->num_hidden_layers},
        {"num_attention_heads", &c->num_attention_heads},
        {"intermediate_size", &c->intermediate_size},
        {"max_position_embeddings", &c->max_position_embeddings},
        {"type_vocab_size", &c->type_vocab_size},
    };
    const struct {
        const char *key;
        double *value;
    } numbers[] = {
        {"layer_norm_eps", &c->layer_norm_eps},
        {"hidden_dropout_prob", &c->hidden_dropout_prob},
        {"attention_probs_dropout_prob", &c->attention_probs_dropout_prob},
        {"initializer_range", &c->initializer_range},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && !code; i++)
        code = qsc_json_int(root, path, sizes[i].key, 1, 1 << 24, sizes[i].value, err);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !code; i++)
        code = qsc_json_double(root, path, numbers[i].key, numbers[i].value, err);
    c->classifier_dropout = c->hidden_dropout_prob;
    if (!code && !json_is_null(json_object_get(root, "classifier_dropout")))
        code = qsc_json_double(root, path, "classifier_dropout", &c->classifier_dropout, err);
    if (!code && json_is_null(json_object_get(root, "pad_token_id")))
        c->pad_token_id = -1;
    else if (!code)
        code = qsc_json_int(root, path, "pad_token_id", 0, 1 << 24, &c->pad_token_id, err);
    return code;
}

int qsc_bert_config_load(struct qsc_bert_config *config, const char *path, struct qsc_error *err)
{
    qsc_bert_config_defaults(config);
    json_t *root;
    int code = qsc_json_load(path, config_bytes_max, 0, &root, err);
    if (code)
        return code;
    if ((code = check_variant(root, path, err)) || (code = read_fields(config, root, path, err)) ||
        (code = read_labels(config, root, path, err)) || (code = qsc_bert_config_check(config, path, err)))
        qsc_bert_config_fini(config);
    json_decref(root);
    return code;
}

// jansson prints every real with one precision: the least that gives back all of ours.
static size_t real_precision(const struct qsc_bert_config *config)
{
    const double reals[] = {config->layer_norm_eps, config->hidden_dropout_prob,
                            config->attention_probs_dropout_prob, config->classifier_dropout,
                            config->initializer_range};
    size_t precision = 15;
    for (size_t i = 0; i < sizeof reals / sizeof *reals;) {
        char text[40];
        snprintf(text, sizeof text, "%.*g", (int)precision, reals[i]);
        if (precision < 17 && strtod(text, NULL) != reals[i])
            precision++;
        else
            i++;
    }
    return precision;
}

// Both directions of the label table. Returns 0 or -1, as jansson does.
static int add_labels(json_t *root, const struct qsc_bert_config *config)
{
    json_t *names = json_object(), *ids = json_object();
    int code = json_object_set_new(root, "id2label", names) | json_object_set_new(root, "label2id", ids);
    for (int i = 0; i < config->num_labels && !code; i++) {
        char id[24], unnamed[24];
        snprintf(id, sizeof id, "%d", i);
        snprintf(unnamed, sizeof unnamed, "LABEL_%d", i);
        const char *label = config->labels ? config->labels[i] : unnamed;
        code = json_object_set_new(names, id, json_string(label)) |
               json_object_set_new(ids, label, json_integer(i));
    }
    return code;
}

static json_t *to_json(const struct qsc_bert_config *c)
{
    json_t *root = json_pack(
        "{s:[s], s:f, s:f, s:s, s:s, s:f, s:i, s:f, s:i, s:f, s:i, s:s, s:i, s:i, s:i, s:i}", "architectures",
        "BertForTokenClassification", "attention_probs_dropout_prob", c->attention_probs_dropout_prob,
        "classifier_dropout", c->classifier_dropout, "dtype", "float32", "hidden_act", "gelu",
        "hidden_dropout_prob", c->hidden_dropout_prob, "hidden_size", c->hidden_size, "initializer_range",
        c->initializer_range, "intermediate_size", c->intermediate_size, "layer_norm_eps", c->layer_norm_eps,
        "max_position_embeddings", c->max_position_embeddings, "model_type", "bert", "num_attention_heads",
        c->num_attention_heads, "num_hidden_layers", c->num_hidden_layers, "type_vocab_size",
        c->type_vocab_size, "vocab_size", c->vocab_size);
    if (root &&
        (json_object_set_new(root, "pad_token_id",
                             c->pad_token_id < 0 ? json_null() : json_integer(c->pad_token_id)) != 0 ||
         add_labels(root, c) != 0)) {
        json_decref(root);
        root = NULL;
    }
    return root;
}

int qsc_bert_config_save(const struct qsc_bert_config *config, const char *path, struct qsc_error *err)
{
    int code = qsc_bert_config_check(config, path, err);
    if (code)
        return code;
    json_t *root = to_json(config);
    code = qsc_json_save(root, path, JSON_INDENT(2) | JSON_REAL_PRECISION(real_precision(config)), err);
    json_decref(root);
    return code;
}
