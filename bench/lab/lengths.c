#include "lengths.h"

#include <math.h>
#include <stddef.h>

const char *const lab_shape_names[] = {"uniform", "constant", "exponential", "bimodal", NULL};

/* The integral of the exponential distribution's quantile, -log(1 - p), from 0 to p. */
static double exponential_until(double p)
{
    return p < 1 ? p + (1 - p) * log1p(-p) : 1;
}

/* The length of the i-th of the table, in means. */
static double quantile(enum lab_shape shape, unsigned i)
{
    switch (shape) {
    case LAB_UNIFORM:
        return 0.5 + (i + 0.5) / LAB_LENGTHS;
    case LAB_CONSTANT:
        return 1;
    case LAB_EXPONENTIAL: /* the mean of that part, so that the mean of all is right */
        return LAB_LENGTHS *
               (exponential_until((i + 1.0) / LAB_LENGTHS) - exponential_until((double)i / LAB_LENGTHS));
    case LAB_BIMODAL: {
        unsigned many = LAB_LENGTHS / 10;
        return (i < many ? 10.0 : 1.0) * LAB_LENGTHS / (LAB_LENGTHS + 9 * many);
    }
    }
    return 1;
}

void lab_lengths_fill(struct lab_lengths *lengths, enum lab_shape shape, double mean)
{
    for (unsigned i = 0; i < LAB_LENGTHS; i++)
        lengths->of[i] = (uint32_t)lround(mean * quantile(shape, i));
}
