#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/cpu/inline.h>
#include <quiesce/kernels/embedding.h>

#include <string.h>

static inline int32_t type_of(const int32_t *types, int token)
{
    return types ? types[token] : 0;
}

void qsc_embedding_forward(float *out, const float *word, const float *position, const float *type,
                           const int32_t *ids, const int32_t *types, const int32_t *cu_seqlens, int sequences,
                           int hidden)
{
    size_t h = (size_t)hidden;
    for (int s = 0; s < sequences; s++) {
        for (int t = cu_seqlens[s]; t < cu_seqlens[s + 1]; t++) {
            float *o = out + (size_t)t * h;
            const float *w = word + (size_t)ids[t] * h;
            const float *p = position + (size_t)(t - cu_seqlens[s]) * h;
            const float *y = type + (size_t)type_of(types, t) * h;
            for (size_t i = 0; i < h; i++)
                o[i] = w[i] + p[i] + y[i];
        }
    }
}

QSC_INLINE void add_row(float *restrict sum, const float *restrict row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += row[i];
}

void qsc_embedding_backward(float *dword, float *dposition, float *dtype, const float *dout,
                            const int32_t *rows, const int32_t *types, const int32_t *cu_seqlens,
                            int sequences, int hidden, int word_rows, int positions, int token_types)
{
    size_t h = (size_t)hidden;
    memset(dword, 0, (size_t)word_rows * h * sizeof(float));
    memset(dposition, 0, (size_t)positions * h * sizeof(float));
    memset(dtype, 0, (size_t)token_types * h * sizeof(float));
    for (int s = 0; s < sequences; s++) {
        for (int t = cu_seqlens[s]; t < cu_seqlens[s + 1]; t++) {
            const float *d = dout + (size_t)t * h;
            add_row(dword + (size_t)rows[t] * h, d, h);
            add_row(dposition + (size_t)(t - cu_seqlens[s]) * h, d, h);
            add_row(dtype + (size_t)type_of(types, t) * h, d, h);
        }
    }
}
