#include <quiesce/concurrency/text.h>

#include <stdarg.h>
#include <stdio.h>

void qsc_text_add(struct text *text, const char *format, ...)
{
    size_t room = text->length < text->size ? text->size - text->length : 0;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(room ? text->at + text->length : NULL, room, format, values);
    va_end(values);
    text->length += length > 0 ? (size_t)length : 0; // never fails with these formats
}
