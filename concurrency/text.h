/* text.h (internal): text that grows in a buffer of the caller's, in the manner of snprintf. */
#ifndef QUIESCE_CONCURRENCY_TEXT_H
#define QUIESCE_CONCURRENCY_TEXT_H

#include <stddef.h>

struct text {
    char *at; /* of `size` bytes; may be NULL when that is 0 */
    size_t size;
    size_t length; /* of the whole text without its NUL, also of what found no room */
};

/* Appends; what is written always ends with NUL, if size > 0. Does not allocate. */
__attribute__((format(printf, 2, 3))) void qsc_text_add(struct text *text, const char *format, ...);

#endif
