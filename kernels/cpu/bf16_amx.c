// AMX: the product of two tiles, 8192 multiply-adds, is one instruction of 16 cycles.
#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/cpu/amx.h>
#include <quiesce/kernels/cpu/bf16.h>
#include <quiesce/kernels/cpu/inline.h>
#include <quiesce/kernels/cpu/least.h>

#include <immintrin.h>
#include <string.h>

enum { SIDE = QSC_BF16_SIDE, BLOCK = QSC_BF16_BLOCK, TILE = QSC_BF16_TILE, LINE = 64 };

// Registers 0 to 3 are a block of c, 4 and 5 the left tiles, 6 and 7 the right ones.
QSC_INLINE void set_heights(int upper, int lower)
{
    struct qsc_amx_shapes shapes = {.palette = 1};
    const int heights[] = {upper, upper, lower, lower, upper, lower, SIDE, SIDE};
    for (int i = 0; i < 8; i++) {
        shapes.rows[i] = (uint8_t)heights[i];
        shapes.row_bytes[i] = LINE;
    }
    qsc_amx_configure(&shapes);
}

// Four products are under way at a time: each waits 52 cycles for its own sum.
QSC_INLINE void add_products(const qsc_bf16_pair *upper, const qsc_bf16_pair *lower,
                             const qsc_bf16_pair *right, size_t steps)
{
    for (; steps > 0; steps--) {
        _tile_loadd(4, upper, LINE);
        _tile_loadd(6, right, LINE);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, right + TILE, LINE);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, lower, LINE);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        upper += TILE;
        lower += TILE;
        right += 2 * TILE;
    }
}

QSC_INLINE void load_block(const float *c, size_t row_bytes, const float *lower)
{
    _tile_loadd(0, c, row_bytes);
    _tile_loadd(1, c + SIDE, row_bytes);
    _tile_loadd(2, lower, row_bytes);
    _tile_loadd(3, lower + SIDE, row_bytes);
}

QSC_INLINE void store_block(float *c, size_t row_bytes, float *lower)
{
    _tile_stored(0, c, row_bytes);
    _tile_stored(1, c + SIDE, row_bytes);
    _tile_stored(2, lower, row_bytes);
    _tile_stored(3, lower + SIDE, row_bytes);
}

static void copy(float *to, size_t to_row, const float *from, size_t from_row, int rows, int columns)
{
    for (int i = 0; i < rows; i++)
        memcpy(to + (size_t)i * to_row, from + (size_t)i * from_row, (size_t)columns * sizeof *to);
}

// The block of `rows` rows and at most 32 columns at (row, column).
QSC_INLINE void block(const struct qsc_bf16_product *p, int row, int rows, int column)
{
    const size_t steps = qsc_bf16_steps(p->depth);
    const int upper = (rows + 1) / 2, columns = qsc_least(BLOCK, p->columns - column);
    const qsc_bf16_pair *left = p->left + (size_t)(row / SIDE) * steps * TILE;
    float *c = p->c + (size_t)row * p->c_row + column;
    _Alignas(LINE) float edge[BLOCK * BLOCK]; // where c has no whole block
    bool whole = rows > 1 && columns == BLOCK;
    float *to = whole ? c : edge;
    size_t to_row = whole ? p->c_row : BLOCK;
    if (p->add) {
        if (!whole)
            copy(edge, BLOCK, c, p->c_row, rows, columns);
        load_block(to, to_row * sizeof(float), to + (size_t)upper * to_row);
    } else if (p->bias) {
        const float *bias = p->bias + column;
        if (!whole)
            bias = memcpy(edge, bias, (size_t)columns * sizeof *bias);
        load_block(bias, 0, bias); // the same row again and again
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    add_products(left, left + steps * TILE, p->right + (size_t)(column / BLOCK) * steps * 2 * TILE, steps);
    store_block(to, to_row * sizeof(float), to + (size_t)upper * to_row);
    if (!whole)
        copy(c, p->c_row, edge, BLOCK, rows, columns);
}

void qsc_bf16_multiply(const struct qsc_bf16_product *p)
{
    int rest = p->rows % BLOCK;
    if (p->rows >= BLOCK) {
        set_heights(SIDE, SIDE);
        for (int column = 0; column < p->columns; column += BLOCK) {
            for (int row = 0; row + BLOCK <= p->rows; row += BLOCK)
                block(p, row, BLOCK, column);
        }
    }
    if (rest) {
        set_heights((rest + 1) / 2, rest > 1 ? rest / 2 : 1); // a tile has a row at least
        for (int column = 0; column < p->columns; column += BLOCK)
            block(p, p->rows - rest, rest, column);
    }
    _tile_release(); // a thread is switched sooner without them
}
