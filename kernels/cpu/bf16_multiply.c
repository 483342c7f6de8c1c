// For processors without a unit for bfloat16.
#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/cpu/bf16.h>
#include <quiesce/kernels/cpu/vector.h>

enum { SIDE = QSC_BF16_SIDE, TILE = QSC_BF16_TILE };

typedef uint32_t pairs __attribute__((vector_size(4 * QSC_LANES)));
typedef uint32_t pairs_unaligned __attribute__((vector_size(4 * QSC_LANES), aligned(4), may_alias));

QSC_INLINE float even_of(qsc_bf16_pair pair)
{
    union {
        uint32_t bits;
        float number;
    } u = {pair << 16};
    return u.number;
}

QSC_INLINE float odd_of(qsc_bf16_pair pair)
{
    return even_of(pair >> 16);
}

// `height` rows of a left tile times as many columns of a panel as a vector has lanes.
QSC_INLINE void strip(const struct qsc_bf16_product *p, int row, int column, const qsc_bf16_pair *left,
                      const qsc_bf16_pair *right, int height)
{
    qsc_vector sum[4];
    int columns = p->columns - column;
    float *c = p->c + (size_t)row * p->c_row + column;
    for (int i = 0; i < height; i++) {
        const float *start = p->add ? c + (size_t)i * p->c_row : p->bias ? p->bias + column : NULL;
        sum[i] = (qsc_vector){0};
        if (start)
            qsc_vector_load(&sum[i], start, columns);
    }
    for (size_t step = qsc_bf16_steps(p->depth); step > 0; step--) {
        qsc_vector even[4], odd[4];
        for (int i = 0; i < height; i++)
            even[i] = odd[i] = (qsc_vector){0};
        for (int k = 0; k < SIDE; k++) {
            pairs both = *(const pairs_unaligned *)(right + k * SIDE);
            qsc_vector right_even = (qsc_vector)(both << 16), right_odd = (qsc_vector)(both & 0xFFFF0000);
#pragma GCC unroll 4
            for (int i = 0; i < height; i++) {
                even[i] += right_even * even_of(left[i * SIDE + k]);
                odd[i] += right_odd * odd_of(left[i * SIDE + k]);
            }
        }
        for (int i = 0; i < height; i++)
            sum[i] += even[i] + odd[i];
        left += TILE;
        right += 2 * TILE;
    }
    for (int i = 0; i < height; i++)
        qsc_vector_store(c + (size_t)i * p->c_row, &sum[i], columns);
}

void qsc_bf16_multiply(const struct qsc_bf16_product *p)
{
    const size_t steps = qsc_bf16_steps(p->depth);
    for (int column = 0; column < p->columns; column += QSC_LANES) {
        int place = column % QSC_BF16_BLOCK;
        const qsc_bf16_pair *right = p->right + (size_t)(column / QSC_BF16_BLOCK) * steps * 2 * TILE +
                                     place / SIDE * TILE + place % SIDE;
        const qsc_bf16_pair *left = p->left;
        for (int row = 0, height; row < p->rows; row += height) {
            height = qsc_bf16_height(p->rows, row);
            int i = 0;
            for (; i + 4 <= height; i += 4)
                strip(p, row + i, column, left + i * SIDE, right, 4);
            for (; i < height; i++)
                strip(p, row + i, column, left + i * SIDE, right, 1);
            left += steps * TILE;
        }
    }
}
