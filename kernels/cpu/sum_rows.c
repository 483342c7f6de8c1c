#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/cpu/sum_rows.h>
#include <quiesce/kernels/cpu/vector.h>

#include <stddef.h>

void qsc_sum_rows(float *sum, const float *rows, int m, int columns)
{
    for (int c = 0; c < columns; c += QSC_LANES) {
        qsc_vector total = {0};
        for (int i = 0; i < m; i++) {
            qsc_vector v;
            qsc_vector_load(&v, rows + (size_t)i * (size_t)columns + c, columns - c);
            total += v;
        }
        qsc_vector_store(sum + c, &total, columns - c);
    }
}
