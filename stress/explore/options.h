/* The explorer's command line: what stands before `--` is its own, what stands behind it the program's. */
#ifndef QUIESCE_EXPLORE_OPTIONS_H
#define QUIESCE_EXPLORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qx_options {
    bool json, quiet, coverage, weaken, ignore_leaks;
    bool atomic_volatile;     // accesses to volatile objects are relaxed atomic ones
    uint64_t most_executions; // 0: no limit
    double most_seconds;      // 0: no limit
    int deadlines;            // that pass in each thread; 0: no limit
    int turns;                // of a waiting loop that changes something of its own; 0: no limit
    // What is possible but rare, so often in each thread.
    int failing_allocations, failing_exchanges, idle_wakes;
    int jobs;
    // A part of all executions. At most one of these.
    const char *replay;
    uint64_t random;        // so many at random; 0: no
    int preemptions, stale; // -1: no bound
    uint64_t seed;
    const char *dot, *html; // files to draw the failing execution into
};

/* Reads and removes the explorer's arguments. Returns 0, or 2 after an error, which it has told. Ends the
 * program after --help. */
int qx_options_read(int *argc, char **argv);

/* Those without which the program would have other choices, as arguments: an execution is repeated with the
 * same ones. */
void qx_options_of_choices(char *text, size_t size);

/* What was read; all zero before. */
const struct qx_options *qx_options(void);

#endif
