/* Lines from standard input, one at a time, for commands that answer as they read. */
#ifndef QUIESCE_TOOLS_LINES_H
#define QUIESCE_TOOLS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QSC_LINE_BYTES_MAX = 16 << 20 };

/* All-zero bytes but for the descriptor are a valid start. */
struct qsc_lines {
    int descriptor;
    char *buffer;
    size_t begin, end, capacity; /* what is read and not yet handed out */
    uint64_t number;             /* of the line last handed out, from 1 */
    size_t searched;             /* bytes from `begin` known to hold no line end */
    bool at_end;
    int failure; /* errno code of a read */
};

/*
 * The next line without its line end; the last one may lack that. The line is the caller's to read until the
 * next call. Returns 0; ENODATA after the last line; EFBIG for a line over QSC_LINE_BYTES_MAX (`number` is
 * its number), ENOMEM, or the errno code of read. Blocks until there is a whole line or the end. One thread.
 */
int qsc_lines_next(struct qsc_lines *lines, const char **line, size_t *bytes)
    __attribute__((warn_unused_result));

/* Whether the next line, or the end, can be had without waiting for whoever writes our input, who may be
   waiting for an answer to what they wrote. Reads what is there; does not block. */
bool qsc_lines_waiting(struct qsc_lines *lines);

/* Says on standard error what a code of qsc_lines_next means. */
void qsc_lines_complain(const struct qsc_lines *lines, int code);

void qsc_lines_fini(struct qsc_lines *lines);

#endif
