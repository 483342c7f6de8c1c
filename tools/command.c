#include "command.h"

#include <stdarg.h>
#include <stdio.h>

const char *qsc_program = "quiesce";

void qsc_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", qsc_program);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}
