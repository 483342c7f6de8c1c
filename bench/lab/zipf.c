#include "zipf.h"

#include <math.h>
#include <quiesce/concurrency/alloc.h>

/* Scaled such that their mean is 1. */
static void fill_weights(double *weights, uint32_t count, double skew)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += weights[i] = pow(i + 1.0, -skew);
    for (uint32_t i = 0; i < count; i++)
        weights[i] *= count / sum;
}

static void set(struct lab_zipf *zipf, uint32_t i, double keep, uint32_t alias)
{
    zipf->of[i].keep = (uint32_t)(fmin(keep, 1) * UINT32_MAX);
    zipf->of[i].alias = alias;
}

/* What the light ones lack to 1 is taken from a heavy one; one that has given until it is light itself takes
 * from the next. The weights fall, so the heavy ones are in front. */
static void fill_up(struct lab_zipf *zipf, const double *weights)
{
    uint32_t heavy = 0, light = zipf->count - 1;
    double rest = weights[0];
    while (heavy < light) {
        if (rest > 1) {
            set(zipf, light, weights[light], heavy);
            rest -= 1 - weights[light--];
        } else {
            set(zipf, heavy, rest, heavy + 1);
            rest = weights[++heavy] - (1 - rest);
        }
    }
    set(zipf, heavy, 1, heavy);
}

struct lab_zipf *lab_zipf_make(uint32_t count, double skew)
{
    struct lab_zipf *zipf = qsc_alloc(sizeof *zipf + count * sizeof *zipf->of);
    double *weights = qsc_alloc(count * sizeof *weights);
    if (!zipf || !weights) {
        qsc_free(weights);
        qsc_free(zipf);
        return NULL;
    }
    zipf->count = count;
    fill_weights(weights, count, skew);
    fill_up(zipf, weights);
    qsc_free(weights);
    return zipf;
}
