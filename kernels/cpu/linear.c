#include <quiesce/kernels/cpu/linear_plan.h>

#include <errno.h>
#include <stdlib.h>

#ifdef QSC_ONEDNN
// Weights from which on a call into oneDNN, about two microseconds, is lost in the product itself.
enum { LARGE = 1 << 17 };
#endif

const char *const qsc_precision_names[QSC_PRECISIONS + 1] = {"f32", "bf16", "int8", NULL};

static int create_f32(qsc_linear **plan, int n, int k)
{
#ifdef QSC_ONEDNN
    int code = (size_t)n * (size_t)k < LARGE ? ENOTSUP : qsc_linear_create_onednn(plan, n, k);
    if (code != ENOTSUP)
        return code;
#endif
    return qsc_linear_create_plain(plan, n, k, qsc_panel_unit());
}

int qsc_linear_create(qsc_linear **plan, int n, int k, enum qsc_precision precision)
{
    if (n <= 0 || k <= 0)
        return EINVAL;
    switch (precision) {
    case QSC_F32:
        return create_f32(plan, n, k);
    case QSC_BF16:
        return qsc_linear_create_bf16(plan, n, k, qsc_bf16_unit());
    case QSC_INT8:
        return qsc_linear_create_int8(plan, n, k, qsc_int8_unit());
    default:
        return EINVAL;
    }
}

void qsc_linear_destroy(qsc_linear *plan)
{
    if (plan && plan->way->fini)
        plan->way->fini(plan);
    free(plan);
}

size_t qsc_linear_packed_bytes(const qsc_linear *plan)
{
    return plan->way->packed_bytes(plan);
}

size_t qsc_linear_packed_t_bytes(const qsc_linear *plan)
{
    return plan->way->pack_t ? plan->way->packed_t_bytes(plan) : 0;
}

size_t qsc_linear_scratch_bytes(const qsc_linear *plan)
{
    return plan->way->scratch_bytes(plan);
}

void qsc_linear_pack(const qsc_linear *plan, void *packed, const float *w)
{
    plan->way->pack(plan, packed, w);
}

void qsc_linear_pack_t(const qsc_linear *plan, void *packed_t, const float *w)
{
    if (plan->way->pack_t)
        plan->way->pack_t(plan, packed_t, w);
}

int qsc_linear_forward(const qsc_linear *plan, float *y, const float *x, const void *packed,
                       const float *bias, int m, void *scratch)
{
    return plan->way->forward(plan, y, x, packed, bias, m, scratch);
}

int qsc_linear_backward_input(const qsc_linear *plan, float *dx, const float *dy, const void *packed_t, int m,
                              void *scratch)
{
    if (!plan->way->backward_input)
        return ENOTSUP;
    return plan->way->backward_input(plan, dx, dy, packed_t, m, scratch);
}

int qsc_linear_backward_weight(const qsc_linear *plan, float *dw, float *db, const float *dy, const float *x,
                               int m, void *scratch)
{
    if (!plan->way->backward_weight)
        return ENOTSUP;
    return plan->way->backward_weight(plan, dw, db, dy, x, m, scratch);
}
