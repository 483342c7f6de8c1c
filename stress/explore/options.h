/* The explorer's command line: what stands before `--` is its own, what stands behind it the program's. */
#ifndef QUIESCE_EXPLORE_OPTIONS_H
#define QUIESCE_EXPLORE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct qx_options {
    bool json, quiet;
    uint64_t most_executions; // 0: no limit
    double most_seconds;      // 0: no limit
    // What is possible but rare, so often in each thread.
    int failing_allocations, failing_exchanges, idle_wakes;
};

/* Reads and removes the explorer's arguments. Returns 0, or the exit status to end with: -1 after --help
 * (then 0 is meant), 2 after an error, which it has told. */
int qx_options_read(struct qx_options *options, int *argc, char **argv);

/* What was read; all zero before. */
const struct qx_options *qx_options(void);

#endif
