#include "text.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int reserve(struct qsc_text *text, size_t more)
{
    if (text->length + more <= text->room)
        return 0;
    size_t wanted = 2 * (text->length + more);
    char *grown = qsc_realloc(text->text, wanted);
    if (!grown)
        return ENOMEM;
    text->text = grown;
    text->room = wanted;
    return 0;
}

void qsc_text_add(struct qsc_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (text->code || length < 0 || (text->code = reserve(text, (size_t)length + 1)) != 0)
        return;
    va_start(arguments, format);
    vsnprintf(text->text + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

static const char *entity(char c)
{
    return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&quot;";
}

void qsc_text_add_escaped(struct qsc_text *text, const char *content)
{
    while (*content) {
        size_t plain = strcspn(content, "&<>\"");
        qsc_text_add(text, "%.*s", (int)plain, content);
        content += plain;
        if (!*content)
            return;
        qsc_text_add(text, "%s", entity(*content));
        content++;
    }
}

void qsc_text_fini(struct qsc_text *text)
{
    qsc_free(text->text);
    *text = (struct qsc_text){0};
}
