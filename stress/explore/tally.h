/* What an exploration has come to so far; all its processes write to it. */
#ifndef QUIESCE_EXPLORE_TALLY_H
#define QUIESCE_EXPLORE_TALLY_H

#include "machine.h"

#include <stdatomic.h>

enum qx_verdict { QX_CLEAN, QX_BUG, QX_BOUND };

struct qx_tally {
    atomic_ullong executions, blocked;
    atomic_ullong drawn;         // executions that a random walk has begun, after the first
    atomic_bool partial;         // something was left out
    const void *_Atomic limited; // a loop that could not be cut
    double began;                // in seconds of the monotonic clock
    // Of the shortest failing execution.
    atomic_flag busy;
    atomic_int length; // 0: none failed
    struct qx_failure failure;
    unsigned long long executions_then, blocked_then; // when the first one was found
    double found_at;
    char schedule[1 << 24]; // its replay string; empty: that was longer
};

/* The one there is. */
struct qx_tally *qx_tally(void);

/* Forgets all: an exploration begins. */
void qx_tally_begin(void);

/* Counts the run that just ended, and keeps it if it failed and is the shortest that did in this way. */
void qx_tally_run(enum qx_end end);

/* Is it over: was a limit reached, or has there been time enough to find a shorter failing execution? */
bool qx_tally_over(void);

double qx_tally_seconds(void);
enum qx_verdict qx_tally_verdict(void);

#endif
