/* Not installed: a text that grows, for HTML and SVG. Failures are kept until the end, so that what writes a
 * page reads like the page. */
#ifndef QUIESCE_MODEL_TEXT_H
#define QUIESCE_MODEL_TEXT_H

#include <stddef.h>

/* All-zero bytes are an empty text. */
struct qsc_text {
    char *text; /* a NUL after it, once anything was added */
    size_t length, room;
    int code; /* 0, or ENOMEM: from then on nothing is added */
};

/* Adds a formatted text as it is. */
void qsc_text_add(struct qsc_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a text in which nothing is markup, as content of an element or as a quoted attribute: &, <, > and "
 * are written as entities. */
void qsc_text_add_escaped(struct qsc_text *text, const char *content);

void qsc_text_fini(struct qsc_text *text);

#endif
