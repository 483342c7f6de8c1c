// What AdamW multiplies by, worked out once a step and in doubles, the same on every device.
#ifndef QUIESCE_KERNELS_ADAMW_FACTORS_H
#define QUIESCE_KERNELS_ADAMW_FACTORS_H

#include <quiesce/kernels/optimizer.h>

#include <math.h>

struct qsc_adamw_factors {
    float scale, beta1, beta2, rest1, rest2; // rest = 1 - beta
    float decay;                             // 1 - learning_rate * weight_decay
    float step_size;                         // learning_rate / (1 - beta1^step)
    float deviation;                         // 1 / sqrt(1 - beta2^step)
    float epsilon;
};

static inline struct qsc_adamw_factors qsc_adamw_factors_of(const struct qsc_adamw *adamw)
{
    double step = (double)adamw->step;
    struct qsc_adamw_factors factors;
    factors.scale = (float)adamw->gradient_scale;
    factors.beta1 = (float)adamw->beta1;
    factors.beta2 = (float)adamw->beta2;
    factors.rest1 = (float)(1 - adamw->beta1);
    factors.rest2 = (float)(1 - adamw->beta2);
    factors.decay = (float)(1 - adamw->learning_rate * adamw->weight_decay);
    factors.step_size = (float)(adamw->learning_rate / (1 - pow(adamw->beta1, step)));
    factors.deviation = (float)(1 / sqrt(1 - pow(adamw->beta2, step)));
    factors.epsilon = (float)adamw->epsilon;
    return factors;
}

#endif
