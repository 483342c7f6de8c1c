#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/bert_plan.h>

#include <errno.h>
#include <string.h>

enum { LINE = 64 };

static size_t whole_lines(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

static const qsc_linear *plan_of(const struct qsc_bert_plan *plan, int matrix, int matrices)
{
    return plan->products[matrix == matrices - 1 ? QSC_BERT_CLASSIFIER : matrix % QSC_BERT_LAYER_PRODUCTS];
}

static size_t packed_bytes(const struct qsc_bert_plan *plan, int matrices, enum qsc_bert_use use)
{
    size_t bytes = 0;
    for (int i = 0; i < matrices; i++) {
        const qsc_linear *p = plan_of(plan, i, matrices);
        bytes += whole_lines(qsc_linear_packed_bytes(p));
        if (use == QSC_BERT_TRAINING)
            bytes += whole_lines(qsc_linear_packed_t_bytes(p));
    }
    return bytes;
}

static void place_matrix(qsc_bert_weights *w, int i, char **next)
{
    const struct qsc_bert_layout *layout = w->plan->layout;
    struct qsc_bert_matrix *m = &w->matrices[i];
    m->plan = plan_of(w->plan, i, w->matrix_count);
    if (i == w->matrix_count - 1) {
        struct qsc_bert_classifier_offsets o = qsc_bert_classifier_offsets(layout);
        m->weight = w->params + o.weight;
        m->bias = w->params + o.bias;
    } else {
        struct qsc_bert_layer_offsets o = qsc_bert_layer_offsets(layout, i / QSC_BERT_LAYER_PRODUCTS);
        m->weight = w->params + o.weight[i % QSC_BERT_LAYER_PRODUCTS];
        m->bias = w->params + o.bias[i % QSC_BERT_LAYER_PRODUCTS];
    }
    m->packed = *next;
    *next += whole_lines(qsc_linear_packed_bytes(m->plan));
    m->packed_t = NULL;
    if (w->use == QSC_BERT_TRAINING) {
        m->packed_t = *next;
        *next += whole_lines(qsc_linear_packed_t_bytes(m->plan));
    }
}

int qsc_bert_check_use(enum qsc_precision precision, enum qsc_bert_use use, struct qsc_error *err)
{
    if (use == QSC_BERT_TRAINING && precision == QSC_INT8)
        return qsc_fail(err, ENOTSUP, "precision int8: is for inference; train with f32 or bf16");
    return 0;
}

int qsc_bert_weights_create(qsc_bert_weights **weights, const qsc_bert_plan *plan, const float *params,
                            enum qsc_bert_use use, struct qsc_error *err)
{
    int code = qsc_bert_check_use(plan->precision, use, err);
    if (code)
        return code;
    int matrices = plan->layout->config->num_hidden_layers * QSC_BERT_LAYER_PRODUCTS + 1;
    size_t header = whole_lines(sizeof(qsc_bert_weights) + (size_t)matrices * sizeof(struct qsc_bert_matrix));
    size_t params_bytes = whole_lines(plan->layout->floats * sizeof(float));
    size_t bytes = header + params_bytes + packed_bytes(plan, matrices, use);
    qsc_bert_weights *w = qsc_alloc_aligned(bytes, LINE);
    if (!w)
        return qsc_fail(err, ENOMEM, "no memory for a version of the weights: %zu bytes", bytes);
    *w = (qsc_bert_weights){.plan = plan, .use = use, .bytes = bytes, .matrix_count = matrices};
    w->params = (float *)((char *)w + header);
    char *next = (char *)w->params + params_bytes;
    for (int i = 0; i < matrices; i++)
        place_matrix(w, i, &next);
    if (params) {
        memcpy(w->params, params, plan->layout->floats * sizeof(float));
        qsc_bert_weights_pack(w, 0, matrices);
    }
    *weights = w;
    return 0;
}

void qsc_bert_weights_destroy(void *weights)
{
    qsc_free(weights);
}

uint64_t qsc_bert_weights_bytes(const qsc_bert_weights *weights)
{
    return weights->bytes;
}

float *qsc_bert_weights_params(qsc_bert_weights *weights)
{
    return weights->params;
}

const float *qsc_bert_weights_params_const(const qsc_bert_weights *weights)
{
    return weights->params;
}

int qsc_bert_weights_matrices(const qsc_bert_weights *weights)
{
    return weights->matrix_count;
}

void qsc_bert_weights_pack(qsc_bert_weights *weights, int first, int last)
{
    for (int i = first; i < last; i++) {
        struct qsc_bert_matrix *m = &weights->matrices[i];
        qsc_linear_pack(m->plan, m->packed, m->weight);
        if (m->packed_t)
            qsc_linear_pack_t(m->plan, m->packed_t, m->weight);
    }
}
