#include "lines.h"
#include "numbers.h"

#include <criterion/criterion.h>
#include <quiesce/kernels/cpu/linear_plan.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PANELS = QSC_INT8_COLUMNS / QSC_INT8_SIDE, TILES = 5 };

struct factors {
    uint8_t *x;     // (2, TILES, QSC_INT8_SIDE, QSC_INT8_STEP)
    int8_t *w;      // (PANELS, TILES, QSC_INT8_STEP / 4, QSC_INT8_SIDE, 4)
    int32_t *start; // (QSC_INT8_COLUMNS)
};

// Whole numbers of every size, or the largest there are: their sums leave 16 bits at once.
static struct factors factors_make(bool largest)
{
    struct factors f = {lines(2 * TILES * QSC_INT8_TILE_BYTES), lines(PANELS * TILES * QSC_INT8_TILE_BYTES),
                        lines(QSC_INT8_COLUMNS * sizeof(int32_t))};
    uint64_t state = 11;
    for (int i = 0; i < 2 * TILES * QSC_INT8_TILE_BYTES; i++)
        f.x[i] = largest ? 255 : (uint8_t)(128 + 128 * random_number(&state));
    for (int i = 0; i < PANELS * TILES * QSC_INT8_TILE_BYTES; i++)
        f.w[i] = (int8_t)(largest ? i % 2 ? 127 : -128 : (int)(128 * random_number(&state)));
    if (largest)
        memset(f.w, -128, TILES * QSC_INT8_TILE_BYTES);
    for (int i = 0; i < QSC_INT8_COLUMNS; i++)
        f.start[i] = (int32_t)(2147483647.0 * random_number(&state));
    return f;
}

static void factors_free(struct factors *f)
{
    free(f->x), free(f->w), free(f->start);
}

UNWATCHED static int32_t sum_of(const struct factors *f, int row, int channel, int tiles)
{
    uint32_t sum = (uint32_t)f->start[channel];
    for (int k = 0; k < tiles * QSC_INT8_STEP; k++) {
        int tile = k / QSC_INT8_STEP, inside = k % QSC_INT8_STEP;
        int x = f->x[(row / QSC_INT8_SIDE * tiles + tile) * QSC_INT8_TILE_BYTES +
                     row % QSC_INT8_SIDE * QSC_INT8_STEP + inside];
        int w = f->w[(channel / QSC_INT8_SIDE * tiles + tile) * QSC_INT8_TILE_BYTES +
                     inside / 4 * QSC_INT8_STEP + channel % QSC_INT8_SIDE * 4 + inside % 4];
        sum += (uint32_t)(x * w);
    }
    return (int32_t)sum;
}

static void expect_sums(const struct qsc_int8_unit *unit, const struct factors *f, int rows, int panels,
                        int tiles)
{
    enum { GUARD = 16 };
    int32_t *sums = lines((QSC_INT8_ROWS * QSC_INT8_COLUMNS + GUARD) * sizeof *sums);
    if (unit->begin)
        unit->begin();
    unit->multiply(&(struct qsc_int8_block){.sums = sums,
                                            .x = f->x,
                                            .w = f->w,
                                            .start = f->start,
                                            .tiles = (size_t)tiles,
                                            .rows = rows,
                                            .panels = panels});
    if (unit->end)
        unit->end();
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < panels * QSC_INT8_SIDE; j++)
            cr_assert_eq(sums[i * QSC_INT8_COLUMNS + j], sum_of(f, i, j, tiles),
                         "%s: %d rows, %d panels, (%d,%d)", unit->name, rows, panels, i, j);
    }
    int whole_tiles = (rows + QSC_INT8_SIDE - 1) / QSC_INT8_SIDE * QSC_INT8_SIDE;
    for (int i = whole_tiles * QSC_INT8_COLUMNS; i < QSC_INT8_ROWS * QSC_INT8_COLUMNS + GUARD; i++)
        cr_assert_eq(sums[i], -1, "%s writes past its rows", unit->name);
    free(sums);
}

// Printed, so that a log shows which of them this machine has.
Test(int8, every_unit_gives_the_same_sums)
{
    for (int u = 0; u < qsc_int8_unit_count; u++) {
        const struct qsc_int8_unit *unit = qsc_int8_units[u];
        bool present = unit->present();
        printf("int8 unit %s: %s\n", unit->name, present ? "tested" : "not on this machine");
        for (int largest = 0; present && largest < 2; largest++) {
            struct factors f = factors_make(largest);
            for (int rows = 1; rows <= QSC_INT8_ROWS; rows++) {
                for (int panels = 1; panels <= PANELS; panels++)
                    expect_sums(unit, &f, rows, panels, 1 + (rows + panels) % TILES);
            }
            factors_free(&f);
        }
    }
    cr_assert(qsc_int8_units[qsc_int8_unit_count - 1]->present());
}

struct layer {
    qsc_linear *plan;
    int n, k;
    float *w, *bias;
    void *packed, *scratch;
};

static struct layer layer_make(const struct qsc_int8_unit *unit, int n, int k, float *w)
{
    struct layer l = {.n = n, .k = k, .w = w, .bias = random_floats((size_t)n, 1, 2)};
    cr_assert_eq(qsc_linear_create_int8(&l.plan, n, k, unit), 0);
    l.packed = lines(qsc_linear_packed_bytes(l.plan));
    l.scratch = lines(qsc_linear_scratch_bytes(l.plan));
    qsc_linear_pack(l.plan, l.packed, w);
    return l;
}

static void layer_free(struct layer *l)
{
    qsc_linear_destroy(l->plan);
    free(l->w), free(l->bias), free(l->packed), free(l->scratch);
}

static float *forward(const struct layer *l, const float *x, const float *bias, int m)
{
    float *y = lines((size_t)m * (size_t)l->n * sizeof *y);
    cr_assert_eq(qsc_linear_forward(l->plan, y, x, l->packed, bias, m, l->scratch), 0);
    return y;
}

// x and w rounded as linear.h says, and everything after that once more, one element at a time.
UNWATCHED static float *expected(const struct layer *l, const float *x, const float *bias, int m)
{
    float *y = lines((size_t)m * (size_t)l->n * sizeof *y);
    for (int i = 0; i < m; i++) {
        for (int c = 0; c < l->n; c++) {
            const float *a = x + i * l->k, *b = l->w + c * l->k;
            float a_largest = 0, b_largest = 0;
            for (int j = 0; j < l->k; j++) {
                a_largest = fmaxf(a_largest, fabsf(a[j]));
                b_largest = fmaxf(b_largest, fabsf(b[j]));
            }
            int sum = 0;
            for (int j = 0; j < l->k; j++)
                sum += (int)nearbyintf(a[j] * (127 / a_largest)) * (int)nearbyintf(b[j] * (127 / b_largest));
            volatile float v = (float)sum * (a_largest / 127); // volatile: not fused with what follows
            v = v * (b_largest / 127);
            y[i * l->n + c] = bias ? v + bias[c] : v;
        }
    }
    return y;
}

static const int shapes[][2] = {{1, 1},    {7, 3},    {16, 64},  {17, 65}, {36, 52},
                                {64, 130}, {65, 200}, {129, 64}, {150, 33}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

Test(int8, a_product_is_that_of_the_rounded_factors_on_every_unit_to_the_bit)
{
    for (int u = 0; u < qsc_int8_unit_count; u++) {
        for (int s = 0; qsc_int8_units[u]->present() && s < SHAPES; s++) {
            int n = shapes[s][0], k = shapes[s][1];
            struct layer l = layer_make(qsc_int8_units[u], n, k, random_floats((size_t)(n * k), 1, 1));
            for (int t = 0; t < 5; t++) {
                int m = (const int[]){0, 1, 16, 35, 65}[t];
                float *x = random_floats((size_t)(m * k), 1, 3);
                for (int with = 0; with < 2; with++) {
                    const float *bias = with ? l.bias : NULL;
                    float *y = forward(&l, x, bias, m), *want = expected(&l, x, bias, m);
                    cr_assert_eq(memcmp(y, want, (size_t)(m * n) * sizeof *y), 0, "%s: (%d,%d), m = %d",
                                 qsc_int8_units[u]->name, n, k, m);
                    free(y), free(want);
                }
                free(x);
            }
            layer_free(&l);
        }
    }
}

// Rounding errors of each product are below half a step of either factor; a sum of many grows with its root.
Test(int8, a_product_is_near_that_of_the_factors)
{
    enum { N = 64, K = 384, M = 40 };
    struct layer l = layer_make(qsc_int8_unit(), N, K, random_floats(N * K, 0.1, 1));
    float *x = random_floats(M * K, 2, 3), *y = forward(&l, x, l.bias, M);
    double squares = 0, errors = 0;
    for (int i = 0; i < M * N; i++) {
        double sum = 0;
        for (int j = 0; j < K; j++)
            sum += (double)x[i / N * K + j] * (double)l.w[i % N * K + j];
        double error = (double)y[i] - (double)l.bias[i % N] - sum;
        squares += sum * sum;
        errors += error * error;
    }
    cr_assert(errors < 1e-4 * squares, "%g of the square", errors / squares);
    free(x), free(y);
    layer_free(&l);
}

Test(int8, a_rows_bits_depend_on_that_row_alone)
{
    enum { N = 70, K = 100, M = 67 };
    for (int u = 0; u < qsc_int8_unit_count; u++) {
        if (!qsc_int8_units[u]->present())
            continue;
        struct layer l = layer_make(qsc_int8_units[u], N, K, random_floats(N * K, 1, 1));
        float *x = random_floats(M * K, 1, 3), *all = forward(&l, x, l.bias, M);
        for (int i = 0; i < M; i++) {
            float *alone = forward(&l, x + i * K, l.bias, 1);
            cr_assert_eq(memcmp(alone, all + i * N, N * sizeof *all), 0, "row %d, %s", i,
                         qsc_int8_units[u]->name);
            free(alone);
        }
        free(x), free(all);
        layer_free(&l);
    }
}

Test(int8, not_a_number_and_infinity_reach_their_row_or_column_and_no_other)
{
    enum { N = 40, K = 70, M = 35, ROW = 17, OTHER_ROW = 33, COLUMN = 21 };
    for (int u = 0; u < qsc_int8_unit_count; u++) {
        if (!qsc_int8_units[u]->present())
            continue;
        float *w = random_floats(N * K, 1, 1), *x = random_floats(M * K, 1, 3);
        w[COLUMN * K + 3] = -INFINITY;
        x[ROW * K + 69] = NAN;
        x[OTHER_ROW * K] = INFINITY;
        struct layer l = layer_make(qsc_int8_units[u], N, K, w);
        float *y = forward(&l, x, l.bias, M);
        for (int i = 0; i < M * N; i++) {
            int row = i / N;
            cr_assert_eq(isnan(y[i]) != 0, row == ROW || row == OTHER_ROW || i % N == COLUMN);
        }
        free(x), free(y);
        layer_free(&l);
    }
}

Test(int8, a_row_of_zeros_gives_the_bias)
{
    enum { N = 20, K = 70 };
    struct layer l = layer_make(qsc_int8_unit(), N, K, random_floats(N * K, 1, 1));
    float *x = calloc(K, sizeof *x), *y = forward(&l, x, l.bias, 1);
    for (int i = 0; i < N; i++)
        cr_assert_eq(y[i], l.bias[i]);
    free(x), free(y);
    layer_free(&l);
}

Test(int8, there_are_no_gradients)
{
    float one[1] = {1};
    qsc_linear *plan;
    cr_assert_eq(qsc_linear_create(&plan, 1, 1, QSC_INT8), 0);
    cr_assert_eq(qsc_linear_packed_t_bytes(plan), 0);
    qsc_linear_pack_t(plan, NULL, one);
    cr_assert_eq(qsc_linear_backward_input(plan, one, one, NULL, 1, NULL), ENOTSUP);
    cr_assert_eq(qsc_linear_backward_weight(plan, one, NULL, one, one, 1, NULL), ENOTSUP);
    qsc_linear_destroy(plan);
}

Test(int8, sums_that_might_leave_32_bits_are_refused)
{
    qsc_linear *plan;
    cr_assert_eq(qsc_linear_create(&plan, 1, QSC_INT8_MAX_DEPTH + 1, QSC_INT8), EINVAL);
    float *w = malloc(QSC_INT8_MAX_DEPTH * sizeof *w);
    for (int i = 0; i < QSC_INT8_MAX_DEPTH; i++)
        w[i] = 1;
    for (int u = 0; u < qsc_int8_unit_count; u++) {
        if (!qsc_int8_units[u]->present())
            continue;
        float *ones = malloc(QSC_INT8_MAX_DEPTH * sizeof *ones);
        memcpy(ones, w, QSC_INT8_MAX_DEPTH * sizeof *ones);
        struct layer l = layer_make(qsc_int8_units[u], 1, QSC_INT8_MAX_DEPTH, ones);
        float *y = forward(&l, w, NULL, 1);
        cr_assert_float_eq(y[0], QSC_INT8_MAX_DEPTH, 0.1, "%s: %.1f", qsc_int8_units[u]->name, (double)y[0]);
        free(y);
        layer_free(&l);
    }
    free(w);
}
