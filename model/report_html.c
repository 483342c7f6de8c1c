#include "report_html.h"
int qsc_report_html_save(const struct qsc_demo *demo, struct qsc_error *err)
{
    (void)demo, (void)err;
    return 0;
}
