#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/adamw_factors.h>
#include <quiesce/kernels/cpu/vector.h>
#include <quiesce/kernels/optimizer.h>

#include <math.h>

// Whole vectors and the rest go through the same instructions, so that an element's bits do not depend on
// where its range begins and ends.
static inline int lanes(size_t left)
{
    return left < QSC_LANES ? (int)left : QSC_LANES;
}

QSC_INLINE void square_root(qsc_vector *v)
{
    float x[QSC_LANES];
    qsc_vector_store(x, v, QSC_LANES);
    for (int i = 0; i < QSC_LANES; i++)
        x[i] = sqrtf(x[i]);
    qsc_vector_load(v, x, QSC_LANES);
}

static void adamw_range(float *params, float *m, float *v, const float *gradient, size_t n,
                        const struct qsc_adamw_factors *f)
{
    const struct qsc_adamw_factors k = *f;
    for (size_t i = 0; i < n; i += QSC_LANES) {
        int count = lanes(n - i);
        qsc_vector p, g, first, second;
        qsc_vector_load(&p, params + i, count);
        qsc_vector_load(&g, gradient + i, count);
        qsc_vector_load(&first, m + i, count);
        qsc_vector_load(&second, v + i, count);
        g *= k.scale;
        first = first * k.beta1 + g * k.rest1;
        second = second * k.beta2 + g * g * k.rest2;
        qsc_vector root = second;
        square_root(&root);
        p = p * k.decay - k.step_size * first / (root * k.deviation + k.epsilon);
        qsc_vector_store(params + i, &p, count);
        qsc_vector_store(m + i, &first, count);
        qsc_vector_store(v + i, &second, count);
    }
}

void qsc_adamw_step(float *params, float *m, float *v, const float *gradient, size_t n,
                    const struct qsc_adamw *adamw)
{
    struct qsc_adamw_factors factors = qsc_adamw_factors_of(adamw);
    adamw_range(params, m, v, gradient, n, &factors);
}

struct sgd_factors {
    float scale, momentum, learning_rate, decay;
};

static void sgd_range(float *params, float *velocity, const float *gradient, size_t n,
                      const struct sgd_factors *f)
{
    const struct sgd_factors k = *f;
    for (size_t i = 0; i < n; i += QSC_LANES) {
        int count = lanes(n - i);
        qsc_vector p, g;
        qsc_vector_load(&p, params + i, count);
        qsc_vector_load(&g, gradient + i, count);
        g = g * k.scale + p * k.decay;
        if (velocity) {
            qsc_vector speed;
            qsc_vector_load(&speed, velocity + i, count);
            g += speed * k.momentum;
            qsc_vector_store(velocity + i, &g, count);
        }
        p -= g * k.learning_rate;
        qsc_vector_store(params + i, &p, count);
    }
}

void qsc_sgd_step(float *params, float *velocity, const float *gradient, size_t n, const struct qsc_sgd *sgd)
{
    struct sgd_factors factors = {
        .scale = (float)sgd->gradient_scale,
        .momentum = (float)sgd->momentum,
        .learning_rate = (float)sgd->learning_rate,
        .decay = (float)sgd->weight_decay,
    };
    sgd_range(params, velocity, gradient, n, &factors);
}

static double block_squares(const float *x, size_t n)
{
    enum { SUMS = 16 }; // side by side, added up at the end in one order
    double sums[SUMS] = {0};
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS) {
        for (size_t j = 0; j < SUMS; j++)
            sums[j] += (double)x[i + j] * (double)x[i + j];
    }
    for (size_t j = 0; i + j < n; j++)
        sums[j] += (double)x[i + j] * (double)x[i + j];
    double total = 0;
    for (size_t j = 0; j < SUMS; j++)
        total += sums[j];
    return total;
}

void qsc_squares(double *sums, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += QSC_SQUARES_BLOCK)
        sums[i / QSC_SQUARES_BLOCK] =
            block_squares(x + i, n - i < QSC_SQUARES_BLOCK ? n - i : QSC_SQUARES_BLOCK);
}
