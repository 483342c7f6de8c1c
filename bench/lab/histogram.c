#include "histogram.h"

#include <math.h>

void lab_histogram_merge(struct lab_histogram *into, const struct lab_histogram *from)
{
    into->count += from->count;
    into->most = from->most > into->most ? from->most : into->most;
    for (unsigned i = 0; i < LAB_HISTOGRAM_BUCKETS; i++)
        into->of[i] += from->of[i];
}

/* The last value of a bucket. */
static uint64_t upper_end(unsigned bucket)
{
    const unsigned per = 1u << LAB_HISTOGRAM_BITS;
    if (bucket < 2 * per)
        return bucket;
    const unsigned shift = bucket / per - 1;
    return ((uint64_t)(bucket % per + per + 1) << shift) - 1;
}

uint64_t lab_histogram_at(const struct lab_histogram *histogram, double quantile)
{
    const double wanted = fmax(ceil(quantile * (double)histogram->count), 1);
    uint64_t seen = 0;
    for (unsigned i = 0; i < LAB_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->of[i];
        if ((double)seen >= wanted) {
            uint64_t end = upper_end(i);
            return end < histogram->most ? end : histogram->most;
        }
    }
    return histogram->most; /* none, or quantile > 1 */
}
