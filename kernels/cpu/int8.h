// Products of 8-bit integers for the linear layers: activations and weights in the order in which every unit
// reads them, and the units. A sum is of integers, so every unit gives the same one.
#ifndef QUIESCE_KERNELS_CPU_INT8_H
#define QUIESCE_KERNELS_CPU_INT8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A tile is what AMX takes at once: 16 rows of 64 bytes, one after the other.
// Of activations: 16 rows of x, 64 elements of the sum. Those of 16 rows stand one after the other.
// Of weights: 64 elements of the sum for 16 channels; row i holds elements 4 i to 4 i + 3 of channel 0, of
// channel 1, and so on. Those of 16 channels, a panel, stand one after the other.
enum {
    QSC_INT8_SIDE = 16, // a tile's rows; also the channels of a panel
    QSC_INT8_STEP = 64, // a tile's elements of the sum: the bytes of a row of activations
    QSC_INT8_TILE_BYTES = QSC_INT8_SIDE * QSC_INT8_STEP,
    QSC_INT8_ROWS = 32,                           // the largest block: rows of x,
    QSC_INT8_COLUMNS = 4 * QSC_INT8_SIDE,         // channels
    QSC_INT8_MAX_DEPTH = INT32_MAX / (127 * 127), // no sum of so many products leaves 32 bits
};

// The tiles that `depth` elements of a sum fill; what is beyond them counts for nothing.
static inline size_t qsc_int8_tiles(int depth)
{
    return ((size_t)depth + QSC_INT8_STEP - 1) / QSC_INT8_STEP;
}

// The processors' instructions take one factor without sign: activations q, -127 to 127, are stored as
// q + 128, and a channel's sum starts at -128 times the sum of its weights. Modulo 2^32 on the way, the end
// is exact.
struct qsc_int8_block {
    int32_t *sums;        // (rows rounded up to QSC_INT8_SIDE, QSC_INT8_COLUMNS)
    const uint8_t *x;     // the first tile of the first row
    const int8_t *w;      // the first tile of the first panel
    const int32_t *start; // (panels * QSC_INT8_SIDE)
    size_t tiles;         // of a row of x, of a panel
    int rows, panels;     // 1 to QSC_INT8_ROWS, 1 to QSC_INT8_COLUMNS / QSC_INT8_SIDE
};

struct qsc_int8_unit {
    const char *name;
    bool (*present)(void);
    // A thread's own, around its products; NULL: nothing to do.
    void (*begin)(void);
    void (*end)(void);
    void (*multiply)(const struct qsc_int8_block *block); // the rows of sums, and perhaps those up to a tile
};

// The units this program was compiled for, the fastest first; the last is present everywhere.
extern const struct qsc_int8_unit *const qsc_int8_units[];
extern const int qsc_int8_unit_count;

// The fastest that is present.
const struct qsc_int8_unit *qsc_int8_unit(void);

#endif
