// The heart of panel.c, for vectors of LANES floats; included once for each width, because compilers keep a
// vector wider than the processor's in memory.
// No include guard: panel.c defines LANES, VECTOR and BLOCK before each inclusion.

typedef float VECTOR __attribute__((vector_size(4 * LANES)));
typedef float PASTE(VECTOR, _unaligned) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// A block of c, `height` rows of `vectors` vectors, stays in registers over the whole depth: each step loads
// one row of b and broadcasts one element of a for each row of c (Goto and van de Geijn: Anatomy of
// high-performance matrix multiplication, 2008). height and vectors are constants wherever this is inlined.
QSC_INLINE void BLOCK(const struct qsc_panel *p, int row, int height, size_t vectors)
{
    VECTOR sum[8][4];
    float *c = p->c + (size_t)row * p->c_row;
    for (int i = 0; i < height; i++) { // c is on its way while the sum is made
        for (size_t j = 0; j < vectors; j++)
            __builtin_prefetch(c + (size_t)i * p->c_row + LANES * j, 1);
    }
    bool zero = !p->add && !p->bias;
    for (int i = 0; i < height; i++) {
        const float *start = p->add ? c + (size_t)i * p->c_row : p->bias;
        for (size_t j = 0; j < vectors; j++) {
            int columns = p->width - LANES * (int)j;
            sum[i][j] = (VECTOR){0};
            if (!zero && columns >= LANES)
                sum[i][j] = *(const PASTE(VECTOR, _unaligned) *)(start + LANES * j);
            for (int l = 0; !zero && columns < LANES && l < columns; l++)
                sum[i][j][l] = start[LANES * j + (size_t)l];
        }
    }
    const float *a = p->a + (size_t)row * p->a_row, *b = p->b;
    for (int k = 0; k < p->depth; k++) {
        VECTOR right[4];
        for (size_t j = 0; j < vectors; j++)
            right[j] = *(const VECTOR *)(b + LANES * j);
#pragma GCC unroll 8
        for (int i = 0; i < height; i++) {
            VECTOR left = (VECTOR){0} + a[(size_t)i * p->a_row];
            for (size_t j = 0; j < vectors; j++)
                sum[i][j] += left * right[j];
        }
        a += p->a_step;
        b += LANES * vectors;
    }
    for (int i = 0; i < height; i++) {
        for (size_t j = 0; j < vectors; j++) {
            int columns = p->width - LANES * (int)j;
            float *to = c + (size_t)i * p->c_row + LANES * j;
            if (columns >= LANES)
                *(PASTE(VECTOR, _unaligned) *)to = sum[i][j];
            for (int l = 0; columns < LANES && l < columns; l++)
                to[l] = sum[i][j][l];
        }
    }
}

// All rows of the panel: as many blocks of `height` as fit, and lower ones for the rest.
QSC_INLINE void PASTE(BLOCK, _rows)(const struct qsc_panel *p, int height, size_t vectors)
{
    int row = 0;
    for (; row + height <= p->rows; row += height)
        BLOCK(p, row, height, vectors);
    if (height > 4 && row + 4 <= p->rows) {
        BLOCK(p, row, 4, vectors);
        row += 4;
    }
    if (height > 2 && row + 2 <= p->rows) {
        BLOCK(p, row, 2, vectors);
        row += 2;
    }
    if (row < p->rows)
        BLOCK(p, row, 1, vectors);
}

#undef LANES
#undef VECTOR
#undef BLOCK
