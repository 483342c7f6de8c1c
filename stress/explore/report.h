/* What a person, or a script, reads at the end. */
#ifndef QUIESCE_EXPLORE_REPORT_H
#define QUIESCE_EXPLORE_REPORT_H

#include "machine.h"
#include "options.h"

enum qx_verdict { QX_CLEAN, QX_BUG, QX_BOUND };

struct qx_tally {
    enum qx_verdict verdict;
    uint64_t executions, blocked;
    bool complete;
    const void *limited; // a loop that could not be cut
};

void qx_report_begin(const struct qx_options *options);
void qx_tally_count(struct qx_tally *tally, enum qx_end end);
bool qx_report_limit_reached(struct qx_tally *tally);

/* Prints it; returns the exit status. */
int qx_report_end(struct qx_tally *tally);

#endif
