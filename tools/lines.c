#include "lines.h"

#include "command.h"

#include <quiesce/concurrency/alloc.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 16 };

/* Makes room for a block behind `end`. */
static int make_room(struct qsc_lines *lines)
{
    if (lines->begin > 0) {
        memmove(lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
        lines->end -= lines->begin;
        lines->begin = 0;
    }
    if (lines->capacity - lines->end >= BLOCK_BYTES)
        return 0;
    const size_t capacity = 2 * lines->capacity + BLOCK_BYTES;
    char *buffer = qsc_realloc(lines->buffer, capacity);
    if (!buffer)
        return ENOMEM;
    lines->buffer = buffer;
    lines->capacity = capacity;
    return 0;
}

static int read_block(struct qsc_lines *lines)
{
    const int status = make_room(lines);
    if (status)
        return status;
    ssize_t got;
    do
        got = read(lines->descriptor, lines->buffer + lines->end, BLOCK_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno;
    lines->end += (size_t)got;
    lines->at_end = got == 0;
    return 0;
}

/* Finds the end of the line that begins at `begin`. Returns whether it, or the fault that ends the reading,
   is known without reading on. */
static bool find_line(struct qsc_lines *lines)
{
    const size_t length = lines->end - lines->begin;
    if (length > lines->searched) {
        const char *start = lines->buffer + lines->begin;
        const char *line_end = memchr(start + lines->searched, '\n', length - lines->searched);
        lines->searched = line_end ? (size_t)(line_end - start) : length;
        if (line_end)
            return true;
    }
    return lines->at_end || lines->failure || lines->searched > QSC_LINE_BYTES_MAX;
}

int qsc_lines_next(struct qsc_lines *lines, const char **line, size_t *bytes)
{
    while (!find_line(lines))
        lines->failure = read_block(lines);
    if (lines->failure)
        return lines->failure;
    const size_t length = lines->end - lines->begin;
    if (lines->at_end && length == 0)
        return ENODATA;
    lines->number++;
    if (lines->searched > QSC_LINE_BYTES_MAX)
        return EFBIG;
    *line = lines->buffer + lines->begin;
    *bytes = lines->searched;
    lines->begin += lines->searched < length ? lines->searched + 1 : length;
    lines->searched = 0;
    return 0;
}

bool qsc_lines_waiting(struct qsc_lines *lines)
{
    while (!find_line(lines)) {
        struct pollfd input = {.fd = lines->descriptor, .events = POLLIN};
        if (poll(&input, 1, 0) == 0)
            return false;
        lines->failure = read_block(lines);
    }
    return true;
}

void qsc_lines_complain(const struct qsc_lines *lines, int code)
{
    if (code == EFBIG)
        qsc_complain("standard input:%" PRIu64 ": the line is longer than %d MiB; break it into lines",
                     lines->number, QSC_LINE_BYTES_MAX >> 20);
    else
        qsc_complain("standard input:%" PRIu64 ": %s", lines->number + 1, strerror(code));
}

void qsc_lines_fini(struct qsc_lines *lines)
{
    qsc_free(lines->buffer);
    *lines = (struct qsc_lines){.descriptor = lines->descriptor};
}
