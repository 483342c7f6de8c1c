/* How long the sections of a run are: lengths drawn around a mean, each shape from a table of 256 equally
 * probable lengths, so that drawing costs the same whatever the shape. */
#ifndef QUIESCE_LAB_LENGTHS_H
#define QUIESCE_LAB_LENGTHS_H

#include "random.h"

/* Constant lengths fall into step with a lock: they are there for comparison with programs that use them. */
enum lab_shape {
    LAB_UNIFORM, /* between half of the mean and one and a half */
    LAB_CONSTANT,
    LAB_EXPONENTIAL, /* cut at 6.5 times the mean, with which the longest 1/256 is made */
    LAB_BIMODAL,     /* one in ten is ten times as long as the others */
};

extern const char *const lab_shape_names[]; /* "uniform", ...; ends with NULL */

enum { LAB_LENGTHS = 256 };

struct lab_lengths {
    uint32_t of[LAB_LENGTHS];
};

void lab_lengths_fill(struct lab_lengths *lengths, enum lab_shape shape, double mean);

static inline uint32_t lab_lengths_draw(const struct lab_lengths *lengths, uint64_t *random)
{
    return lengths->of[lab_random_below(random, LAB_LENGTHS)];
}

#endif
