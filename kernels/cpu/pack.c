#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/cpu/pack.h>
#include <quiesce/kernels/cpu/transpose.h>

void qsc_pack_transposed(float *to, const float *from, size_t stride, int columns, int depth)
{
    size_t width = qsc_pack_width(columns);
    for (int c = 0; c < (int)width; c += QSC_LANES) {
        for (int k = 0; k < depth; k += QSC_LANES) {
            qsc_vector rows[QSC_LANES];
            for (int i = 0; i < QSC_LANES; i++) {
                rows[i] = (qsc_vector){0};
                if (c + i < columns)
                    qsc_vector_load(&rows[i], from + (size_t)(c + i) * stride + k, depth - k);
            }
            qsc_transpose(rows);
            for (int i = 0; i < QSC_LANES && k + i < depth; i++)
                qsc_vector_store(to + (size_t)(k + i) * width + c, &rows[i], QSC_LANES);
        }
    }
}

void qsc_pack_rows(float *to, const float *from, size_t stride, int columns, int depth)
{
    int width = (int)qsc_pack_width(columns);
    for (int k = 0; k < depth; k++) {
        for (int c = 0; c < width; c += QSC_LANES) {
            qsc_vector v;
            qsc_vector_load(&v, from + c, columns - c);
            qsc_vector_store(to, &v, QSC_LANES);
            to += QSC_LANES;
        }
        from += stride;
    }
}
