/* The runs of a campaign, by lock and cell, and the file that keeps them: a line of JSON each.
 *
 * The file begins with a session: the campaign, the command line, the program's hash, the machine. Each time
 * that it is taken up again another session follows. All other lines are runs. A line is written when its run
 * has ended, so that an interruption loses one run; the rest of a line that it cut off is no line. */
#ifndef QUIESCE_LAB_TABLE_H
#define QUIESCE_LAB_TABLE_H

#include "campaign.h"
#include "statistics.h"

#include <stdio.h>

/* One run. In each block of a cell every lock runs once, in an order drawn anew, as long as it is measured;
 * the baseline runs in all of them. */
struct lab_record {
    unsigned block;
    double seconds, throughput, jain, upper_half;
    double steal; /* below 0: unknown */
    uint64_t passes, read_passes, preempted;
    unsigned late;       /* threads */
    const char *failure; /* NULL: none, otherwise why there is no more than that */
};

/* The names of the failures: a thread that did not come back, two in an exclusive section, or what kept the
 * run from starting. */
extern const char *const lab_failures[];
const char *lab_failure_of(int error);

struct lab_series {
    struct lab_record *records; /* a failed one is the last */
    unsigned count, capacity;
};

struct lab_table {
    struct lab_campaign campaign;
    json_t *sessions; /* an array */
    struct lab_series *series;
    unsigned cells;
};

/* Returns 0 or ENOMEM. */
__attribute__((warn_unused_result)) int lab_table_init(struct lab_table *table,
                                                       const struct lab_campaign *campaign);
void lab_table_fini(struct lab_table *table);

struct lab_series *lab_table_series(const struct lab_table *table, unsigned cell, unsigned lock);

/* Whether its last run failed. */
bool lab_series_failed(const struct lab_series *series);

/* Runs of which something is not as it should be: the hypervisor took time, or threads began late. */
unsigned lab_series_flagged(const struct lab_series *series);

/* Returns 0 or ENOMEM. */
__attribute__((warn_unused_result)) int lab_series_add(struct lab_series *series,
                                                       const struct lab_record *record);

/* Where the logarithm of the ratio of throughputs lies, by the blocks that both have; of the throughput
 * itself, where the baseline is NULL. A throughput below 1 counts as 1. Without any pair the interval is
 * infinite and the estimate NAN. Returns 0 or ENOMEM. */
__attribute__((warn_unused_result)) int lab_series_locate(struct lab_location *location,
                                                          const struct lab_series *series,
                                                          const struct lab_series *baseline, double alpha);

/* Reads a file. Returns 0 with the table, which is the caller's, and how many bytes are whole lines; or
 * EBADMSG or another errno and one line in `complaint`, without the file's name. */
__attribute__((warn_unused_result)) int lab_table_read(struct lab_table *table, FILE *file, long *whole,
                                                       char *complaint, size_t size);

/* A line, written whole or not at all as far as the system allows. Takes the session. Returns 0, ENOMEM or
 * errno. */
__attribute__((warn_unused_result)) int lab_table_write_session(FILE *file, json_t *session);
__attribute__((warn_unused_result)) int lab_table_write_run(FILE *file, const struct lab_table *table,
                                                            const char *env_sha256, unsigned cell,
                                                            unsigned lock, const struct lab_record *record);

#endif
