#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/cpu/vector.h>
#include <quiesce/kernels/layernorm.h>
#include <quiesce/kernels/random.h>

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { MASK = 256 }; // mask values made at a time, on the stack

QSC_INLINE int lanes_left(int hidden, int column)
{
    return hidden - column < QSC_LANES ? hidden - column : QSC_LANES;
}

// s = dropout(x) + residual; returns the sum of the row. s may be x.
QSC_INLINE float add_residual(float *s, const float *x, const float *residual,
                              const struct qsc_dropout *dropout, uint64_t first_element, int hidden)
{
    float mask[MASK];
    qsc_vector sum = {0};
    for (int i = 0; i < hidden; i += QSC_LANES) {
        int n = lanes_left(hidden, i);
        qsc_vector v, other;
        qsc_vector_load(&v, x + i, n);
        if (dropout) {
            if (i % MASK == 0)
                qsc_dropout_mask(mask, dropout, first_element + (uint64_t)i,
                                 hidden - i < MASK ? hidden - i : MASK);
            qsc_vector_load(&other, mask + i % MASK, n);
            v *= other;
        }
        if (residual) {
            qsc_vector_load(&other, residual + i, n);
            v += other;
        }
        qsc_vector_store(s + i, &v, n);
        sum += v;
    }
    return qsc_vector_sum(&sum);
}

// 1 / sqrt(variance + eps), the variance about the mean itself: the sum of squares less the square of the sum
// cancels.
QSC_INLINE float reciprocal_deviation(const float *s, float mean, float eps, int hidden)
{
    qsc_vector sum = {0};
    for (int i = 0; i < hidden; i += QSC_LANES) {
        int n = lanes_left(hidden, i);
        qsc_vector v;
        qsc_vector_load(&v, s + i, n);
        v -= mean;
        qsc_vector_fill(&v, n, 0.0f);
        sum += v * v;
    }
    return 1.0f / sqrtf(qsc_vector_sum(&sum) / (float)hidden + eps);
}

void qsc_layernorm_forward(float *out, float *normal, float *rstd, const float *x, const float *residual,
                           const struct qsc_dropout *dropout, uint64_t first_row, const float *gamma,
                           const float *beta, float eps, int rows, int hidden)
{
    for (int r = 0; r < rows; r++) {
        size_t row = (size_t)r * (size_t)hidden;
        float *o = out + row, *kept = normal ? normal + row : NULL;
        float sum = add_residual(o, x + row, residual ? residual + row : NULL, dropout,
                                 (first_row + (uint64_t)r) * (uint64_t)hidden, hidden);
        float mean = sum / (float)hidden;
        float scale = reciprocal_deviation(o, mean, eps, hidden);
        if (rstd)
            rstd[r] = scale;
        for (int i = 0; i < hidden; i += QSC_LANES) {
            int n = lanes_left(hidden, i);
            qsc_vector v, g, b;
            qsc_vector_load(&v, o + i, n);
            qsc_vector_load(&g, gamma + i, n);
            qsc_vector_load(&b, beta + i, n);
            v = (v - mean) * scale;
            if (kept)
                qsc_vector_store(kept + i, &v, n);
            v = v * g + b;
            qsc_vector_store(o + i, &v, n);
        }
    }
}

// The row's sums of dnormal = gamma * dout and of dnormal * normal; dgamma and dbeta grow by this row's
// share.
QSC_INLINE void sum_row(float *sum, float *product, float *dgamma, float *dbeta, const float *dout_a,
                        const float *dout_b, const float *normal, const float *gamma, int hidden)
{
    qsc_vector total = {0}, weighted = {0};
    for (int i = 0; i < hidden; i += QSC_LANES) {
        int n = lanes_left(hidden, i);
        qsc_vector d, other, x;
        qsc_vector_load(&d, dout_a + i, n);
        if (dout_b) {
            qsc_vector_load(&other, dout_b + i, n);
            d += other;
        }
        qsc_vector_load(&x, normal + i, n);
        if (dgamma) {
            qsc_vector_load(&other, dgamma + i, n);
            other += d * x;
            qsc_vector_store(dgamma + i, &other, n);
            qsc_vector_load(&other, dbeta + i, n);
            other += d;
            qsc_vector_store(dbeta + i, &other, n);
        }
        qsc_vector_load(&other, gamma + i, n);
        d *= other;
        total += d;
        weighted += d * x;
    }
    *sum = qsc_vector_sum(&total);
    *product = qsc_vector_sum(&weighted);
}

void qsc_layernorm_backward(float *dx, float *dresidual, float *dgamma, float *dbeta, const float *dout_a,
                            const float *dout_b, const float *normal, const float *rstd,
                            const struct qsc_dropout *dropout, uint64_t first_row, const float *gamma,
                            int rows, int hidden)
{
    float mask[MASK];
    if (dgamma) {
        memset(dgamma, 0, (size_t)hidden * sizeof(float));
        memset(dbeta, 0, (size_t)hidden * sizeof(float));
    }
    for (int r = 0; r < rows; r++) {
        size_t row = (size_t)r * (size_t)hidden;
        const float *a = dout_a + row, *b = dout_b ? dout_b + row : NULL, *x = normal + row;
        float sum, product;
        sum_row(&sum, &product, dgamma, dbeta, a, b, x, gamma, hidden);
        float mean = sum / (float)hidden, slope = product / (float)hidden;
        uint64_t first_element = (first_row + (uint64_t)r) * (uint64_t)hidden;
        for (int i = 0; i < hidden; i += QSC_LANES) {
            int n = lanes_left(hidden, i);
            qsc_vector d, other;
            qsc_vector_load(&d, a + i, n);
            if (b) {
                qsc_vector_load(&other, b + i, n);
                d += other;
            }
            qsc_vector_load(&other, gamma + i, n);
            d *= other;
            qsc_vector_load(&other, x + i, n);
            d = (d - mean - other * slope) * rstd[r];
            if (dresidual)
                qsc_vector_store(dresidual + row + i, &d, n);
            if (dx && dropout) {
                if (i % MASK == 0)
                    qsc_dropout_mask(mask, dropout, first_element + (uint64_t)i,
                                     hidden - i < MASK ? hidden - i : MASK);
                qsc_vector_load(&other, mask + i % MASK, n);
                d *= other;
            }
            if (dx)
                qsc_vector_store(dx + row + i, &d, n);
        }
    }
}
