#include <quiesce/kernels/cpu/quantize.h>

#include "numbers.h"

#include <criterion/criterion.h>
#include <quiesce/kernels/cpu/int8.h>

#include <float.h>
#include <string.h>

// The byte of element k of a row among tiles.
static int stored(const uint8_t *tiles, int depth, int row, int k)
{
    size_t tile = (size_t)(row / QSC_INT8_SIDE) * qsc_int8_tiles(depth) + (size_t)(k / QSC_INT8_STEP);
    return tiles[tile * QSC_INT8_TILE_BYTES +
                 (size_t)(row % QSC_INT8_SIDE * QSC_INT8_STEP + k % QSC_INT8_STEP)];
}

enum { ROWS = 21, MOST = 200 };
static uint8_t tiles[2 * QSC_INT8_SIDE * 4 * QSC_INT8_STEP];
static float scale[ROWS];

Test(quantize, every_element_is_the_nearest_step)
{
    for (int k = 1; k <= MOST; k += 1 + k / 9) {
        float *x = random_floats((size_t)(ROWS * k), 3, (uint64_t)k);
        memset(tiles, 0, sizeof tiles);
        qsc_quantize_rows(tiles, scale, x, ROWS, k);
        for (int i = 0; i < ROWS; i++) {
            const float *row = x + i * k;
            float largest = 0;
            for (int j = 0; j < k; j++)
                largest = fmaxf(largest, fabsf(row[j]));
            cr_assert_eq(scale[i], largest / 127);
            for (int j = 0; j < k; j++) {
                float steps = nearbyintf(row[j] * (127 / largest));
                cr_assert_eq(stored(tiles, k, i, j) - 128, (int)steps, "k = %d, element %d", k, j);
                cr_assert(fabsf(row[j] - steps * scale[i]) <= 0.50001f * scale[i]);
            }
        }
        free(x);
    }
}

Test(quantize, halves_go_to_the_even_step_and_no_step_is_below_minus_127)
{
    const float x[] = {-127, 127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -126.5f, 0, -0.0f};
    const int want[] = {-127, 127, 0, 2, 2, 0, -2, -126, 0, 0};
    enum { K = sizeof x / sizeof x[0] };
    qsc_quantize_rows(tiles, scale, x, 1, K);
    cr_assert_eq(scale[0], 1);
    for (int j = 0; j < K; j++)
        cr_assert_eq(stored(tiles, K, 0, j) - 128, want[j]);
}

// What has no scale between the smallest and the largest float must not make steps out of nothing.
Test(quantize, zeros_have_scale_zero_and_what_is_not_finite_has_none)
{
    const float x[][3] = {{0, -0.0f, 0},          {FLT_MIN, -FLT_MIN, 0}, {FLT_MAX, -FLT_MAX, 1},
                          {1, INFINITY, 2},       {1, 2, -INFINITY},      {NAN, 0, 0},
                          {INFINITY, -NAN, -1e9f}};
    const int extremes[] = {127, -127, 0};
    qsc_quantize_rows(tiles, scale, x[0], 7, 3);
    cr_assert_eq(scale[0], 0);
    cr_assert_eq(scale[1], 0);
    for (int j = 0; j < 3; j++) {
        cr_assert_eq(stored(tiles, 3, 0, j), 128);
        cr_assert_eq(stored(tiles, 3, 1, j), 128);
        cr_assert_eq(stored(tiles, 3, 2, j) - 128, extremes[j]);
    }
    cr_assert_eq(scale[2], FLT_MAX / 127);
    for (int i = 3; i < 7; i++)
        cr_assert(isnan(scale[i]));
}

Test(quantize, sums_come_back_scaled_one_rounding_after_the_other)
{
    enum { COLUMNS = 70, SUMS_ROW = 80, Y_ROW = 75 };
    float *columns = random_floats(COLUMNS, 0.01, 1), *bias = random_floats(COLUMNS, 1, 2),
          *rows = random_floats(ROWS, 0.01, 3), y[ROWS * Y_ROW];
    int32_t sums[ROWS * SUMS_ROW];
    uint64_t state = 4;
    for (int i = 0; i < ROWS * SUMS_ROW; i++)
        sums[i] = (int32_t)(2147483647.0 * random_number(&state));
    for (int with = 0; with < 2; with++) {
        for (int n = 1; n <= COLUMNS; n += 23) {
            for (int i = 0; i < ROWS * Y_ROW; i++)
                y[i] = 7;
            qsc_dequantize(y, Y_ROW, sums, SUMS_ROW, rows, columns, with ? bias : NULL, ROWS, n);
            for (int i = 0; i < ROWS; i++) {
                for (int j = 0; j < Y_ROW; j++) {
                    volatile float v = (float)sums[i * SUMS_ROW + j]; // not fused with what follows
                    if (j < n) {
                        v = v * rows[i];
                        v = v * columns[j];
                        v = with ? v + bias[j] : v;
                    }
                    cr_assert_eq(y[i * Y_ROW + j], j < n ? v : 7);
                }
            }
        }
    }
    free(columns), free(bias), free(rows);
}
