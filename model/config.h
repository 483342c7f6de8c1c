#ifndef QUIESCE_MODEL_CONFIG_H
#define QUIESCE_MODEL_CONFIG_H

#include <quiesce/model/error.h>

#ifdef __cplusplus
extern "C" {
#endif

// The shape of a BERT token classifier, field for field what transformers keeps in config.json for
// BertForTokenClassification. Owns its label names: copy it with qsc_bert_config_copy, end it with _fini.
struct qsc_bert_config {
    int vocab_size;
    int hidden_size; // a multiple of num_attention_heads
    int num_hidden_layers;
    int num_attention_heads;
    int intermediate_size;
    int max_position_embeddings;
    int type_vocab_size;
    int num_labels;
    int pad_token_id; // -1 = none
    double layer_norm_eps;
    double hidden_dropout_prob;
    double attention_probs_dropout_prob;
    double classifier_dropout; // config.json's null has become hidden_dropout_prob
    double initializer_range;
    char **
        labels; // num_labels names, id -> label; never NULL in what was loaded; NULL is saved as LABEL_0, ...
};

// Sets every field to transformers' default (BERT-base, 2 labels without names). Owns nothing yet.
// Does not block or fail.
void qsc_bert_config_defaults(struct qsc_bert_config *config);

// Replaces the labels by copies of names[0..count), and num_labels by count.
// Returns 0; EINVAL (no label, or one empty, not UTF-8 or there twice), ENOMEM: config is unchanged.
int qsc_bert_config_set_labels(struct qsc_bert_config *config, const char *const *names, int count,
                               struct qsc_error *err) __attribute__((warn_unused_result));

// The id of a label, or -1.
int qsc_bert_config_label_id(const struct qsc_bert_config *config, const char *label);

// Makes *copy, whose former content is ignored, an independent copy.
// Returns 0 or ENOMEM (nothing to end then).
int qsc_bert_config_copy(struct qsc_bert_config *copy, const struct qsc_bert_config *config,
                         struct qsc_error *err) __attribute__((warn_unused_result));

// Frees the labels; the config may be set anew. All-zero bytes are valid.
void qsc_bert_config_fini(struct qsc_bert_config *config);

// Says whether the fields describe a model that can be built: every size within bounds, heads divide the
// hidden size, probabilities in [0, 1), at most 2^32 parameters, so that no size computed from a checked
// config overflows. `where` (a file name) begins the error line.
// Returns 0 or EINVAL.
int qsc_bert_config_check(const struct qsc_bert_config *config, const char *where, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Reads a config.json as transformers 3 to 5 write it. Missing fields take transformers' defaults, unknown
// ones are passed over; a wrong type, an unsupported variant (hidden_act other than gelu, relative positions,
// a decoder) or a size that qsc_bert_config_check refuses fails.
// Returns 0; EINVAL, ENOMEM, or the errno code of open/read: *config then owns nothing.
// Blocks on the file. Any thread.
int qsc_bert_config_load(struct qsc_bert_config *config, const char *path, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Writes config.json as transformers 5 does: to a temporary name beside path, synced, renamed.
// Returns 0; EINVAL, ENOMEM, or the errno code of the system call that failed: path is then as it was.
// Blocks on the file. Any thread.
int qsc_bert_config_save(const struct qsc_bert_config *config, const char *path, struct qsc_error *err)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
