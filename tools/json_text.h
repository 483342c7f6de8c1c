/* JSON as it is printed, for answers too many or too long to be built in memory first. */
#ifndef QUIESCE_TOOLS_JSON_TEXT_H
#define QUIESCE_TOOLS_JSON_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Prints text[0..bytes), which is UTF-8, as a JSON string with its quotes. */
void qsc_json_print_string(FILE *out, const char *text, size_t bytes);

#endif
