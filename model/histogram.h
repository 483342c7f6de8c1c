/* A histogram of durations, after Gil Tene's HdrHistogram: buckets that grow with the value, so that every
 * quantile from a nanosecond to minutes is known to 0.8 % in 40 KiB. All-zero bytes are an empty one. */
#ifndef QUIESCE_MODEL_HISTOGRAM_H
#define QUIESCE_MODEL_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 2^7 buckets for each doubling; values from 2^40 ns (18 minutes) on share the last bucket. */
enum { QSC_HISTOGRAM_BITS = 7, QSC_HISTOGRAM_BUCKETS = (40 - QSC_HISTOGRAM_BITS + 1) << QSC_HISTOGRAM_BITS };

struct qsc_histogram {
    uint64_t count, sum_ns, max_ns;
    uint64_t buckets[QSC_HISTOGRAM_BUCKETS];
};

/* Counts one value. Returns: nothing. Does not block. Threads: one at a time. */
void qsc_histogram_add(struct qsc_histogram *histogram, uint64_t ns);

/* Adds all of `other`'s values. Returns: nothing. Does not block. Threads: one at a time. */
void qsc_histogram_merge(struct qsc_histogram *histogram, const struct qsc_histogram *other);

/* The smallest value that at least the share q (0 to 1) of all values do not exceed (nearest rank), to the
 * precision above and never beyond the largest value counted. Returns: nanoseconds; 0 for an empty histogram.
 * Does not block. */
uint64_t qsc_histogram_quantile(const struct qsc_histogram *histogram, double q);

/* The bounds of a bucket: values v with lower <= v < upper are counted there.
 * Returns: nothing. Does not block. */
void qsc_histogram_bounds(size_t bucket, uint64_t *lower_ns, uint64_t *upper_ns);

#ifdef __cplusplus
}
#endif

#endif
