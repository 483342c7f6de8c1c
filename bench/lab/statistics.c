#include "statistics.h"

#include <errno.h>
#include <math.h>
#include <quiesce/concurrency/alloc.h>
#include <stdlib.h>
#include <string.h>

static int compare_reals(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void lab_order(double *values, unsigned n)
{
    qsort(values, n, sizeof *values, compare_reals);
}

double lab_median(const double *ordered, unsigned n)
{
    return (ordered[(n - 1) / 2] + ordered[n / 2]) / 2;
}

static int compare_sizes(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

/* The sum of the ranks of what is above 0, with mean ranks for ties; *n becomes how many are not 0. Orders
 * the differences by size. */
static double signed_rank(double *differences, unsigned *n)
{
    qsort(differences, *n, sizeof *differences, compare_sizes);
    unsigned zeros = 0;
    while (zeros < *n && differences[zeros] == 0)
        zeros++;
    differences += zeros;
    *n -= zeros;
    double sum = 0;
    for (unsigned first = 0, next; first < *n; first = next) {
        for (next = first + 1; next < *n && fabs(differences[next]) == fabs(differences[first]);)
            next++;
        double rank = (first + 1 + next) / 2.0; /* the mean of first + 1 .. next */
        for (unsigned i = first; i < next; i++)
            sum += differences[i] > 0 ? rank : 0;
    }
    return sum;
}

/* Where each sign is a fair coin: below[w] becomes the probability that the sum of the positive ranks of n
 * differences is at most w, for w of 0 .. n(n+1)/2. */
static void distribute(double *below, unsigned n)
{
    unsigned sums = n * (n + 1) / 2;
    memset(below, 0, (sums + 1) * sizeof *below);
    below[0] = 1;
    for (unsigned rank = 1, reached = 0; rank <= n; rank++) {
        reached += rank;
        for (unsigned w = reached + 1; w-- > 0;)
            below[w] = (below[w] + (w >= rank ? below[w - rank] : 0)) / 2;
    }
    for (unsigned w = 1; w <= sums; w++)
        below[w] += below[w - 1];
}

static double two_sided(const double *below, unsigned n, double sum)
{
    double sums = n * (n + 1) / 2.0;
    double smaller = sum < sums - sum ? sum : sums - sum;
    double p = 2 * below[(unsigned)floor(smaller)];
    return n == 0 || p > 1 ? 1 : p;
}

/* The interval ends where the test, of differences moved by that much, stops to reject: that is at the means
 * of two differences, in their order. */
static void locate(struct lab_location *location, double *means, const double *below,
                   const double *differences, unsigned n, double alpha)
{
    unsigned count = 0;
    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = i; j < n; j++)
            means[count++] = (differences[i] + differences[j]) / 2;
    }
    lab_order(means, count);
    location->estimate = lab_median(means, count);
    unsigned rejected = 0; /* sums at either end of the distribution */
    while (2 * below[rejected] <= alpha)
        rejected++;
    location->low = rejected > 0 ? means[rejected - 1] : -HUGE_VAL;
    location->high = rejected > 0 ? means[count - rejected] : HUGE_VAL;
}

int lab_locate(struct lab_location *location, const double *differences, unsigned n, double alpha)
{
    unsigned sums = n * (n + 1) / 2;
    double *below = qsc_alloc((sums + 1) * sizeof *below), *means = qsc_alloc(sums * sizeof *means);
    double *ordered = qsc_alloc(n * sizeof *ordered);
    int error = below && means && ordered ? 0 : ENOMEM;
    if (error == 0) {
        distribute(below, n);
        locate(location, means, below, differences, n, alpha);
        memcpy(ordered, differences, n * sizeof *ordered);
        unsigned different = n;
        double sum = signed_rank(ordered, &different);
        if (different < n)
            distribute(below, different);
        location->p = two_sided(below, different, sum);
    }
    qsc_free(ordered);
    qsc_free(means);
    qsc_free(below);
    return error;
}
