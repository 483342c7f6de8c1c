/* What a person, or a script, reads: progress, the failing execution, the verdict. */
#ifndef QUIESCE_EXPLORE_REPORT_H
#define QUIESCE_EXPLORE_REPORT_H

#include "machine.h"
#include "orders.h"
#include "tally.h"

/* One line for a terminal, at most once a second; nothing elsewhere. */
void qx_report_progress(void);

/* What happened, and where, in one line. `here`: the run that failed is the one that went last. */
void qx_report_fault(const struct qx_failure *failure, bool here, char *text, size_t size);

/* An event in a few words. */
void qx_report_event(const struct qx_graph *g, int e, char *text, size_t size);

/* The execution that went last, thread by thread. */
void qx_report_execution(void);

/* The line that repeats it; the arguments are the program's own. */
void qx_report_replay(int argc, char **argv, const char *schedule);

/* What came of a weakened order; `bug` is empty if nothing did. */
void qx_report_mutant(const struct qx_mutant *mutant, enum qx_verdict verdict, const char *bug);

/* What an exploration came to. */
struct qx_result {
    enum qx_verdict verdict;
    unsigned long long executions, blocked;
    double seconds;
    const void *limited;  // a loop that could not be cut
    const char *schedule; // of the failing execution; empty or NULL: none
    char bug[2000];
};

struct qx_result qx_report_result(enum qx_verdict verdict);

/* The end. Returns the exit status. */
int qx_report_verdict(const struct qx_result *result);

#endif
