#include <quiesce/kernels/loss.h>

#include <math.h>
#include <stddef.h>

// Few classes and one row a token: time goes elsewhere, so doubles and the C library's functions do.

static float highest(const float *x, int n)
{
    float max = x[0];
    for (int i = 1; i < n; i++)
        max = x[i] > max ? x[i] : max;
    return max;
}

// log(sum(exp(x)))
static double log_sum_exp(const float *x, int n)
{
    float max = highest(x, n);
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += exp((double)x[i] - (double)max);
    return (double)max + log(sum);
}

void qsc_softmax(float *probabilities, const float *logits, int rows, int classes)
{
    for (int r = 0; r < rows; r++) {
        const float *x = logits + (size_t)r * (size_t)classes;
        float *p = probabilities + (size_t)r * (size_t)classes;
        double lse = log_sum_exp(x, classes);
        for (int i = 0; i < classes; i++)
            p[i] = (float)exp((double)x[i] - lse);
    }
}

double qsc_cross_entropy(float *dlogits, const float *logits, const int32_t *labels, float scale, int rows,
                         int classes)
{
    double loss = 0;
    for (int r = 0; r < rows; r++) {
        const float *x = logits + (size_t)r * (size_t)classes;
        float *d = dlogits ? dlogits + (size_t)r * (size_t)classes : NULL;
        if (labels[r] == QSC_NO_LABEL) {
            for (int i = 0; d && i < classes; i++)
                d[i] = 0;
            continue;
        }
        double lse = log_sum_exp(x, classes);
        loss += lse - (double)x[labels[r]];
        for (int i = 0; d && i < classes; i++)
            d[i] = (float)((double)scale * (exp((double)x[i] - lse) - (i == labels[r])));
    }
    return loss;
}
