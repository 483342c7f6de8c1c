// Products of bfloat16 factors: the order in which every unit reads them, and the units. All units give the
// same bits: the product of two bfloat16 is exact in f32, and where a sum is rounded is fixed to what AMX
// does (see qsc_bf16_product). Only sums so small that f32 holds them with less than its 24 bits may differ:
// AMX takes them for 0.
#ifndef QUIESCE_KERNELS_CPU_BF16_H
#define QUIESCE_KERNELS_CPU_BF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A tile is what AMX takes at once, 16 rows of 16 pairs of neighbours in the sum. In memory it is one KiB.
// Of the left factor: rows of it, 32 elements of the sum. The tiles of the same rows stand one after the
// other, and the last block of rows is cut into two tiles of almost equal height: short tiles are quicker.
// Of the right factor: row i holds elements 2 i and 2 i + 1 of the sum for 16 columns. A panel has two tiles,
// 32 columns, for each 32 elements of the sum.
enum {
    QSC_BF16_SIDE = 16,                            // rows, pairs and columns of a tile
    QSC_BF16_STEP = 2 * QSC_BF16_SIDE,             // elements of the sum
    QSC_BF16_BLOCK = 2 * QSC_BF16_SIDE,            // rows, and columns, of what is computed at once
    QSC_BF16_TILE = QSC_BF16_SIDE * QSC_BF16_SIDE, // pairs
};

typedef uint32_t qsc_bf16_pair; // the first of the two in the low half

// The tiles along the sum.
static inline size_t qsc_bf16_steps(int depth)
{
    return ((size_t)depth + QSC_BF16_STEP - 1) / QSC_BF16_STEP;
}

// The rows of the left factor's tile that begins at `row`: 16, and in the last block the half of what is
// left.
static inline int qsc_bf16_height(int rows, int row)
{
    int rest = rows % QSC_BF16_BLOCK, left = rows - row;
    return left > rest ? QSC_BF16_SIDE : left == rest ? (rest + 1) / 2 : left;
}

// The pairs of a left factor, of a right one.
static inline size_t qsc_bf16_left_pairs(int rows, int depth)
{
    size_t blocks = ((size_t)rows + QSC_BF16_BLOCK - 1) / QSC_BF16_BLOCK;
    return 2 * blocks * qsc_bf16_steps(depth) * QSC_BF16_TILE;
}

static inline size_t qsc_bf16_right_pairs(int depth, int columns)
{
    size_t panels = ((size_t)columns + QSC_BF16_BLOCK - 1) / QSC_BF16_BLOCK;
    return 2 * panels * qsc_bf16_steps(depth) * QSC_BF16_TILE;
}

// c (rows, columns) = bias + left (rows, depth) right (depth, columns), or c += that. For each 32 elements of
// the sum those with an even number make one chain of sums from 0 and those with an odd number another; the
// sum of the two is added to c.
struct qsc_bf16_product {
    float *c;
    size_t c_row;
    const qsc_bf16_pair *left, *right;
    const float *bias; // (columns), NULL = zeros; not read with `add`
    int rows, columns, depth;
    bool add;
};

// from (rows, depth) or, transposed, (depth, rows); of the right factor (depth, columns) or (columns, depth);
// its rows `stride` apart. Rounded to nearest even; a denormal becomes 0, NaN stays NaN.
typedef void qsc_bf16_pack(qsc_bf16_pair *to, const float *from, size_t stride, int outer, int depth);

struct qsc_bf16_unit {
    const char *name;
    bool (*present)(void);
    qsc_bf16_pack *left, *left_transposed, *right, *right_transposed;
    void (*multiply)(const struct qsc_bf16_product *product);
};

// The units this program was compiled for, the fastest first; the last is present everywhere.
extern const struct qsc_bf16_unit qsc_bf16_units[];
extern const int qsc_bf16_unit_count;

// The fastest that is present.
const struct qsc_bf16_unit *qsc_bf16_unit(void);

// Of the unit that is compiled (unit.h).
extern qsc_bf16_pack qsc_bf16_pack_left, qsc_bf16_pack_left_transposed, qsc_bf16_pack_right,
    qsc_bf16_pack_right_transposed;
void qsc_bf16_multiply(const struct qsc_bf16_product *product);

#endif
