#include "bert_fixture.h"
#include "support.h"

#include <errno.h>

Test(bert_weights, packing_range_by_range_equals_packing_at_once)
{
    struct fixture f;
    fixture_make(&f, &odd, QSC_BERT_TRAINING);
    const float *params = qsc_bert_weights_params_const(f.weights);
    qsc_bert_weights *other;
    struct qsc_error err = {0};
    cr_assert_eq(qsc_bert_weights_create(&other, f.plan, NULL, QSC_BERT_TRAINING, &err), 0);
    memcpy(qsc_bert_weights_params(other), params, f.layout.floats * sizeof *params);
    int matrices = qsc_bert_weights_matrices(other);
    cr_assert_eq(matrices, 2 * 4 + 1);
    for (int i = matrices; i > 0; i--)
        qsc_bert_weights_pack(other, i - 1, i);
    struct qsc_bert_step step = fixture_step(&f, false);
    float *a = malloc(step.gradient.floats * sizeof *a), *b = malloc(step.gradient.floats * sizeof *b);
    double loss[2];
    cr_assert_eq(qsc_bert_loss_backward(f.ws, f.weights, &f.batch, &step, a, &loss[0]), 0);
    cr_assert_eq(qsc_bert_loss_backward(f.ws, other, &f.batch, &step, b, &loss[1]), 0);
    cr_assert_eq(loss[0], loss[1]);
    cr_assert_eq(memcmp(a, b, step.gradient.floats * sizeof *a), 0);
    free(a);
    free(b);
    qsc_bert_weights_destroy(other);
    fixture_discard(&f);
}

Test(bert_weights, count_their_bytes)
{
    struct fixture f, g;
    fixture_make(&f, &odd, QSC_BERT_TRAINING);
    fixture_make(&g, &odd, QSC_BERT_INFERENCE);
    cr_assert_geq(qsc_bert_weights_bytes(g.weights), f.layout.floats * sizeof(float));
    cr_assert_gt(qsc_bert_weights_bytes(f.weights), qsc_bert_weights_bytes(g.weights));
    fixture_discard(&f);
    fixture_discard(&g);
}

Test(bert_weights, int8_is_refused_for_training)
{
    struct fixture f;
    fixture_make(&f, &odd, QSC_BERT_INFERENCE);
    qsc_bert_plan *plan;
    qsc_bert_weights *weights;
    struct qsc_error err = {0};
    cr_assert_eq(qsc_bert_plan_create(&plan, &f.layout, QSC_INT8, &err), 0);
    cr_assert_eq(qsc_bert_weights_create(&weights, plan, NULL, QSC_BERT_TRAINING, &err), ENOTSUP);
    cr_assert_not_null(strstr(err.text, "train with f32"));
    cr_assert_eq(qsc_bert_weights_create(&weights, plan, NULL, QSC_BERT_INFERENCE, &err), 0);
    qsc_bert_weights_destroy(weights);
    qsc_bert_plan_destroy(plan);
    fixture_discard(&f);
}

Test(bert_weights, a_matrix_too_large_for_int8_is_refused)
{
    struct model_case wide = odd;
    wide.inner = 133145;
    struct qsc_bert_config config = fixture_config(&wide);
    struct qsc_bert_layout layout;
    qsc_bert_plan *plan;
    struct qsc_error err = {0};
    cr_assert_eq(qsc_bert_layout_create(&layout, &config, &err), 0);
    cr_assert_eq(qsc_bert_plan_create(&plan, &layout, QSC_INT8, &err), EINVAL);
    cr_assert_not_null(strstr(err.text, "36 x 133145: too large for this precision, take f32"), "%s",
                       err.text);
    cr_assert_eq(qsc_bert_plan_create(&plan, &layout, QSC_F32, &err), 0);
    qsc_bert_plan_destroy(plan);
    qsc_bert_layout_destroy(&layout);
}

// Everything a step needs, made and used once.
static int make_and_run(void *context)
{
    const struct fixture *f = context;
    struct qsc_error err = {0};
    struct qsc_bert_layout layout = {0};
    qsc_bert_plan *plan = NULL;
    qsc_bert_weights *weights = NULL;
    qsc_bert_workspace *ws = NULL;
    struct qsc_bert_workspace_config config = {.max_tokens = f->batch.tokens, .use = QSC_BERT_INFERENCE};
    float logits[64 * 5];
    int rc = qsc_bert_layout_create(&layout, &f->config, &err);
    if (!rc)
        rc = qsc_bert_plan_create(&plan, &layout, QSC_F32, &err);
    if (!rc)
        rc = qsc_bert_weights_create(&weights, plan, qsc_bert_weights_params_const(f->weights),
                                     QSC_BERT_INFERENCE, &err);
    if (!rc)
        rc = qsc_bert_workspace_create(&ws, plan, &config, &err);
    cr_assert_eq(rc != 0, err.text[0] != 0, "a failure has a line, and only a failure");
    if (!rc)
        rc = qsc_bert_forward(ws, weights, &f->batch, logits);
    qsc_bert_workspace_destroy(ws);
    qsc_bert_weights_destroy(weights);
    qsc_bert_plan_destroy(plan);
    qsc_bert_layout_destroy(&layout);
    return rc;
}

Test(bert_weights, each_allocation_may_fail)
{
    struct fixture f;
    fixture_make(&f, &odd, QSC_BERT_INFERENCE);
    cr_assert_geq(fail_each_allocation(make_and_run, &f),
                  5); // table, plan, version, workspace and its memory
    fixture_discard(&f);
}
