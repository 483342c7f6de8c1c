// The public names of what was compiled for several vector units: each call goes to the best that the
// processor has.
#include <quiesce/kernels/attention.h>
#include <quiesce/kernels/cpu/features.h>
#include <quiesce/kernels/cpu/pack.h>
#include <quiesce/kernels/cpu/quantize.h>
#include <quiesce/kernels/cpu/sum_rows.h>
#include <quiesce/kernels/embedding.h>
#include <quiesce/kernels/gelu.h>
#include <quiesce/kernels/layernorm.h>
#include <quiesce/kernels/optimizer.h>
#include <quiesce/kernels/random.h>

#ifdef __x86_64__
#define PICK(name) (qsc_has_avx512() ? name##_avx512 : qsc_has_avx2() ? name##_avx2 : name##_any)
#define DECLARE(name) extern __typeof__(name) name##_avx512, name##_avx2, name##_any
#else
#define PICK(name) name##_any
#define DECLARE(name) extern __typeof__(name) name##_any
#endif

DECLARE(qsc_attention_scratch_floats);
size_t qsc_attention_scratch_floats(int max_sequence, int head_size)
{
    return PICK(qsc_attention_scratch_floats)(max_sequence, head_size);
}

DECLARE(qsc_attention_forward);
void qsc_attention_forward(float *out, float *lse, const float *qkv, const int32_t *cu_seqlens, int sequences,
                           const struct qsc_attention *a, float *scratch)
{
    PICK(qsc_attention_forward)(out, lse, qkv, cu_seqlens, sequences, a, scratch);
}

DECLARE(qsc_attention_backward);
void qsc_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
                            const float *qkv, const int32_t *cu_seqlens, int sequences,
                            const struct qsc_attention *a, float *scratch)
{
    PICK(qsc_attention_backward)(dqkv, dout, out, lse, qkv, cu_seqlens, sequences, a, scratch);
}

DECLARE(qsc_embedding_forward);
void qsc_embedding_forward(float *out, const float *word, const float *position, const float *type,
                           const int32_t *ids, const int32_t *types, const int32_t *cu_seqlens, int sequences,
                           int hidden)
{
    PICK(qsc_embedding_forward)(out, word, position, type, ids, types, cu_seqlens, sequences, hidden);
}

DECLARE(qsc_embedding_backward);
void qsc_embedding_backward(float *dword, float *dposition, float *dtype, const float *dout,
                            const int32_t *rows, const int32_t *types, const int32_t *cu_seqlens,
                            int sequences, int hidden, int word_rows, int positions, int token_types)
{
    PICK(qsc_embedding_backward)
    (dword, dposition, dtype, dout, rows, types, cu_seqlens, sequences, hidden, word_rows, positions,
     token_types);
}

DECLARE(qsc_gelu_forward);
void qsc_gelu_forward(float *out, const float *x, size_t n)
{
    PICK(qsc_gelu_forward)(out, x, n);
}

DECLARE(qsc_gelu_backward);
void qsc_gelu_backward(float *dx, const float *dout, const float *x, size_t n)
{
    PICK(qsc_gelu_backward)(dx, dout, x, n);
}

DECLARE(qsc_layernorm_forward);
void qsc_layernorm_forward(float *out, float *normal, float *rstd, const float *x, const float *residual,
                           const struct qsc_dropout *dropout, uint64_t first_row, const float *gamma,
                           const float *beta, float eps, int rows, int hidden)
{
    PICK(qsc_layernorm_forward)
    (out, normal, rstd, x, residual, dropout, first_row, gamma, beta, eps, rows, hidden);
}

DECLARE(qsc_layernorm_backward);
void qsc_layernorm_backward(float *dx, float *dresidual, float *dgamma, float *dbeta, const float *dout_a,
                            const float *dout_b, const float *normal, const float *rstd,
                            const struct qsc_dropout *dropout, uint64_t first_row, const float *gamma,
                            int rows, int hidden)
{
    PICK(qsc_layernorm_backward)
    (dx, dresidual, dgamma, dbeta, dout_a, dout_b, normal, rstd, dropout, first_row, gamma, rows, hidden);
}

DECLARE(qsc_adamw_step);
void qsc_adamw_step(float *params, float *m, float *v, const float *gradient, size_t n,
                    const struct qsc_adamw *adamw)
{
    PICK(qsc_adamw_step)(params, m, v, gradient, n, adamw);
}

DECLARE(qsc_sgd_step);
void qsc_sgd_step(float *params, float *velocity, const float *gradient, size_t n, const struct qsc_sgd *sgd)
{
    PICK(qsc_sgd_step)(params, velocity, gradient, n, sgd);
}

DECLARE(qsc_squares);
void qsc_squares(double *sums, const float *x, size_t n)
{
    PICK(qsc_squares)(sums, x, n);
}

DECLARE(qsc_pack_transposed);
void qsc_pack_transposed(float *to, const float *from, size_t stride, int columns, int depth)
{
    PICK(qsc_pack_transposed)(to, from, stride, columns, depth);
}

DECLARE(qsc_pack_rows);
void qsc_pack_rows(float *to, const float *from, size_t stride, int columns, int depth)
{
    PICK(qsc_pack_rows)(to, from, stride, columns, depth);
}

DECLARE(qsc_sum_rows);
void qsc_sum_rows(float *sum, const float *rows, int m, int columns)
{
    PICK(qsc_sum_rows)(sum, rows, m, columns);
}

DECLARE(qsc_quantize_rows);
void qsc_quantize_rows(uint8_t *tiles, float *scale, const float *x, int rows, int k)
{
    PICK(qsc_quantize_rows)(tiles, scale, x, rows, k);
}

DECLARE(qsc_dequantize);
void qsc_dequantize(float *y, size_t y_row, const int32_t *sums, size_t sums_row, const float *row_scale,
                    const float *column_scale, const float *bias, int rows, int columns)
{
    PICK(qsc_dequantize)(y, y_row, sums, sums_row, row_scale, column_scale, bias, rows, columns);
}

DECLARE(qsc_philox);
void qsc_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
    PICK(qsc_philox)(out, counter, key);
}

DECLARE(qsc_random_words);
void qsc_random_words(uint32_t *out, const struct qsc_random *key, uint64_t first, size_t n)
{
    PICK(qsc_random_words)(out, key, first, n);
}

DECLARE(qsc_random_normal);
void qsc_random_normal(float *out, const struct qsc_random *key, uint64_t first, size_t n)
{
    PICK(qsc_random_normal)(out, key, first, n);
}

DECLARE(qsc_dropout_mask);
void qsc_dropout_mask(float *mask, const struct qsc_dropout *dropout, uint64_t first, int n)
{
    PICK(qsc_dropout_mask)(mask, dropout, first, n);
}
