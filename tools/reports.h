/* The two reports on a test set, as every subcommand prints them. */
#ifndef QUIESCE_TOOLS_REPORTS_H
#define QUIESCE_TOOLS_REPORTS_H

#include <quiesce/model/error.h>
#include <quiesce/model/report.h>

#include <stdio.h>

/* Prints the entity report as seqeval has it, then the token report as scikit-learn has it, with 4 digits.
 * Returns 0, EINVAL (no words) or ENOMEM. */
int qsc_reports_print(FILE *out, const struct qsc_tagging *tagging, struct qsc_error *err)
    __attribute__((warn_unused_result));

#endif
