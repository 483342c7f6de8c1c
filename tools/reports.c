#include "reports.h"

#include <quiesce/concurrency/alloc.h>

int qsc_reports_print(FILE *out, const struct qsc_tagging *tagging, struct qsc_error *err)
{
    char *entities = NULL, *tokens = NULL;
    int status = qsc_report_entity_text(&entities, tagging, 4, err);
    if (status == 0)
        status = qsc_report_token_text(&tokens, tagging, 4, err);
    if (status == 0)
        fprintf(out, "Entities:\n%s\nTokens:\n%s", entities, tokens);
    qsc_free(entities);
    qsc_free(tokens);
    return status;
}
