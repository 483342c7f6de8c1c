// The parts of a BERT that only its own sources see: which products there are, and where a version keeps
// their packed matrices.
#ifndef QUIESCE_MODEL_BERT_PLAN_H
#define QUIESCE_MODEL_BERT_PLAN_H

#include <quiesce/kernels/linear.h>
#include <quiesce/model/bert.h>

enum qsc_bert_product {
    QSC_BERT_QKV,
    QSC_BERT_ATTENTION_OUTPUT,
    QSC_BERT_INTERMEDIATE,
    QSC_BERT_OUTPUT,
    QSC_BERT_LAYER_PRODUCTS,
    QSC_BERT_CLASSIFIER = QSC_BERT_LAYER_PRODUCTS,
    QSC_BERT_PRODUCTS
};

struct qsc_bert_plan {
    const struct qsc_bert_layout *layout;
    enum qsc_precision precision;
    qsc_linear *products[QSC_BERT_PRODUCTS];
};

// The parameters of one layer as the kernels want them; a version's or a gradient's, by its base.
struct qsc_bert_layer_offsets {
    size_t weight[QSC_BERT_LAYER_PRODUCTS], bias[QSC_BERT_LAYER_PRODUCTS];
    size_t attention_gamma, attention_beta, output_gamma, output_beta;
};
struct qsc_bert_layer_offsets qsc_bert_layer_offsets(const struct qsc_bert_layout *layout, int layer);

struct qsc_bert_embedding_offsets {
    size_t word, position, type, gamma, beta;
};
struct qsc_bert_embedding_offsets qsc_bert_embedding_offsets(const struct qsc_bert_layout *layout);

struct qsc_bert_classifier_offsets {
    size_t weight, bias;
};
struct qsc_bert_classifier_offsets qsc_bert_classifier_offsets(const struct qsc_bert_layout *layout);

struct qsc_bert_matrix {
    const qsc_linear *plan;
    const float *weight, *bias;
    void *packed, *packed_t; // packed_t NULL: inference
};

struct qsc_bert_weights {
    const struct qsc_bert_plan *plan;
    enum qsc_bert_use use;
    uint64_t bytes;
    float *params;
    int matrix_count;
    struct qsc_bert_matrix matrices[]; // QSC_BERT_LAYER_PRODUCTS a layer, then the classifier
};

#endif
