#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/cpu/bf16.h>
#include <quiesce/kernels/cpu/least.h>
#include <quiesce/kernels/cpu/transpose.h>

#include <string.h>
#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

enum { SIDE = QSC_BF16_SIDE, STEP = QSC_BF16_STEP, TILE = QSC_BF16_TILE };

#ifdef __AVX512BF16__

// `to` gets the pairs (x[0], x[1]), (x[2], x[3]), ...
QSC_INLINE void pair_neighbours(qsc_bf16_pair *to, const float *x)
{
    __m512bh pairs = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + SIDE), _mm512_loadu_ps(x));
    _mm512_store_si512(to, (__m512i)pairs);
}

// `to` gets the pairs (x[0], y[0]), (x[1], y[1]), ...
QSC_INLINE void pair_rows(qsc_bf16_pair *to, const float *x, const float *y)
{
    __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x)));
    __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(y)));
    _mm512_store_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}

#else

// As the processor's instruction does it, so that all units give the same bits: a denormal becomes 0.
// Gradients that are only stored in 16 bits (concurrency/bf16.h) keep theirs.
QSC_INLINE uint32_t round_to_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t magnitude = bits & 0x7FFFFFFF;
    uint32_t nearest = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    uint32_t quiet = bits >> 16 | 0x40, zero = bits >> 16 & 0x8000;
    return magnitude > 0x7F800000 ? quiet : magnitude < 0x00800000 ? zero : nearest;
}

QSC_INLINE void pair_neighbours(qsc_bf16_pair *to, const float *x)
{
    for (int i = 0; i < SIDE; i++)
        to[i] = round_to_bf16(x[2 * i]) | round_to_bf16(x[2 * i + 1]) << 16;
}

QSC_INLINE void pair_rows(qsc_bf16_pair *to, const float *x, const float *y)
{
    for (int i = 0; i < SIDE; i++)
        to[i] = round_to_bf16(x[i]) | round_to_bf16(y[i]) << 16;
}

#endif

// to (16, 16) = the transposed of from.
QSC_INLINE void transpose_tile(qsc_bf16_pair *to, const qsc_bf16_pair *from)
{
    for (int i = 0; i < SIDE; i += QSC_LANES) {
        for (int j = 0; j < SIDE; j += QSC_LANES) {
            qsc_vector rows[QSC_LANES];
            for (int l = 0; l < QSC_LANES; l++)
                memcpy(&rows[l], from + (i + l) * SIDE + j, sizeof rows[l]);
            qsc_transpose(rows);
            for (int l = 0; l < QSC_LANES; l++)
                memcpy(to + (j + l) * SIDE + i, &rows[l], sizeof rows[l]);
        }
    }
}

// A tile's `rows` rows of pairs along the rows of `from`, whose `depth` first elements count; the other rows
// are left as they are.
QSC_INLINE void tile_along_rows(qsc_bf16_pair *tile, const float *from, size_t stride, int rows, int depth)
{
    for (int i = 0; i < rows; i++, from += stride, tile += SIDE) {
        if (depth >= STEP) {
            pair_neighbours(tile, from);
        } else {
            float padded[STEP] = {0};
            memcpy(padded, from, (size_t)depth * sizeof *from);
            pair_neighbours(tile, padded);
        }
    }
}

// A tile whose row i pairs the rows 2 i and 2 i + 1 of `from`, zeros beyond its `depth` rows and `columns`
// columns.
QSC_INLINE void tile_across_rows(qsc_bf16_pair *tile, const float *from, size_t stride, int columns,
                                 int depth)
{
    for (int i = 0; i < SIDE; i++, from += 2 * stride, tile += SIDE, depth -= 2) {
        if (columns >= SIDE && depth >= 2) {
            pair_rows(tile, from, from + stride);
        } else {
            float padded[2][SIDE] = {{0}};
            for (int row = 0; row < 2 && row < depth; row++)
                memcpy(padded[row], from + (size_t)row * stride,
                       (size_t)(columns > 0 ? qsc_least(SIDE, columns) : 0) * sizeof *from);
            pair_rows(tile, padded[0], padded[1]);
        }
    }
}

void qsc_bf16_pack_left(qsc_bf16_pair *to, const float *from, size_t stride, int rows, int depth)
{
    for (int row = 0, height; row < rows; row += height) {
        height = qsc_bf16_height(rows, row);
        for (int k = 0; k < depth; k += STEP, to += TILE)
            tile_along_rows(to, from + (size_t)row * stride + k, stride, height, depth - k);
    }
}

void qsc_bf16_pack_left_transposed(qsc_bf16_pair *to, const float *from, size_t stride, int rows, int depth)
{
    for (int row = 0, height; row < rows; row += height) {
        height = qsc_bf16_height(rows, row);
        for (int k = 0; k < depth; k += STEP, to += TILE) {
            _Alignas(64) qsc_bf16_pair tile[TILE];
            tile_across_rows(tile, from + (size_t)k * stride + row, stride, height, depth - k);
            transpose_tile(to, tile);
        }
    }
}

void qsc_bf16_pack_right(qsc_bf16_pair *to, const float *from, size_t stride, int columns, int depth)
{
    for (int c = 0; c < columns; c += QSC_BF16_BLOCK) {
        for (int k = 0; k < depth; k += STEP) {
            for (int half = 0; half < QSC_BF16_BLOCK; half += SIDE, to += TILE)
                tile_across_rows(to, from + (size_t)k * stride + c + half, stride, columns - c - half,
                                 depth - k);
        }
    }
}

void qsc_bf16_pack_right_transposed(qsc_bf16_pair *to, const float *from, size_t stride, int columns,
                                    int depth)
{
    for (int c = 0; c < columns; c += QSC_BF16_BLOCK) {
        for (int k = 0; k < depth; k += STEP) {
            for (int half = c; half < c + QSC_BF16_BLOCK; half += SIDE, to += TILE) {
                int rows = qsc_least(SIDE, columns - half);
                _Alignas(64) qsc_bf16_pair tile[TILE];
                if (rows < SIDE)
                    memset(tile, 0, sizeof tile);
                tile_along_rows(tile, from + (size_t)half * stride + k, stride, rows, depth - k);
                transpose_tile(to, tile);
            }
        }
    }
}
