/* What paired measurements say: Wilcoxon's signed-rank test, and the estimate and interval that belong to it.
 *
 * They assume that each difference is drawn from a distribution that is symmetric around the value sought,
 * which holds for pairs whose order was drawn, and nothing else: no normal distribution, and few outliers do
 * no harm. Source: F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1(6), 1945;
 * J. L. Hodges and E. L. Lehmann, "Estimates of location based on rank tests", Annals of Mathematical
 * Statistics 34(2), 1963. */
#ifndef QUIESCE_LAB_STATISTICS_H
#define QUIESCE_LAB_STATISTICS_H

enum { LAB_DIFFERENCES_MAX = 384 };

/* Orders n values, the smallest first. / The median of n values in that order, n > 0. */
void lab_order(double *values, unsigned n);
double lab_median(const double *ordered, unsigned n);

struct lab_location {
    double estimate; /* the median of all means of two differences */
    double low,
        high; /* of the interval; -HUGE_VAL and HUGE_VAL where there are too few differences for one */
    double p; /* two-sided, that the location is 0; exact but for ties, which get their mean rank */
};

/* Of n differences, 1 .. LAB_DIFFERENCES_MAX, with an interval that misses the location with a probability of
 * `alpha` at most. Returns 0 or ENOMEM. */
__attribute__((warn_unused_result)) int lab_locate(struct lab_location *location, const double *differences,
                                                   unsigned n, double alpha);

#endif
