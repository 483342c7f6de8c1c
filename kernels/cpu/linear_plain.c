#include <quiesce/kernels/cpu/least.h>
#include <quiesce/kernels/cpu/linear_plan.h>
#include <quiesce/kernels/cpu/pack.h>

#include <errno.h>
#include <stdlib.h>

// What is read again and again stays in the second-level cache: a slice of a panel (DEPTH rows of at most 64
// columns), and beside it the rows it meets.
enum {
    ROWS = 96,    // of x or dy at a time
    DEPTH = 768,  // of the sum at a time
    TOKENS = 384, // of the sum over tokens at a time
};

struct plain {
    qsc_linear base;
    const struct qsc_panel_unit *unit;
};

static const struct qsc_panel_unit *unit_of(const qsc_linear *plan)
{
    return ((const struct plain *)plan)->unit;
}

static size_t packed_bytes(const qsc_linear *plan)
{
    return qsc_pack_width(plan->n) * (size_t)plan->k * sizeof(float);
}

static size_t packed_t_bytes(const qsc_linear *plan)
{
    return qsc_pack_width(plan->k) * (size_t)plan->n * sizeof(float);
}

static size_t scratch_bytes(const qsc_linear *plan)
{
    // x in panels, and some columns of dy
    return (size_t)TOKENS * (qsc_pack_width(plan->k) + ROWS) * sizeof(float);
}

// A panel that begins at column c stands at packed + c * depth: those before it are whole vectors wide.
static void pack(const qsc_linear *plan, void *memory, const float *w)
{
    float *packed = memory;
    size_t depth = (size_t)plan->k;
    for (int c = 0, width; c < plan->n; c += width) {
        width = qsc_panel_width(unit_of(plan), plan->n - c);
        qsc_pack_transposed(packed + (size_t)c * depth, w + (size_t)c * depth, depth, width, plan->k);
    }
}

static void pack_t(const qsc_linear *plan, void *memory, const float *w)
{
    float *packed_t = memory;
    for (int c = 0, width; c < plan->k; c += width) {
        width = qsc_panel_width(unit_of(plan), plan->k - c);
        qsc_pack_rows(packed_t + (size_t)c * (size_t)plan->n, w + c, (size_t)plan->k, width, plan->n);
    }
}

// y (m, columns) = bias + x (m, depth) times a packed matrix.
static void times_packed(const struct qsc_panel_unit *unit, float *y, const float *x, const float *packed,
                         const float *bias, int m, int columns, int depth)
{
    for (int row = 0; row < m; row += ROWS) {
        for (int k = 0; k < depth; k += DEPTH) {
            for (int c = 0, width; c < columns; c += width) {
                width = qsc_panel_width(unit, columns - c);
                const float *b = packed + (size_t)c * (size_t)depth + (size_t)k * qsc_pack_width(width);
                unit->multiply(&(struct qsc_panel){
                    .c = y + (size_t)row * (size_t)columns + c,
                    .c_row = (size_t)columns,
                    .a = x + (size_t)row * (size_t)depth + k,
                    .a_row = (size_t)depth,
                    .a_step = 1,
                    .b = b,
                    .next = c + width < columns ? b + (size_t)width * (size_t)depth : b,
                    .rows = qsc_least(ROWS, m - row),
                    .width = width,
                    .depth = qsc_least(DEPTH, depth - k),
                    .bias = bias ? bias + c : NULL,
                    .add = k > 0,
                });
            }
        }
    }
}

static int forward(const qsc_linear *plan, float *y, const float *x, const void *packed, const float *bias,
                   int m, void *scratch)
{
    (void)scratch;
    times_packed(unit_of(plan), y, x, packed, bias, m, plan->n, plan->k);
    return 0;
}

static int backward_input(const qsc_linear *plan, float *dx, const float *dy, const void *packed_t, int m,
                          void *scratch)
{
    (void)scratch;
    times_packed(unit_of(plan), dx, dy, packed_t, NULL, m, plan->k, plan->n);
    return 0;
}

// x is packed as a whole, and of dy, whose columns are too slow to go down again and again, ROWS columns at a
// time are made rows.
static void add_outer(const qsc_linear *plan, float *dw, const float *dy, const float *x, int tokens,
                      bool add, void *scratch)
{
    const struct qsc_panel_unit *unit = unit_of(plan);
    size_t n = (size_t)plan->n, k = (size_t)plan->k, depth = (size_t)tokens;
    float *packed = scratch, *columns = packed + depth * qsc_pack_width(plan->k);
    for (int c = 0, width; c < plan->k; c += width) {
        width = qsc_panel_width(unit, plan->k - c);
        qsc_pack_rows(packed + (size_t)c * depth, x + c, k, width, tokens);
    }
    for (int row = 0; row < plan->n; row += ROWS) {
        int rows = qsc_least(ROWS, plan->n - row);
        qsc_pack_transposed(columns, dy + row, n, tokens, rows);
        for (int c = 0, width; c < plan->k; c += width) {
            width = qsc_panel_width(unit, plan->k - c);
            const float *b = packed + (size_t)c * depth;
            unit->multiply(&(struct qsc_panel){
                .c = dw + (size_t)row * k + c,
                .c_row = k,
                .a = columns,
                .a_row = qsc_pack_width(tokens),
                .a_step = 1,
                .b = b,
                .next = c + width < plan->k ? b + (size_t)width * depth : b,
                .rows = rows,
                .width = width,
                .depth = tokens,
                .add = add,
            });
        }
    }
}

int qsc_linear_create_plain(qsc_linear **plan, int n, int k, const struct qsc_panel_unit *unit)
{
    static const struct qsc_linear_way way = {
        .name = "plain",
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
    struct plain *p = malloc(sizeof *p);
    if (!p)
        return ENOMEM;
    *p = (struct plain){.base = {.way = &way, .n = n, .k = k}, .unit = unit};
    *plan = &p->base;
    return 0;
}
