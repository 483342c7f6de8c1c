/* Which of two is larger, by pairs of measurements that go on until the answer is there or may not go on. */
#ifndef QUIESCE_LAB_SEQUENCE_H
#define QUIESCE_LAB_SEQUENCE_H

#include "statistics.h"

#include <stdint.h>

/* What is decided. A look at the data costs a chance of error each time, so there are few: after 12 pairs and
 * whenever their number has doubled, and at the end. Of the 6 looks at most each errs with 1 % at most. */
#define LAB_LOOK_ALPHA 0.01
enum { LAB_FIRST_LOOK = 12 };

enum lab_verdict { LAB_UNDECIDED, LAB_FASTER, LAB_SLOWER, LAB_EQUIVALENT };

extern const char *const lab_verdict_names[]; /* "undecided", "faster", "slower", "equivalent" */

struct lab_sequence {
    double values[2][LAB_DIFFERENCES_MAX]; /* of A and of B, in each pair */
    double log_ratios[LAB_DIFFERENCES_MAX];
    unsigned pairs;
    struct lab_location location; /* of the logarithms of A/B */
    enum lab_verdict verdict;
};

/* Equivalent, where the interval of the ratio lies within 1 / (1 + margin) .. 1 + margin; otherwise faster or
 * slower, where it does not contain 1; otherwise undecided. */
enum lab_verdict lab_judge(const struct lab_location *location, double margin);

/* Measures pairs by `measure`, which gets 0 for A and 1 for B, gives a value of at least 0 and returns 0, or
 * LAB_NO_MORE when the time is up, or another value to end it all. Which of a pair comes first is drawn by
 * `random`, not 0: what changes slowly in the machine then favours neither. A value below 1 counts as 1: a
 * lock that lets nobody pass is slow, not left out. Returns 0 with the verdict, also when the time is up;
 * ENOMEM; or that other value. */
enum { LAB_NO_MORE = -1 };
typedef int lab_measure(void *context, unsigned which, double *value);
__attribute__((warn_unused_result)) int lab_decide(struct lab_sequence *sequence, double margin,
                                                   uint64_t random, lab_measure *measure, void *context);

#endif
