#include <quiesce/model/histogram.h>

enum { BITS = QSC_HISTOGRAM_BITS, HALF = 1 << BITS };

/* Values below 2^BITS have a bucket each; from there each doubling has 2^BITS of them. */
static size_t bucket_of(uint64_t ns)
{
    if (ns < HALF)
        return ns;
    int shift = 63 - __builtin_clzll(ns) - BITS;
    size_t bucket = ((size_t)(shift + 1) << BITS) + (size_t)((ns >> shift) - HALF);
    return bucket < QSC_HISTOGRAM_BUCKETS ? bucket : QSC_HISTOGRAM_BUCKETS - 1;
}

void qsc_histogram_bounds(size_t bucket, uint64_t *lower_ns, uint64_t *upper_ns)
{
    if (bucket < HALF) {
        *lower_ns = bucket;
        *upper_ns = bucket + 1;
        return;
    }
    int shift = (int)(bucket >> BITS) - 1;
    *lower_ns = (HALF + (bucket & (HALF - 1))) << shift;
    *upper_ns = *lower_ns + (1ull << shift);
}

void qsc_histogram_add(struct qsc_histogram *histogram, uint64_t ns)
{
    histogram->buckets[bucket_of(ns)]++;
    histogram->count++;
    histogram->sum_ns += ns;
    if (ns > histogram->max_ns)
        histogram->max_ns = ns;
}

void qsc_histogram_merge(struct qsc_histogram *histogram, const struct qsc_histogram *other)
{
    for (size_t i = 0; i < QSC_HISTOGRAM_BUCKETS; i++)
        histogram->buckets[i] += other->buckets[i];
    histogram->count += other->count;
    histogram->sum_ns += other->sum_ns;
    if (other->max_ns > histogram->max_ns)
        histogram->max_ns = other->max_ns;
}

uint64_t qsc_histogram_quantile(const struct qsc_histogram *histogram, double q)
{
    double share = q * (double)histogram->count;
    uint64_t rank = (uint64_t)share;
    rank += (double)rank < share || rank == 0;
    uint64_t seen = 0;
    for (size_t i = 0; i < QSC_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= rank) {
            uint64_t lower, upper;
            qsc_histogram_bounds(i, &lower, &upper);
            uint64_t middle = lower + (upper - lower) / 2;
            return middle < histogram->max_ns ? middle : histogram->max_ns;
        }
    }
    return histogram->max_ns;
}
