/* What the runs of a file become: a page to look at, or a file for other programs. */
#ifndef QUIESCE_LAB_REPORT_H
#define QUIESCE_LAB_REPORT_H

#include "table.h"

struct lab_view {
    const char *source;   /* the file that the table is from */
    enum lab_axis_name x; /* what the plots are drawn over */
};

/* Each writes the whole; what could not be written shows in ferror. Returns 0 or ENOMEM. */
typedef int lab_report(FILE *out, const struct lab_table *table, const struct lab_view *view);

/* One self-contained page with its plots. */
__attribute__((warn_unused_result)) lab_report lab_report_html;

/* A run a line, with the names of the columns in the first. */
__attribute__((warn_unused_result)) lab_report lab_report_csv;

/* As Google Benchmark writes its own, for the programs that compare those. real_time is wall time for each
 * pass of any thread, that is 1 / throughput; so it is in every version of theirs where a time is given by
 * hand. */
__attribute__((warn_unused_result)) lab_report lab_report_benchmark;

#endif
