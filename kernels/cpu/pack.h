// Matrices rearranged into panels: some columns side by side, one row of the sum after the other, so that a
// product reads them from front to back.
#ifndef QUIESCE_KERNELS_CPU_PACK_H
#define QUIESCE_KERNELS_CPU_PACK_H

#include <stddef.h>

// The floats of a panel's row: whole vectors.
static inline size_t qsc_pack_width(int columns)
{
    return ((size_t)columns + 15) / 16 * 16;
}

// to (depth, width) = the transposed of from (columns, depth) of rows `stride` apart, zeros where width
// exceeds columns.
void qsc_pack_transposed(float *to, const float *from, size_t stride, int columns, int depth);

// to (depth, width) = from (depth, columns) of rows `stride` apart, zeros where width exceeds columns.
void qsc_pack_rows(float *to, const float *from, size_t stride, int columns, int depth);

#endif
