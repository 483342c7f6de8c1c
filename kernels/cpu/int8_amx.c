// AMX: the product of two tiles, 16384 products of bytes, is one instruction.
#include <quiesce/kernels/cpu/amx.h>
#include <quiesce/kernels/cpu/int8.h>

#include <immintrin.h>

static bool present(void)
{
    return qsc_amx_present(QSC_AMX_INT8);
}

static void begin(void)
{
    static const struct qsc_amx_shapes whole_tiles = {
        .palette = 1,
        .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
        .rows = {16, 16, 16, 16, 16, 16, 16, 16},
    };
    qsc_amx_configure(&whole_tiles);
}

// A thread whose tiles are released is switched without them.
static void end(void)
{
    _tile_release();
}

enum { SUMS_ROW = QSC_INT8_COLUMNS * sizeof(int32_t) };

// A product takes 16 cycles and its result 52: each loop below has four of them under way.
// Two tiles of rows times two panels: each tile that is loaded serves twice.
static void two_by_two(const struct qsc_int8_block *b, int panel)
{
    size_t strip = b->tiles * QSC_INT8_TILE_BYTES;
    const uint8_t *x = b->x;
    const int8_t *w = b->w + (size_t)panel * strip;
    const int32_t *start = b->start + panel * QSC_INT8_SIDE;
    int32_t *sums = b->sums + panel * QSC_INT8_SIDE;
    _tile_loadd(0, start, 0);
    _tile_loadd(1, start + QSC_INT8_SIDE, 0);
    _tile_loadd(2, start, 0);
    _tile_loadd(3, start + QSC_INT8_SIDE, 0);
    for (size_t t = 0; t < b->tiles; t++) {
        _tile_loadd(4, x, QSC_INT8_STEP);
        _tile_loadd(6, w, QSC_INT8_STEP);
        _tile_dpbusd(0, 4, 6);
        _tile_loadd(7, w + strip, QSC_INT8_STEP);
        _tile_dpbusd(1, 4, 7);
        _tile_loadd(5, x + strip, QSC_INT8_STEP);
        _tile_dpbusd(2, 5, 6);
        _tile_dpbusd(3, 5, 7);
        x += QSC_INT8_TILE_BYTES;
        w += QSC_INT8_TILE_BYTES;
    }
    _tile_stored(0, sums, SUMS_ROW);
    _tile_stored(1, sums + QSC_INT8_SIDE, SUMS_ROW);
    _tile_stored(2, sums + QSC_INT8_SIDE * QSC_INT8_COLUMNS, SUMS_ROW);
    _tile_stored(3, sums + QSC_INT8_SIDE * QSC_INT8_COLUMNS + QSC_INT8_SIDE, SUMS_ROW);
}

// One tile of rows times four panels.
static void one_by_four(const struct qsc_int8_block *b, const uint8_t *x, int32_t *sums)
{
    size_t strip = b->tiles * QSC_INT8_TILE_BYTES;
    const int8_t *w = b->w;
    _tile_loadd(0, b->start, 0);
    _tile_loadd(1, b->start + QSC_INT8_SIDE, 0);
    _tile_loadd(2, b->start + 2 * QSC_INT8_SIDE, 0);
    _tile_loadd(3, b->start + 3 * QSC_INT8_SIDE, 0);
    for (size_t t = 0; t < b->tiles; t++) {
        _tile_loadd(4, x, QSC_INT8_STEP);
        _tile_loadd(5, w, QSC_INT8_STEP);
        _tile_dpbusd(0, 4, 5);
        _tile_loadd(6, w + strip, QSC_INT8_STEP);
        _tile_dpbusd(1, 4, 6);
        _tile_loadd(7, w + 2 * strip, QSC_INT8_STEP);
        _tile_dpbusd(2, 4, 7);
        _tile_loadd(5, w + 3 * strip, QSC_INT8_STEP);
        _tile_dpbusd(3, 4, 5);
        x += QSC_INT8_TILE_BYTES;
        w += QSC_INT8_TILE_BYTES;
    }
    _tile_stored(0, sums, SUMS_ROW);
    _tile_stored(1, sums + QSC_INT8_SIDE, SUMS_ROW);
    _tile_stored(2, sums + 2 * QSC_INT8_SIDE, SUMS_ROW);
    _tile_stored(3, sums + 3 * QSC_INT8_SIDE, SUMS_ROW);
}

static void one_by_one(const struct qsc_int8_block *b, const uint8_t *x, int32_t *sums, int panel)
{
    const int8_t *w = b->w + (size_t)panel * b->tiles * QSC_INT8_TILE_BYTES;
    _tile_loadd(0, b->start + panel * QSC_INT8_SIDE, 0);
    for (size_t t = 0; t < b->tiles; t++) {
        _tile_loadd(4, x + t * QSC_INT8_TILE_BYTES, QSC_INT8_STEP);
        _tile_loadd(5, w + t * QSC_INT8_TILE_BYTES, QSC_INT8_STEP);
        _tile_dpbusd(0, 4, 5);
    }
    _tile_stored(0, sums + panel * QSC_INT8_SIDE, SUMS_ROW);
}

static void multiply(const struct qsc_int8_block *b)
{
    if (b->rows > QSC_INT8_SIDE && b->panels % 2 == 0) {
        for (int panel = 0; panel < b->panels; panel += 2)
            two_by_two(b, panel);
        return;
    }
    const uint8_t *x = b->x;
    for (int row = 0; row < b->rows; row += QSC_INT8_SIDE) {
        int32_t *sums = b->sums + row * QSC_INT8_COLUMNS;
        if (b->panels == 4) {
            one_by_four(b, x, sums);
        } else {
            for (int panel = 0; panel < b->panels; panel++)
                one_by_one(b, x, sums, panel);
        }
        x += b->tiles * QSC_INT8_TILE_BYTES;
    }
}

const struct qsc_int8_unit qsc_int8_amx = {
    .name = "amx-int8",
    .present = present,
    .begin = begin,
    .end = end,
    .multiply = multiply,
};
