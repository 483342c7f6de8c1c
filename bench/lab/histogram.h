/* How often each length of time occurred, to 1/32 of it, in bounded memory: 32 buckets for each power of two
 * (G. Tene's HdrHistogram has the idea). */
#ifndef QUIESCE_LAB_HISTOGRAM_H
#define QUIESCE_LAB_HISTOGRAM_H

#include <stdint.h>

enum { LAB_HISTOGRAM_BITS = 5, LAB_HISTOGRAM_BUCKETS = (64 - LAB_HISTOGRAM_BITS + 1) << LAB_HISTOGRAM_BITS };

struct lab_histogram {
    uint64_t count, most;
    uint64_t of[LAB_HISTOGRAM_BUCKETS];
};

/* Values below 32 have a bucket each; above, the leading 6 bits of a value say which is its own. */
static inline unsigned lab_histogram_bucket(uint64_t value)
{
    unsigned shift =
        value >> LAB_HISTOGRAM_BITS ? 63u - LAB_HISTOGRAM_BITS - (unsigned)__builtin_clzll(value) : 0;
    return (shift << LAB_HISTOGRAM_BITS) + (unsigned)(value >> shift);
}

static inline void lab_histogram_add(struct lab_histogram *histogram, uint64_t value)
{
    histogram->count++;
    histogram->most = value > histogram->most ? value : histogram->most;
    histogram->of[lab_histogram_bucket(value)]++;
}

void lab_histogram_merge(struct lab_histogram *into, const struct lab_histogram *from);

/* A value that the share `quantile` of all does not exceed, at most 1/32 above the least such; 0 where there
 * are none. */
uint64_t lab_histogram_at(const struct lab_histogram *histogram, double quantile);

#endif
