#include "lines.h"
#include "numbers.h"

#include <criterion/criterion.h>
#include <quiesce/kernels/cpu/bf16.h>

#include <string.h>

enum { SIDE = QSC_BF16_SIDE };

static float number(qsc_bf16_pair bits)
{
    bits <<= 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// x rounded by a unit, as the first and as the second of a pair.
static void expect_rounded(const struct qsc_bf16_unit *unit, float x, float want)
{
    const float from[2] = {x, x};
    qsc_bf16_pair *tile = lines(sizeof(qsc_bf16_pair) * 2 * QSC_BF16_TILE);
    unit->left(tile, from, 2, 1, 2);
    const float got[2] = {number(tile[0] & 0xFFFF), number(tile[0] >> 16)};
    for (int i = 0; i < 2; i++)
        cr_assert(isnan(want) ? isnan(got[i]) != 0 : got[i] == want && !signbit(got[i]) == !signbit(want),
                  "%s: %a becomes %a, not %a", unit->name, (double)x, (double)got[i], (double)want);
    free(tile);
}

Test(bf16, rounds_to_nearest_even)
{
    for (int u = 0; u < qsc_bf16_unit_count; u++) {
        const struct qsc_bf16_unit *unit = &qsc_bf16_units[u];
        if (!unit->present())
            continue;
        expect_rounded(unit, 1, 1);
        expect_rounded(unit, 0x1.01p0f, 0x1.00p0f); // half way: to the even neighbour
        expect_rounded(unit, 0x1.03p0f, 0x1.04p0f);
        expect_rounded(unit, 0x1.010002p0f, 0x1.02p0f);
        expect_rounded(unit, -0x1.03p0f, -0x1.04p0f);
        expect_rounded(unit, 0x1.FFp127f, INFINITY);
        expect_rounded(unit, 0x1.FEp127f, 0x1.FEp127f);
        expect_rounded(unit, -INFINITY, -INFINITY);
        expect_rounded(unit, NAN, NAN);
        expect_rounded(unit, -NAN, NAN);
        expect_rounded(unit, 0x1p-126f, 0x1p-126f);
        expect_rounded(unit, 0x1p-127f, 0); // a denormal
        expect_rounded(unit, -0x1p-140f, -0.0f);
        expect_rounded(unit, -0.0f, -0.0f);
        float *x = random_floats(1000, 1e3, 5);
        for (int i = 0; i < 1000; i++)
            expect_rounded(unit, x[i], (float)to_bf16(x[i]));
        free(x);
    }
}

struct factors {
    int rows, columns, depth;
    float *a, *b, *bias; // (rows, depth), (depth, columns), (columns)
};

// c = bias + a b, then c += a b; with each factor given as it is, or as its transposed.
static float *multiply(const struct qsc_bf16_unit *unit, const struct factors *f, bool transposed)
{
    size_t rows = (size_t)f->rows, columns = (size_t)f->columns, depth = (size_t)f->depth;
    qsc_bf16_pair *left = lines(sizeof *left * qsc_bf16_left_pairs(f->rows, f->depth)),
                  *right = lines(sizeof *right * qsc_bf16_right_pairs(f->depth, f->columns));
    float *c = lines(sizeof *c * rows * columns), *turned = lines(sizeof *turned * depth * (rows + columns));
    for (size_t k = 0; k < depth; k++) {
        for (size_t i = 0; i < rows; i++)
            turned[k * rows + i] = f->a[i * depth + k];
        for (size_t j = 0; j < columns; j++)
            turned[rows * depth + j * depth + k] = f->b[k * columns + j];
    }
    if (transposed) {
        unit->left_transposed(left, turned, rows, f->rows, f->depth);
        unit->right_transposed(right, turned + rows * depth, depth, f->columns, f->depth);
    } else {
        unit->left(left, f->a, depth, f->rows, f->depth);
        unit->right(right, f->b, columns, f->columns, f->depth);
    }
    struct qsc_bf16_product product = {.c = c,
                                       .c_row = columns,
                                       .left = left,
                                       .right = right,
                                       .bias = f->bias,
                                       .rows = f->rows,
                                       .columns = f->columns,
                                       .depth = f->depth};
    unit->multiply(&product);
    product.add = true;
    unit->multiply(&product);
    free(left), free(right), free(turned);
    return c;
}

// Of any numbers: each factor is off by 2^-8 of itself at most, so a product by little more than 2^-7.
static void expect_near(const float *c, const struct factors *f, const char *unit)
{
    size_t columns = (size_t)f->columns, depth = (size_t)f->depth;
    for (size_t i = 0; i < (size_t)f->rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            double sum = f->bias[j], size = fabs(sum) * 1e-4;
            for (size_t k = 0; k < depth; k++) {
                double term = 2 * (double)f->a[i * depth + k] * (double)f->b[k * columns + j];
                sum += term;
                size += fabs(term);
            }
            double error = fabs((double)c[i * columns + j] - sum);
            cr_assert(error <= size * 0.00785, "%s: %d x %d x %d: %g of %g", unit, f->rows, f->columns,
                      f->depth, error, size);
        }
    }
}

Test(bf16, all_units_give_the_same_bits)
{
    static const int sizes[][3] = {{1, 1, 1},    {1, 33, 7},   {2, 32, 32},   {17, 16, 33},  {31, 31, 31},
                                   {32, 64, 96}, {33, 65, 70}, {63, 48, 384}, {64, 5, 1000}, {97, 100, 2}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct factors f = {.rows = sizes[s][0], .columns = sizes[s][1], .depth = sizes[s][2]};
        f.a = random_floats((size_t)f.rows * (size_t)f.depth, 3, 1);
        f.b = random_floats((size_t)f.depth * (size_t)f.columns, 1, 2);
        f.bias = random_floats((size_t)f.columns, 1, 3);
        size_t bytes = sizeof(float) * (size_t)f.rows * (size_t)f.columns;
        float *want = multiply(&qsc_bf16_units[qsc_bf16_unit_count - 1], &f, false);
        expect_near(want, &f, "any");
        for (int u = 0; u < 2 * qsc_bf16_unit_count; u++) {
            const struct qsc_bf16_unit *unit = &qsc_bf16_units[u / 2];
            if (!unit->present())
                continue;
            float *got = multiply(unit, &f, u % 2);
            cr_assert_eq(memcmp(got, want, bytes), 0, "%s%s: %d x %d x %d", unit->name,
                         u % 2 ? ", transposed" : "", f.rows, f.columns, f.depth);
            free(got);
        }
        free(want), free(f.a), free(f.b), free(f.bias);
    }
}

Test(bf16, tiles_hold_every_row_once)
{
    for (int rows = 1; rows < 100; rows++) {
        int row = 0, tiles = 0;
        for (int height; row < rows; row += height, tiles++) {
            height = qsc_bf16_height(rows, row);
            cr_assert(height >= 1 && height <= SIDE);
        }
        cr_assert_eq(row, rows);
        cr_assert(tiles <= 2 * ((rows + QSC_BF16_BLOCK - 1) / QSC_BF16_BLOCK));
    }
}
