#include "metrics.h"

#include <quiesce/concurrency/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const struct qsc_metrics *m, int code, const char *what, struct qsc_error *err)
{
    const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
    return qsc_fail(err, code, "%s: cannot %s: %s; %s", m->path, what, strerror(code),
                    full ? "free some space, then --resume goes on" : "name another file");
}

/* The place that the note names; false where there is none for this file, or a kill came before it was
   written. */
static bool read_mark(const struct qsc_metrics *m, uint64_t *begin)
{
    FILE *file = fopen(m->mark, "re");
    char *line = NULL, *path;
    size_t size = 0;
    const bool whole = file && getline(&line, &size, file) > 0 && line[strlen(line) - 1] == '\n';
    if (whole)
        *begin = strtoull(line, &path, 10);
    const size_t length = strlen(m->path);
    const bool good = whole && *path == ' ' && strncmp(path + 1, m->path, length) == 0 &&
                      strcmp(path + 1 + length, "\n") == 0;
    free(line);
    if (file)
        fclose(file);
    return good;
}

static int write_mark(const struct qsc_metrics *m)
{
    FILE *file = fopen(m->mark, "we");
    if (!file)
        return errno;
    const bool written = fprintf(file, "%" PRIu64 " %s\n", m->begin, m->path) > 0;
    return fclose(file) == 0 && written ? 0 : errno;
}

static int open_file(struct qsc_metrics *m)
{
    int descriptor = open(m->path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    m->created = descriptor >= 0;
    if (descriptor < 0)
        descriptor = open(m->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0 || !(m->file = fdopen(descriptor, "a")))
        return errno;
    m->regular = S_ISREG(status.st_mode);
    m->begin = (uint64_t)status.st_size;
    return 0;
}

int qsc_metrics_open(struct qsc_metrics *m, const char *path, char *mark, bool resume, struct qsc_error *err)
{
    *m = (struct qsc_metrics){.path = path, .mark = mark};
    uint64_t begin;
    int code = open_file(m);
    if (!code && m->regular) {
        if (resume && read_mark(m, &begin) && begin <= m->begin)
            m->begin = begin;
        else
            code = write_mark(m);
    }
    if (code) {
        fail(m, code, "open", err);
        qsc_metrics_close(m, false);
    }
    return code;
}

/* Where the first line begins that is of `step` or later, or is not whole. */
static off_t find_cut(FILE *file, uint64_t begin, uint64_t step)
{
    static const char key[] = "\"step\": ";
    off_t at = (off_t)begin;
    char *line = NULL;
    size_t size = 0;
    for (ssize_t length; (length = getline(&line, &size, file)) > 0; at += length) {
        const char *number = strstr(line, key);
        if (line[length - 1] != '\n' || !number || strtoull(number + strlen(key), NULL, 10) >= step)
            break;
    }
    free(line);
    return at;
}

int qsc_metrics_cut(struct qsc_metrics *m, uint64_t step, struct qsc_error *err)
{
    if (!m->file || !m->regular)
        return 0;
    FILE *file = fopen(m->path, "re");
    int code = file && fseeko(file, (off_t)m->begin, SEEK_SET) == 0 ? 0 : errno;
    if (!code) {
        const off_t end = find_cut(file, m->begin, step);
        code = ferror(file) ? EIO : ftruncate(fileno(m->file), end) != 0 ? errno : 0;
    }
    if (file)
        fclose(file);
    return code ? fail(m, code, "take back what is repeated", err) : 0;
}

int qsc_metrics_add(struct qsc_metrics *m, struct qsc_error *err, const char *format, ...)
{
    if (!m->file)
        return 0;
    va_list arguments;
    va_start(arguments, format);
    const int length = vfprintf(m->file, format, arguments);
    va_end(arguments);
    return length >= 0 && fflush(m->file) == 0 ? 0 : fail(m, errno, "write", err);
}

void qsc_metrics_close(struct qsc_metrics *m, bool resumable)
{
    struct stat status;
    const bool empty = m->file && fstat(fileno(m->file), &status) == 0 && status.st_size == 0;
    if (m->file)
        fclose(m->file);
    if (!resumable && m->created && empty)
        unlink(m->path);
    if (!resumable && m->mark)
        unlink(m->mark);
    qsc_free(m->mark);
    *m = (struct qsc_metrics){0};
}
