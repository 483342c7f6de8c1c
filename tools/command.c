#include "command.h"

#include <stdarg.h>
#include <stdio.h>

void qsc_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("quiesce: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}
