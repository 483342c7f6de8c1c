/* Internal to model/: a text that grows, for HTML and SVG. Failures are kept until the end, so that what
 * writes a page reads like the page. */
#ifndef QUIESCE_MODEL_MARKUP_H
#define QUIESCE_MODEL_MARKUP_H

#include <stddef.h>

/* All-zero bytes are an empty text. */
struct qsc_markup {
    char *text; /* a NUL after it, once anything was added */
    size_t length, room;
    int code; /* 0, or ENOMEM: from then on nothing is added */
};

/* Adds a formatted text as it is. */
void qsc_markup_add(struct qsc_markup *markup, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a text as content of an element: &, < and > are written as entities. */
void qsc_markup_content(struct qsc_markup *markup, const char *text);

void qsc_markup_fini(struct qsc_markup *markup);

#endif
