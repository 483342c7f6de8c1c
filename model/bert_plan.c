#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/bert_plan.h>

#include <errno.h>
#include <string.h>

int qsc_bert_plan_create(qsc_bert_plan **plan, const struct qsc_bert_layout *layout,
                         enum qsc_precision precision, struct qsc_error *err)
{
    const struct qsc_bert_config *c = layout->config;
    const int outputs[] = {3 * c->hidden_size, c->hidden_size, c->intermediate_size, c->hidden_size,
                           c->num_labels};
    const int inputs[] = {c->hidden_size, c->hidden_size, c->hidden_size, c->intermediate_size,
                          c->hidden_size};
    qsc_bert_plan *p = qsc_alloc_zeroed(1, sizeof *p);
    if (!p)
        return qsc_fail(err, ENOMEM, "no memory to plan the model");
    p->layout = layout;
    p->precision = precision;
    for (int i = 0; i < QSC_BERT_PRODUCTS; i++) {
        int rc = qsc_linear_create(&p->products[i], outputs[i], inputs[i],
                                   i == QSC_BERT_CLASSIFIER ? QSC_F32 : precision);
        if (rc) {
            qsc_bert_plan_destroy(p);
            return qsc_fail(err, rc, "cannot plan a product with a matrix of %d x %d: %s", outputs[i],
                            inputs[i],
                            rc == EINVAL ? "too large for this precision, take f32" : strerror(rc));
        }
    }
    *plan = p;
    return 0;
}

void qsc_bert_plan_destroy(qsc_bert_plan *plan)
{
    if (!plan)
        return;
    for (int i = 0; i < QSC_BERT_PRODUCTS; i++)
        qsc_linear_destroy(plan->products[i]);
    qsc_free(plan);
}

const struct qsc_bert_layout *qsc_bert_plan_layout(const qsc_bert_plan *plan)
{
    return plan->layout;
}

enum qsc_precision qsc_bert_plan_precision(const qsc_bert_plan *plan)
{
    return plan->precision;
}

// The tables below count on the order in which bert_layout.c adds the tensors.

struct qsc_bert_embedding_offsets qsc_bert_embedding_offsets(const struct qsc_bert_layout *layout)
{
    const struct qsc_bert_tensor *t = layout->tensors;
    return (struct qsc_bert_embedding_offsets){t[0].offset, t[1].offset, t[2].offset, t[3].offset,
                                               t[4].offset};
}

struct qsc_bert_layer_offsets qsc_bert_layer_offsets(const struct qsc_bert_layout *layout, int layer)
{
    const struct qsc_bert_tensor *t = layout->tensors + 5 + (ptrdiff_t)16 * layer;
    return (struct qsc_bert_layer_offsets){
        .weight = {t[0].offset, t[6].offset, t[10].offset,
                   t[12].offset}, // query, key and value are one matrix
        .bias = {t[3].offset, t[7].offset, t[11].offset, t[13].offset},
        .attention_gamma = t[8].offset,
        .attention_beta = t[9].offset,
        .output_gamma = t[14].offset,
        .output_beta = t[15].offset,
    };
}

struct qsc_bert_classifier_offsets qsc_bert_classifier_offsets(const struct qsc_bert_layout *layout)
{
    const struct qsc_bert_tensor *t = layout->tensors + layout->count - 2;
    return (struct qsc_bert_classifier_offsets){t[0].offset, t[1].offset};
}
