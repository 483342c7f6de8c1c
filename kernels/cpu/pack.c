#include <quiesce/kernels/cpu/pack.h>
#include <quiesce/kernels/cpu/transpose.h>

QSC_CLONES
void qsc_pack_transposed(float *to, const float *from, int columns, int depth)
{
    size_t width = qsc_pack_width(columns);
    for (int c = 0; c < columns; c += QSC_LANES) {
        for (int k = 0; k < depth; k += QSC_LANES) {
            qsc_v16 rows[QSC_LANES];
            for (int i = 0; i < QSC_LANES; i++) {
                rows[i] = (qsc_v16){0};
                if (c + i < columns)
                    qsc_v16_load(&rows[i], from + (size_t)(c + i) * (size_t)depth + k, depth - k);
            }
            qsc_transpose16(rows);
            for (int i = 0; i < QSC_LANES && k + i < depth; i++)
                qsc_v16_store(to + (size_t)(k + i) * width + c, &rows[i], QSC_LANES);
        }
    }
}

QSC_CLONES
void qsc_pack_rows(float *to, const float *from, size_t stride, int columns, int depth)
{
    for (int k = 0; k < depth; k++) {
        for (int c = 0; c < columns; c += QSC_LANES) {
            qsc_v16 v;
            qsc_v16_load(&v, from + c, columns - c);
            qsc_v16_store(to, &v, QSC_LANES);
            to += QSC_LANES;
        }
        from += stride;
    }
}
