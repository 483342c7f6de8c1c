// From floats to 8-bit integers with one scale a row, and back from the sums of their products. Every vector
// unit gives the same bits.
#ifndef QUIESCE_KERNELS_CPU_QUANTIZE_H
#define QUIESCE_KERNELS_CPU_QUANTIZE_H

#include <stddef.h>
#include <stdint.h>

// Rows of x as tiles of activations (int8.h), each element nearest to x / scale, halves to the even one;
// scale = the row's largest |x| / 127. A row of zeros, or of numbers below 1e-36, has scale 0; a row with an
// infinity or NaN has scale NaN, and so has all that is computed of it. Shapes: tiles (rows rounded up to 16,
// k rounded up to 64); scale (rows); x (rows, k).
void qsc_quantize_rows(uint8_t *tiles, float *scale, const float *x, int rows, int k);

// y = bias + sums * row_scale * column_scale. Shapes: y, sums (rows, columns), rows of them y_row and
// sums_row apart; row_scale (rows); column_scale, bias (columns), bias NULL = none.
void qsc_dequantize(float *y, size_t y_row, const int32_t *sums, size_t sums_row, const float *row_scale,
                    const float *column_scale, const float *bias, int rows, int columns);

#endif
