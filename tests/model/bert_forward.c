#include "bert_fixture.h"

#include <errno.h>

static void check_alone(const struct model_case *m)
{
    struct fixture f;
    fixture_make(&f, m, QSC_BERT_INFERENCE);
    size_t labels = (size_t)m->labels;
    float *together = malloc((size_t)f.batch.tokens * labels * sizeof *together),
          *alone = malloc((size_t)f.batch.tokens * labels * sizeof *alone);
    cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &f.batch, together), 0);
    for (int s = m->sequences - 1; s >= 0; s--) {
        int32_t starts[] = {0, m->lengths[s]};
        struct qsc_batch one = {.tokens = m->lengths[s],
                                .sequences = 1,
                                .ids = f.ids + f.starts[s],
                                .types = f.types + f.starts[s],
                                .cu_seqlens = starts};
        cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &one, alone), 0);
        cr_assert_eq(memcmp(alone, together + (size_t)f.starts[s] * labels,
                            (size_t)one.tokens * labels * sizeof *alone),
                     0, "%s, sequence %d", m->name, s);
    }
    free(together);
    free(alone);
    fixture_discard(&f);
}

Test(bert_forward, logits_do_not_depend_on_neighbours)
{
    // more tokens than one slice or tile of rows holds, so that sequences change their place in it
    const struct model_case many = {"many", 61, 36, 2, 3, 52, 80, 2, 5, 8, {1, 37, 80, 3, 64, 16, 2, 31},
                                    QSC_F32};
    check_alone(&odd);
    check_alone(&even);
    for (int precision = 0; precision < QSC_PRECISIONS; precision++) {
        const struct model_case m = in_precision(&many, (enum qsc_precision)precision);
        check_alone(&m);
    }
}

Test(bert_forward, training_and_inference_workspaces_agree)
{
    struct fixture f, g;
    fixture_make(&f, &odd, QSC_BERT_INFERENCE);
    fixture_make(&g, &odd, QSC_BERT_TRAINING);
    float a[64 * 5], b[64 * 5];
    cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &f.batch, a), 0);
    cr_assert_eq(qsc_bert_forward(g.ws, g.weights, &g.batch, b), 0);
    cr_assert_eq(memcmp(a, b, (size_t)f.batch.tokens * 5 * sizeof *a), 0);
    cr_assert_lt(qsc_bert_workspace_bytes(f.ws), qsc_bert_workspace_bytes(g.ws));
    fixture_discard(&f);
    fixture_discard(&g);
}

// The factors of the products are rounded to 8 bits: an error of some parts in 256 is to be expected, none
// would mean that nothing was rounded.
static void expect_near_f32(const struct model_case *m, enum qsc_precision precision)
{
    const struct model_case rounded = in_precision(m, precision);
    struct fixture f, g;
    fixture_make(&f, m, QSC_BERT_INFERENCE);
    fixture_make(&g, &rounded, QSC_BERT_INFERENCE);
    cr_assert_eq(qsc_bert_plan_precision(g.plan), precision);
    float exact[64 * 9], near[64 * 9];
    cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &f.batch, exact), 0);
    cr_assert_eq(qsc_bert_forward(g.ws, g.weights, &g.batch, near), 0);
    double share = share_of_largest(near, exact, (size_t)f.batch.tokens * (size_t)m->labels);
    cr_assert(share > 1e-5 && share < 0.02, "%s in %s: %g", m->name, qsc_precision_names[precision], share);
    fixture_discard(&f);
    fixture_discard(&g);
}

Test(bert_forward, logits_in_other_precisions_are_near_those_of_f32)
{
    for (int precision = QSC_F32 + 1; precision < QSC_PRECISIONS; precision++) {
        expect_near_f32(&odd, (enum qsc_precision)precision);
        expect_near_f32(&even, (enum qsc_precision)precision);
    }
}

Test(bert_forward, types_null_means_zero)
{
    struct fixture f;
    fixture_make(&f, &odd, QSC_BERT_INFERENCE);
    float a[64 * 5], b[64 * 5];
    f.batch.types = NULL;
    cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &f.batch, a), 0);
    memset(f.types, 0, (size_t)f.batch.tokens * sizeof *f.types);
    f.batch.types = f.types;
    cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &f.batch, b), 0);
    cr_assert_eq(memcmp(a, b, (size_t)f.batch.tokens * 5 * sizeof *a), 0);
    fixture_discard(&f);
}

Test(bert_forward, refuses_a_batch_that_would_read_or_write_outside)
{
    struct fixture f;
    fixture_make(&f, &odd, QSC_BERT_INFERENCE);
    float logits[64 * 5];
    struct {
        int32_t *place, value;
        int code;
    } bad[] = {
        {&f.ids[4], 61, EINVAL},
        {&f.ids[4], -1, EINVAL},
        {&f.types[2], 2, EINVAL},
        {&f.types[2], -1, EINVAL},
        {&f.starts[0], 1, EINVAL},
        {&f.starts[5], 42, EINVAL},
        {&f.starts[2], 1, EINVAL},
        {&f.starts[2], 0, EINVAL},
        {&f.starts[3], 31, E2BIG}, // the fourth sequence has 20 tokens; now the third has 23 and the model 21
                                   // positions
        {&f.starts[1], INT32_MIN, EINVAL},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int32_t was = *bad[i].place;
        *bad[i].place = bad[i].value;
        cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &f.batch, logits), bad[i].code, "case %zu", i);
        *bad[i].place = was;
    }
    cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &f.batch, logits), 0);

    qsc_bert_workspace *small;
    struct qsc_error err = {0};
    struct qsc_bert_workspace_config config = {.max_tokens = f.batch.tokens - 1, .use = QSC_BERT_INFERENCE};
    cr_assert_eq(qsc_bert_workspace_create(&small, f.plan, &config, &err), 0);
    cr_assert_eq(qsc_bert_forward(small, f.weights, &f.batch, logits), E2BIG);
    struct qsc_batch none = {.cu_seqlens = (int32_t[]){0}};
    cr_assert_eq(qsc_bert_forward(small, f.weights, &none, logits), 0, "an empty batch");
    qsc_bert_workspace_destroy(small);
    fixture_discard(&f);
}

Test(bert_forward, profile_counts_time_only_while_it_is_set)
{
    struct fixture f;
    fixture_make(&f, &even, QSC_BERT_INFERENCE);
    float logits[64 * 9];
    struct qsc_bert_profile profile = {{0}};
    qsc_bert_workspace_profile(f.ws, &profile);
    cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &f.batch, logits), 0);
    cr_assert_gt(profile.ns[QSC_BERT_LINEAR], 0);
    cr_assert_gt(profile.ns[QSC_BERT_ATTENTION], 0);
    cr_assert_eq(profile.ns[QSC_BERT_LINEAR_BACKWARD], 0);
    struct qsc_bert_profile before = profile;
    qsc_bert_workspace_profile(f.ws, NULL);
    cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &f.batch, logits), 0);
    cr_assert_eq(memcmp(&before, &profile, sizeof profile), 0);
    for (int i = 0; i < QSC_BERT_KERNELS; i++)
        cr_assert_not_null(qsc_bert_kernel_names[i]);
    fixture_discard(&f);
}
