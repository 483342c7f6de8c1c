/* Which of two is larger, by pairs of measurements that go on until the answer is there or may not go on. */
#ifndef QUIESCE_LAB_SEQUENCE_H
#define QUIESCE_LAB_SEQUENCE_H

#include "statistics.h"

/* What is decided. A look at the data costs a chance of error each time, so there are few: after 12 pairs and
 * whenever their number has doubled, and at the end. Of the 6 or 7 looks each errs with 1 % at most. */
#define LAB_LOOK_ALPHA 0.01
enum { LAB_FIRST_LOOK = 12 };

enum lab_verdict { LAB_UNDECIDED, LAB_FASTER, LAB_SLOWER, LAB_EQUIVALENT };

extern const char *const lab_verdict_names[]; /* "undecided", "faster", "slower", "equivalent" */

struct lab_sequence {
    double log_ratios[LAB_DIFFERENCES_MAX]; /* of each pair */
    unsigned pairs;
    struct lab_location location; /* of the logarithms */
    enum lab_verdict verdict;
};

/* Equivalent, where the interval of the ratio lies within 1 / (1 + margin) .. 1 + margin; otherwise faster or
 * slower, where it does not contain 1; otherwise undecided. */
enum lab_verdict lab_judge(const struct lab_location *location, double margin);

/* Measures pairs by `measure`, which gives the logarithm of a ratio and returns 0, or LAB_NO_MORE when the
 * time is up, or another value to end it all. Returns 0 with the verdict, also when the time is up; ENOMEM;
 * or that other value. */
enum { LAB_NO_MORE = -1 };
__attribute__((warn_unused_result)) int lab_decide(struct lab_sequence *sequence, double margin,
                                                   int (*measure)(void *context, double *log_ratio),
                                                   void *context);

#endif
