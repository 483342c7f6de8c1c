// Products whose factors are rounded to bfloat16 and whose sums are f32. The weights are rounded when they
// are packed, everything else on its way into a product.
#include <quiesce/kernels/cpu/bf16.h>
#include <quiesce/kernels/cpu/least.h>
#include <quiesce/kernels/cpu/linear_plan.h>

#include <errno.h>
#include <stdlib.h>

enum {
    ROWS = 128,   // of x or dy at a time: they stay in the second cache beside the weights
    TOKENS = 512, // of the sum over tokens at a time
};

struct bf16 {
    qsc_linear base;
    const struct qsc_bf16_unit *unit;
};

static const struct qsc_bf16_unit *unit_of(const qsc_linear *plan)
{
    return ((const struct bf16 *)plan)->unit;
}

static size_t packed_bytes(const qsc_linear *plan)
{
    return qsc_bf16_right_pairs(plan->k, plan->n) * sizeof(qsc_bf16_pair);
}

static size_t packed_t_bytes(const qsc_linear *plan)
{
    return qsc_bf16_right_pairs(plan->n, plan->k) * sizeof(qsc_bf16_pair);
}

static size_t scratch_bytes(const qsc_linear *plan)
{
    size_t rows = qsc_bf16_left_pairs(ROWS, plan->n > plan->k ? plan->n : plan->k);
    size_t tokens = qsc_bf16_right_pairs(TOKENS, plan->k) + qsc_bf16_left_pairs(QSC_BF16_BLOCK, TOKENS);
    return (rows > tokens ? rows : tokens) * sizeof(qsc_bf16_pair);
}

static void pack(const qsc_linear *plan, void *packed, const float *w)
{
    unit_of(plan)->right_transposed(packed, w, (size_t)plan->k, plan->n, plan->k);
}

static void pack_t(const qsc_linear *plan, void *packed_t, const float *w)
{
    unit_of(plan)->right(packed_t, w, (size_t)plan->k, plan->k, plan->n);
}

// y (m, columns) = bias + x (m, depth) times a packed matrix.
static void times_packed(const struct qsc_bf16_unit *unit, float *y, const float *x, const void *packed,
                         const float *bias, int m, int columns, int depth, void *scratch)
{
    for (int row = 0; row < m; row += ROWS) {
        int rows = qsc_least(ROWS, m - row);
        unit->left(scratch, x + (size_t)row * (size_t)depth, (size_t)depth, rows, depth);
        unit->multiply(&(struct qsc_bf16_product){
            .c = y + (size_t)row * (size_t)columns,
            .c_row = (size_t)columns,
            .left = scratch,
            .right = packed,
            .bias = bias,
            .rows = rows,
            .columns = columns,
            .depth = depth,
        });
    }
}

static int forward(const qsc_linear *plan, float *y, const float *x, const void *packed, const float *bias,
                   int m, void *scratch)
{
    times_packed(unit_of(plan), y, x, packed, bias, m, plan->n, plan->k, scratch);
    return 0;
}

static int backward_input(const qsc_linear *plan, float *dx, const float *dy, const void *packed_t, int m,
                          void *scratch)
{
    times_packed(unit_of(plan), dx, dy, packed_t, NULL, m, plan->k, plan->n, scratch);
    return 0;
}

// x is packed as a whole, dy by blocks of its columns.
static void add_outer(const qsc_linear *plan, float *dw, const float *dy, const float *x, int tokens,
                      bool add, void *scratch)
{
    const struct qsc_bf16_unit *unit = unit_of(plan);
    qsc_bf16_pair *packed = scratch, *columns = packed + qsc_bf16_right_pairs(tokens, plan->k);
    unit->right(packed, x, (size_t)plan->k, plan->k, tokens);
    for (int row = 0; row < plan->n; row += QSC_BF16_BLOCK) {
        int rows = qsc_least(QSC_BF16_BLOCK, plan->n - row);
        unit->left_transposed(columns, dy + row, (size_t)plan->n, rows, tokens);
        unit->multiply(&(struct qsc_bf16_product){
            .c = dw + (size_t)row * (size_t)plan->k,
            .c_row = (size_t)plan->k,
            .left = columns,
            .right = packed,
            .rows = rows,
            .columns = plan->k,
            .depth = tokens,
            .add = add,
        });
    }
}

int qsc_linear_create_bf16(qsc_linear **plan, int n, int k, const struct qsc_bf16_unit *unit)
{
    static const struct qsc_linear_way way = {
        .name = "bf16",
        .packed_bytes = packed_bytes,
        .packed_t_bytes = packed_t_bytes,
        .scratch_bytes = scratch_bytes,
        .pack = pack,
        .pack_t = pack_t,
        .forward = forward,
        .backward_input = backward_input,
        .backward_weight = qsc_linear_backward_weight_by_outer,
        .add_outer = add_outer,
        .outer_tokens = TOKENS,
    };
    struct bf16 *p = malloc(sizeof *p);
    if (!p)
        return ENOMEM;
    *p = (struct bf16){.base = {.way = &way, .n = n, .k = k}, .unit = unit};
    *plan = &p->base;
    return 0;
}
