// Products of small matrices that lie in the nearest caches, padded to whole vectors: what attention is made
// of. The large ones are linear.h's.
#ifndef QUIESCE_KERNELS_CPU_PRODUCT_H
#define QUIESCE_KERNELS_CPU_PRODUCT_H

#include <quiesce/kernels/cpu/vector.h>

#include <stdbool.h>
#include <stddef.h>

// c[i][j] for `height` rows i and a vector of columns j: one load of b serves all rows, each with an
// accumulator of its own.
QSC_INLINE void qsc_product_strip(float *c, size_t ldc, const float *a, size_t a_row, size_t a_column,
                                  const float *b, size_t ldb, int depth, bool add, int height)
{
    qsc_vector sum[8];
    for (int i = 0; i < height; i++)
        sum[i] = (qsc_vector){0};
    for (int k = 0; k < depth; k++) {
        qsc_vector column = QSC_VECTOR_AT(b);
#pragma GCC unroll 8
        for (int i = 0; i < height; i++)
            sum[i] += column * a[(size_t)i * a_row];
        a += a_column;
        b += ldb;
    }
    for (int i = 0; i < height; i++) {
        float *row = c + (size_t)i * ldc;
        if (add)
            sum[i] += QSC_VECTOR_AT(row);
        *(qsc_vector_unaligned *)row = sum[i];
    }
}

// c (rows, columns) = a (rows, depth) b (depth, columns), or c += a b. rows is a multiple of 4, columns of
// QSC_LANES; element (i, k) of a stands at i * a_row + k * a_column, so that a may be a transposed view.
QSC_INLINE void qsc_product(float *c, size_t ldc, const float *a, size_t a_row, size_t a_column,
                            const float *b, size_t ldb, size_t rows, size_t columns, int depth, bool add)
{
    for (size_t j = 0; j < columns; j += QSC_LANES) {
        size_t i = 0;
        for (; i + 8 <= rows; i += 8)
            qsc_product_strip(c + i * ldc + j, ldc, a + i * a_row, a_row, a_column, b + j, ldb, depth, add,
                              8);
        if (i < rows)
            qsc_product_strip(c + i * ldc + j, ldc, a + i * a_row, a_row, a_column, b + j, ldb, depth, add,
                              4);
    }
}

#endif
