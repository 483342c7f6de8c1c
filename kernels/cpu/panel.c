#include <quiesce/kernels/cpu/panel.h>
#include <quiesce/kernels/cpu/vector.h>

// A block of c, `height` rows of `vectors` vectors, stays in registers over the whole depth: each step loads
// one row of b and broadcasts one element of a for each row of c (Goto and van de Geijn: Anatomy of
// high-performance matrix multiplication, 2008). height and vectors are constants wherever this is inlined.
QSC_INLINE void block(const struct qsc_panel *p, int row, int height, size_t vectors)
{
    qsc_v16 sum[8][4];
    float *c = p->c + (size_t)row * p->c_row;
    for (int i = 0; i < height; i++) { // c is on its way while the sum is made
        for (size_t j = 0; j < vectors; j++)
            __builtin_prefetch(c + (size_t)i * p->c_row + QSC_LANES * j, 1);
    }
    for (int i = 0; i < height; i++) {
        const float *start = p->add ? c + (size_t)i * p->c_row : p->bias;
        for (size_t j = 0; j < vectors; j++) {
            sum[i][j] = (qsc_v16){0};
            if (start)
                qsc_v16_load(&sum[i][j], start + QSC_LANES * j, p->width - QSC_LANES * (int)j);
        }
    }
    const float *a = p->a + (size_t)row * p->a_row, *b = p->b;
    for (int k = 0; k < p->depth; k++) {
        qsc_v16 right[4];
        for (size_t j = 0; j < vectors; j++)
            right[j] = *(const qsc_v16 *)(b + QSC_LANES * j);
#pragma GCC unroll 8
        for (int i = 0; i < height; i++) {
            qsc_v16 left = (qsc_v16){0} + a[(size_t)i * p->a_row];
            for (size_t j = 0; j < vectors; j++)
                sum[i][j] += left * right[j];
        }
        a += p->a_step;
        b += QSC_LANES * vectors;
    }
    for (int i = 0; i < height; i++) {
        for (size_t j = 0; j < vectors; j++)
            qsc_v16_store(c + (size_t)i * p->c_row + QSC_LANES * j, &sum[i][j],
                          p->width - QSC_LANES * (int)j);
    }
}

QSC_INLINE void rows_of(const struct qsc_panel *p, int height, size_t vectors)
{
    int row = 0;
    for (; row + height <= p->rows; row += height)
        block(p, row, height, vectors);
    if (height > 4 && row + 4 <= p->rows) {
        block(p, row, 4, vectors);
        row += 4;
    }
    if (height > 2 && row + 2 <= p->rows) {
        block(p, row, 2, vectors);
        row += 2;
    }
    if (row < p->rows)
        block(p, row, 1, vectors);
}

#ifdef __x86_64__
// 24 of the 32 registers of 64 bytes accumulate.
__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))) static void
multiply_avx512(const struct qsc_panel *p)
{
    switch ((p->width + QSC_LANES - 1) / QSC_LANES) {
    case 1:
        rows_of(p, 8, 1);
        break;
    case 2:
        rows_of(p, 8, 2);
        break;
    case 3:
        rows_of(p, 8, 3);
        break;
    default:
        rows_of(p, 6, 4);
    }
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("fma");
}

// 12 of the 16 registers of 32 bytes.
__attribute__((target("avx2,fma"))) static void multiply_avx2(const struct qsc_panel *p)
{
    rows_of(p, 6, 1);
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

// 8 registers of 16 bytes, which every processor has.
static void multiply_any(const struct qsc_panel *p)
{
    rows_of(p, 2, 1);
}

static bool has_any(void)
{
    return true;
}

const struct qsc_panel_unit qsc_panel_units[] = {
#ifdef __x86_64__
    {"avx512", has_avx512, 3, multiply_avx512},
    {"avx2", has_avx2, 1, multiply_avx2},
#endif
    {"any", has_any, 1, multiply_any},
};
const int qsc_panel_unit_count = sizeof qsc_panel_units / sizeof qsc_panel_units[0];

const struct qsc_panel_unit *qsc_panel_unit(void)
{
    const struct qsc_panel_unit *unit = qsc_panel_units;
    while (!unit->present())
        unit++;
    return unit;
}
