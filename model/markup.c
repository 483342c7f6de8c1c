#include "markup.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int reserve(struct qsc_markup *markup, size_t more)
{
    if (markup->length + more <= markup->room)
        return 0;
    size_t wanted = 2 * (markup->length + more);
    char *grown = qsc_realloc(markup->text, wanted);
    if (!grown)
        return ENOMEM;
    markup->text = grown;
    markup->room = wanted;
    return 0;
}

void qsc_markup_add(struct qsc_markup *markup, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (markup->code || length < 0 || (markup->code = reserve(markup, (size_t)length + 1)) != 0)
        return;
    va_start(arguments, format);
    vsnprintf(markup->text + markup->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    markup->length += (size_t)length;
}

void qsc_markup_content(struct qsc_markup *markup, const char *text)
{
    while (*text) {
        size_t plain = strcspn(text, "&<>");
        qsc_markup_add(markup, "%.*s", (int)plain, text);
        text += plain;
        if (!*text)
            return;
        qsc_markup_add(markup, *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : "&gt;");
        text++;
    }
}

void qsc_markup_fini(struct qsc_markup *markup)
{
    qsc_free(markup->text);
    *markup = (struct qsc_markup){0};
}
