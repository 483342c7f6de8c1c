/* Internal to the demo: report.html, one file that needs no other: the figures explained, with pictures. */
#ifndef QUIESCE_MODEL_REPORT_HTML_H
#define QUIESCE_MODEL_REPORT_HTML_H

#include "demo_stages.h"

/* Writes report.html into the demo's directory. Returns 0, ENOMEM, or the errno code of a failed system call,
 * with a line in err. Blocks on the file. */
int qsc_report_html_save(const struct qsc_demo *demo, struct qsc_error *err)
    __attribute__((warn_unused_result));

#endif
