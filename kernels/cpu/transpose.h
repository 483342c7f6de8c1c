// A square matrix of floats, as wide as a vector, transposed in registers.
#ifndef QUIESCE_KERNELS_CPU_TRANSPOSE_H
#define QUIESCE_KERNELS_CPU_TRANSPOSE_H

#include <quiesce/kernels/cpu/vector.h>

#include <stddef.h>

// Interleaving row i with row i + half, once for each bit of a row's number, moves each element's row number
// into its column.
QSC_INLINE void qsc_transpose(qsc_vector rows[QSC_LANES])
{
    enum { HALF = QSC_LANES / 2 };
#pragma GCC unroll 4
    for (int bit = 1; bit < QSC_LANES; bit *= 2) {
        qsc_vector next[QSC_LANES];
#pragma GCC unroll 8
        for (size_t i = 0; i < HALF; i++) {
            next[2 * i] = QSC_INTERLEAVE_LOW(rows[i], rows[i + HALF]);
            next[2 * i + 1] = QSC_INTERLEAVE_HIGH(rows[i], rows[i + HALF]);
        }
#pragma GCC unroll 16
        for (size_t i = 0; i < QSC_LANES; i++)
            rows[i] = next[i];
    }
}

#endif
