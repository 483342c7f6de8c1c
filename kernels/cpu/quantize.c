// Compilers make vectors of these loops. Compiled without contraction to fused multiply-adds, which some
// units lack.
#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/cpu/int8.h>
#include <quiesce/kernels/cpu/quantize.h>

#include <math.h>
#include <string.h>

// The bits of a float without its sign order as integers do, infinity and NaN above all.
static float largest_size(const float *x, int k)
{
    int32_t largest = 0;
    for (int i = 0; i < k; i++) {
        int32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bits &= 0x7FFFFFFF;
        largest = bits > largest ? bits : largest;
    }
    float size;
    memcpy(&size, &largest, sizeof size);
    return size;
}

// Adding 1.5 * 2^23 + 128 leaves q + 128 in the low bits.
static void quantize(uint8_t *restrict to, const float *restrict x, int n, float inverse)
{
    for (int i = 0; i < n; i++) {
        float sum = x[i] * inverse + 12583040.0f;
        uint32_t bits;
        memcpy(&bits, &sum, sizeof bits);
        to[i] = (uint8_t)bits;
    }
}

static void quantize_row(uint8_t *to, const float *x, int k, float inverse)
{
    for (; k >= QSC_INT8_STEP; k -= QSC_INT8_STEP) {
        quantize(to, x, QSC_INT8_STEP, inverse);
        to += QSC_INT8_TILE_BYTES;
        x += QSC_INT8_STEP;
    }
    if (k > 0) {
        memset(to, 128, QSC_INT8_STEP);
        quantize(to, x, k, inverse);
    }
}

void qsc_quantize_rows(uint8_t *tiles, float *scale, const float *x, int rows, int k)
{
    size_t strip = qsc_int8_tiles(k) * QSC_INT8_TILE_BYTES;
    for (int i = 0; i < rows; i++) {
        float largest = largest_size(x, k);
        bool flat = largest < 1e-36f; // its inverse would be infinite
        scale[i] = isfinite(largest) ? flat ? 0 : largest / 127.0f : NAN;
        uint8_t *to =
            tiles + (size_t)(i / QSC_INT8_SIDE) * strip + (size_t)(i % QSC_INT8_SIDE) * QSC_INT8_STEP;
        quantize_row(to, x, k, flat ? 0 : 127.0f / largest);
        x += k;
    }
}

void qsc_dequantize(float *restrict y, size_t y_row, const int32_t *restrict sums, size_t sums_row,
                    const float *restrict row_scale, const float *restrict column_scale,
                    const float *restrict bias, int rows, int columns)
{
    for (int i = 0; i < rows; i++) {
        float scale = row_scale[i];
        for (int j = 0; bias && j < columns; j++)
            y[j] = (float)sums[j] * scale * column_scale[j] + bias[j];
        for (int j = 0; !bias && j < columns; j++)
            y[j] = (float)sums[j] * scale * column_scale[j];
        y += y_row;
        sums += sums_row;
    }
}
