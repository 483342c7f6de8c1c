// The heart of panel.c, for vectors of LANES floats; included once for each width, because compilers keep a
// vector wider than the processor's in memory.
// No include guard: panel.c defines LANES, VECTOR, BLOCK and FETCH (the next panel while this one is worked
// on) before each inclusion.

typedef float VECTOR __attribute__((vector_size(4 * LANES)));
typedef float PASTE(VECTOR, _unaligned) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// A block of c, `height` rows of `vectors` vectors, stays in registers over the whole depth: each step loads
// one row of b and broadcasts one element of a for each row of c (Goto and van de Geijn: Anatomy of
// high-performance matrix multiplication, 2008). height, vectors and whole (the panel is as wide as they are:
// single lanes are never touched, which would put the sums into memory) are constants wherever this is
// inlined.
QSC_INLINE void BLOCK(const struct qsc_panel *p, int row, int height, size_t vectors, bool whole)
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
            int columns = whole ? LANES : p->width - LANES * (int)j;
            sum[i][j] = (VECTOR){0};
            if (!zero && columns >= LANES)
                sum[i][j] = *(const PASTE(VECTOR, _unaligned) *)(start + LANES * j);
            for (int l = 0; !zero && columns < LANES && l < columns; l++)
                sum[i][j][l] = start[LANES * j + (size_t)l];
        }
    }
    const float *a = p->a + (size_t)row * p->a_row, *b = p->b;
    // A panel that comes from memory comes slower than it is used: each block of rows fetches its share of
    // the next one, a little at every step.
    const size_t line = sizeof(float) * LANES * vectors, rows = (size_t)p->rows;
    const size_t share = line * (size_t)height / rows;
    const char *next = (const char *)p->next + line * (size_t)p->depth / rows * (size_t)row;
    for (int k = 0; k < p->depth; k++) {
        VECTOR right[4];
        for (size_t j = 0; j < vectors; j++)
            right[j] = *(const VECTOR *)(b + LANES * j);
#pragma GCC unroll 8
        for (int i = 0; i < height; i++) {
            VECTOR left = a[(size_t)i * p->a_row] - (VECTOR){0}; // -0 + 0 is not -0: it would be an addition
            for (size_t j = 0; j < vectors; j++)
                sum[i][j] += left * right[j];
        }
        a += p->a_step;
        b += LANES * vectors;
        if (FETCH)
            __builtin_prefetch(next);
        next += share;
    }
    for (int i = 0; i < height; i++) {
        for (size_t j = 0; j < vectors; j++) {
            int columns = whole ? LANES : p->width - LANES * (int)j;
            float *to = c + (size_t)i * p->c_row + LANES * j;
            if (columns >= LANES)
                *(PASTE(VECTOR, _unaligned) *)to = sum[i][j];
            for (int l = 0; columns < LANES && l < columns; l++)
                to[l] = sum[i][j][l];
        }
    }
}

// All rows of the panel, in as few blocks as `height` allows. Their heights differ by one at most: a block of
// one or two rows would wait for its own sums.
QSC_INLINE void PASTE(BLOCK, _column)(const struct qsc_panel *p, int height, size_t vectors, bool whole)
{
    int blocks = (p->rows + height - 1) / height;
    for (int row = 0; blocks > 0; blocks--) {
        int rows = (p->rows - row + blocks - 1) / blocks;
#pragma GCC unroll 8
        for (int h = 1; h <= height; h++) {
            if (rows == h)
                BLOCK(p, row, h, vectors, whole);
        }
        row += rows;
    }
}

QSC_INLINE void PASTE(BLOCK, _rows)(const struct qsc_panel *p, int height, size_t vectors)
{
    if (p->width == LANES * (int)vectors)
        PASTE(BLOCK, _column)(p, height, vectors, true);
    else
        PASTE(BLOCK, _column)(p, height, vectors, false);
}

#undef LANES
#undef VECTOR
#undef BLOCK
#undef FETCH
