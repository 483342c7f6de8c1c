// A 16 x 16 matrix of floats, transposed in registers.
#ifndef QUIESCE_KERNELS_CPU_TRANSPOSE_H
#define QUIESCE_KERNELS_CPU_TRANSPOSE_H

#include <quiesce/kernels/cpu/vector.h>

#include <stddef.h>

// Interleaving row i with row i + 8, four times over, moves each element's row number into its column.
QSC_INLINE void qsc_transpose16(qsc_v16 rows[16])
{
    for (int round = 0; round < 4; round++) {
        qsc_v16 next[16];
#pragma GCC unroll 8
        for (size_t i = 0; i < 8; i++) {
            next[2 * i] = __builtin_shufflevector(rows[i], rows[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                                  21, 6, 22, 7, 23);
            next[2 * i + 1] = __builtin_shufflevector(rows[i], rows[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12,
                                                      28, 13, 29, 14, 30, 15, 31);
        }
#pragma GCC unroll 16
        for (size_t i = 0; i < 16; i++)
            rows[i] = next[i];
    }
}

#endif
