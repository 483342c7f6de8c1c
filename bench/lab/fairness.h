/* How evenly threads pass through a lock, computed from the counts of a run. */
#ifndef QUIESCE_LAB_FAIRNESS_H
#define QUIESCE_LAB_FAIRNESS_H

#include "run.h"

/* Jain's index of n counts: (sum x)^2 / (n * sum x^2), from 1/n (one has all) to 1 (all have the same). 1
 * where all are 0. Source: R. Jain, D. Chiu and W. Hawe, "A quantitative measure of fairness and
 * discrimination for resource allocation in shared computer systems", DEC-TR-301, 1984. */
double lab_jain(const uint64_t *counts, unsigned n);

/* The share that the upper half of the threads has of all passes: 0.5 is fair, 1 means that half of them had
 * nothing. With an odd number the one in the middle counts half. 0.5 where all are 0. After D. Dice and
 * A. Kogan's fairness factor. Orders the counts. */
double lab_upper_half(uint64_t *counts, unsigned n);

struct lab_jain_windows {
    uint32_t windows; /* in which someone passed: only those count */
    uint32_t idle;    /* in which nobody did */
    double mean, worst;
};

/* Jain's index in each window of so many milliseconds, one after the other; what remains at the end is left
 * out. */
struct lab_jain_windows lab_jain_over(const struct lab_result *result, uint32_t milliseconds);

#endif
