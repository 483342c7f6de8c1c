#include <quiesce/kernels/cpu/features.h>
#include <quiesce/kernels/cpu/int8.h>

#include <string.h>

// For any processor. Sums without sign, because they wrap around on the way.
static void multiply_row(int32_t *sums, const uint8_t *x, const struct qsc_int8_block *b, int panel)
{
    uint32_t sum[QSC_INT8_SIDE];
    const int8_t *w = b->w + (size_t)panel * b->tiles * QSC_INT8_TILE_BYTES;
    memcpy(sum, b->start + panel * QSC_INT8_SIDE, sizeof sum);
    for (size_t t = 0; t < b->tiles; t++) {
        for (int k = 0; k < QSC_INT8_STEP; k += 4) {
            for (int j = 0; j < QSC_INT8_SIDE; j++) {
                int four = 0;
                for (int i = 0; i < 4; i++)
                    four += x[k + i] * w[4 * j + i];
                sum[j] += (uint32_t)four;
            }
            w += 4 * QSC_INT8_SIDE;
        }
        x += QSC_INT8_TILE_BYTES;
    }
    memcpy(sums, sum, sizeof sum);
}

static void multiply_any(const struct qsc_int8_block *b)
{
    for (int i = 0; i < b->rows; i++) {
        const uint8_t *x = b->x + (size_t)(i / QSC_INT8_SIDE) * b->tiles * QSC_INT8_TILE_BYTES +
                           (size_t)(i % QSC_INT8_SIDE) * QSC_INT8_STEP;
        for (int panel = 0; panel < b->panels; panel++)
            multiply_row(b->sums + i * QSC_INT8_COLUMNS + panel * QSC_INT8_SIDE, x, b, panel);
    }
}

static const struct qsc_int8_unit any = {.name = "any", .present = qsc_has_any, .multiply = multiply_any};

#ifdef __x86_64__
extern const struct qsc_int8_unit qsc_int8_amx, qsc_int8_avx512_vnni;
#endif

const struct qsc_int8_unit *const qsc_int8_units[] = {
#ifdef __x86_64__
    &qsc_int8_amx,
    &qsc_int8_avx512_vnni,
#endif
    &any,
};
const int qsc_int8_unit_count = sizeof qsc_int8_units / sizeof qsc_int8_units[0];

const struct qsc_int8_unit *qsc_int8_unit(void)
{
    int i = 0;
    while (!qsc_int8_units[i]->present())
        i++;
    return qsc_int8_units[i];
}
