/* Which of several locks a pass takes: the i-th with a weight of 1 / i^skew, as keys are asked for (G. K.
 * Zipf); a skew of 0 makes all the same. Drawn in constant time by the alias method (M. D. Vose, "A linear
 * algorithm for generating random numbers with a given distribution", IEEE TSE 17(9), 1991). */
#ifndef QUIESCE_LAB_ZIPF_H
#define QUIESCE_LAB_ZIPF_H

#include "random.h"

struct lab_zipf {
    uint32_t count;
    struct {
        uint32_t keep, alias; /* this one with a probability of keep / 2^32, else the alias */
    } of[];
};

/* Of `count` > 0, or NULL where there is no memory; freed by qsc_free. */
__attribute__((warn_unused_result)) struct lab_zipf *lab_zipf_make(uint32_t count, double skew);

static inline uint32_t lab_zipf_draw(const struct lab_zipf *zipf, uint64_t *random)
{
    uint32_t i = lab_random_below(random, zipf->count);
    return lab_random(random) <= zipf->of[i].keep ? i : zipf->of[i].alias;
}

#endif
