/* In which order a campaign's runs are made, and when it has enough of them.
 *
 * A block of a cell is one run of each lock of it that is not done, and of the baseline, in an order that is
 * drawn. All cells that are not done get a block, in an order that is drawn; and so on. So each ratio is of
 * runs next to each other in time, and what changes slowly in the machine favours neither lock nor cell. A
 * lock is done in a cell when the interval of its ratio to the baseline is narrow enough, when it has failed
 * there, or after so many blocks; where there is no baseline to compare with, the interval of its throughput
 * counts. */
#ifndef QUIESCE_LAB_SCHEDULE_H
#define QUIESCE_LAB_SCHEDULE_H

#include "table.h"

/* The probability that an interval misses. It is small since the intervals are looked at after each block. */
#define LAB_SWEEP_ALPHA 0.01
enum { LAB_BLOCKS_MIN = 8 }; /* the fewest that give such an interval */

struct lab_schedule {
    double width;    /* narrow is an interval from m / (1 + width) to m * (1 + width), or less */
    unsigned blocks; /* at most, and LAB_DIFFERENCES_MAX at most */
    unsigned done;   /* locks in cells */
};

enum { LAB_TIME_IS_UP = -1 };

/* Makes one run and gives its record, but for the block. A run that failed is a record, too. Returns 0,
 * LAB_TIME_IS_UP, or another value to end it all. */
typedef int lab_measure_run(void *context, unsigned cell, unsigned lock, struct lab_record *record);

/* Goes on from what the table has until all is done or `measure` ends it. Returns 0; ENOMEM; or what
 * `measure` returned. */
__attribute__((warn_unused_result)) int lab_schedule_run(struct lab_schedule *schedule,
                                                         struct lab_table *table, lab_measure_run *measure,
                                                         void *context);

/* How many of all intervals are not narrow, whatever ended their runs. Returns 0 or ENOMEM. */
__attribute__((warn_unused_result)) int lab_schedule_count_wide(const struct lab_schedule *schedule,
                                                                const struct lab_table *table, unsigned *wide,
                                                                unsigned *all);

#endif
