#include <quiesce/model/error.h>

#include <stdarg.h>
#include <stdio.h>

int qsc_fail(struct qsc_error *err, int code, const char *format, ...)
{
    if (err) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(err->text, sizeof err->text, format, arguments);
        va_end(arguments);
        for (char *c = err->text; *c; c++)
            *c = (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c;
    }
    return code;
}
