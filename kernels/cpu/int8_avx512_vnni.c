// AVX-512 VNNI: 64 products an instruction.
#include <quiesce/kernels/cpu/features.h>
#include <quiesce/kernels/cpu/inline.h>
#include <quiesce/kernels/cpu/int8.h>

#include <immintrin.h>
#include <string.h>

// A block of sums, `height` rows of `panels` panels, stays in registers over the whole depth; both are
// constants wherever this is inlined.
QSC_INLINE void block(const struct qsc_int8_block *b, int row, int panel, int height, size_t panels)
{
    __m512i sum[8][3];
    const size_t panel_bytes = b->tiles * QSC_INT8_TILE_BYTES;
    const uint8_t *x =
        b->x + (size_t)(row / QSC_INT8_SIDE) * panel_bytes + (size_t)(row % QSC_INT8_SIDE) * QSC_INT8_STEP;
    const int8_t *w = b->w + (size_t)panel * panel_bytes;
    for (int i = 0; i < height; i++) {
        for (size_t j = 0; j < panels; j++)
            sum[i][j] = _mm512_loadu_si512(b->start + ((size_t)panel + j) * QSC_INT8_SIDE);
    }
    for (size_t t = 0; t < b->tiles; t++) {
        for (size_t k = 0; k < QSC_INT8_STEP; k += 4) {
            __m512i right[3];
            for (size_t j = 0; j < panels; j++)
                right[j] = _mm512_load_si512(w + j * panel_bytes + k * QSC_INT8_SIDE);
#pragma GCC unroll 8
            for (int i = 0; i < height; i++) {
                int32_t four;
                memcpy(&four, x + i * QSC_INT8_STEP + k, sizeof four);
                __m512i left = _mm512_set1_epi32(four);
                for (size_t j = 0; j < panels; j++)
                    sum[i][j] = _mm512_dpbusd_epi32(sum[i][j], left, right[j]);
            }
        }
        x += QSC_INT8_TILE_BYTES;
        w += QSC_INT8_TILE_BYTES;
    }
    for (int i = 0; i < height; i++) {
        for (size_t j = 0; j < panels; j++)
            _mm512_storeu_si512(b->sums + (row + i) * QSC_INT8_COLUMNS + (panel + (int)j) * QSC_INT8_SIDE,
                                sum[i][j]);
    }
}

// 24 of the 32 registers accumulate. No block of 8 rows leaves its tile.
QSC_INLINE void columns(const struct qsc_int8_block *b, int panel, size_t panels)
{
    for (int row = 0; row < b->rows; row += 8) {
        int height = b->rows - row;
        if (height > 4)
            block(b, row, panel, 8, panels);
        else if (height > 1)
            block(b, row, panel, 4, panels);
        else
            block(b, row, panel, 1, panels);
    }
}

static void multiply(const struct qsc_int8_block *b)
{
    switch (b->panels) {
    case 1:
        columns(b, 0, 1);
        break;
    case 2:
        columns(b, 0, 2);
        break;
    case 3:
        columns(b, 0, 3);
        break;
    default:
        columns(b, 0, 2);
        columns(b, 2, 2);
    }
}

const struct qsc_int8_unit qsc_int8_avx512_vnni = {
    .name = "avx512-vnni",
    .present = qsc_has_avx512_vnni,
    .multiply = multiply,
};
