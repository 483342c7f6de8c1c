#include <quiesce/model/file.h>

#include <quiesce/concurrency/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *remedy(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return "; free some space or choose another place";
    case EACCES:
    case EPERM:
    case EROFS:
        return "; choose a place this user may use";
    case ENOENT:
    case ENOTDIR:
        return "; check the path";
    case EISDIR:
        return "; name a file";
    case EBUSY:
        return "; wait for it or choose another place";
    default:
        return "";
    }
}

int qsc_file_fail(struct qsc_error *err, int code, const char *path, const char *what)
{
    const char *why = code == EBUSY ? "another process is writing there" : strerror(code);
    return qsc_fail(err, code, "%s: %s: %s%s", path, what, why, remedy(code));
}

char *qsc_file_name(const char *a, const char *b)
{
    char *name = qsc_alloc(strlen(a) + strlen(b) + 1);
    if (name)
        stpcpy(stpcpy(name, a), b);
    return name;
}

// Reads to the end, or until the buffer is full; short only at the end. Returns 0 or an errno code.
static int read_fully(int descriptor, char *bytes, size_t capacity, size_t *length)
{
    *length = 0;
    while (*length < capacity) {
        ssize_t n = read(descriptor, bytes + *length, capacity - *length);
        if (n == 0)
            return 0;
        if (n > 0)
            *length += (size_t)n;
        else if (errno != EINTR)
            return errno;
    }
    return 0;
}

// Reads all there is, more than `limit` bytes at most by a factor of two. The buffer grows as it is read: the
// size that stat reports is no promise, and 0 for a pipe. Returns 0 or an errno code.
static int read_all(int descriptor, size_t limit, char **bytes, size_t *length)
{
    size_t capacity = 4096, more;
    char *buffer = qsc_alloc(capacity + 1);
    int code = buffer ? read_fully(descriptor, buffer, capacity, length) : ENOMEM;
    while (!code && *length == capacity && *length <= limit) {
        char *larger = qsc_realloc(buffer, 2 * capacity + 1);
        code = larger ? read_fully(descriptor, larger + capacity, capacity, &more) : ENOMEM;
        if (larger)
            buffer = larger;
        if (!code)
            *length += more;
        capacity *= 2;
    }
    if (!code && *length > limit)
        code = EFBIG;
    if (code) {
        qsc_free(buffer);
        return code;
    }
    buffer[*length] = 0;
    *bytes = buffer;
    return 0;
}

int qsc_file_read(const char *path, size_t limit, char **bytes, size_t *length, struct qsc_error *err)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return qsc_file_fail(err, errno, path, "cannot open");
    int code = read_all(descriptor, limit, bytes, length);
    close(descriptor);
    if (code == EFBIG)
        return qsc_fail(err, code, "%s: longer than %zu bytes; this cannot be the right file", path, limit);
    return code ? qsc_file_fail(err, code, path, "cannot read") : 0;
}

int qsc_file_lock(int descriptor, const char *path)
{
    struct stat held, named;
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? EBUSY : errno;
    if (fstat(descriptor, &held) != 0)
        return errno;
    if (lstat(path, &named) != 0)
        return errno == ENOENT ? ESTALE : errno;
    return named.st_ino == held.st_ino && named.st_dev == held.st_dev ? 0 : ESTALE;
}

int qsc_file_open_parent(const char *path, int *directory)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    char *parent = qsc_alloc(length + 2);
    if (!parent)
        return ENOMEM;
    memcpy(parent, path, length);
    memcpy(parent + length, ".", 2);
    *directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = *directory < 0 ? errno : 0;
    qsc_free(parent);
    return code;
}

int qsc_file_sync_directory(int directory)
{
    return fsync(directory) != 0 && errno != EINVAL ? errno
                                                    : 0; // EINVAL: it cannot be synced, nor need it be
}

// Opens PATH.partial alone: locked, empty, and surely the file of that name.
static int open_partial(struct qsc_file_writer *writer)
{
    int code;
    do {
        writer->descriptor = open(writer->partial, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (writer->descriptor < 0)
            return errno;
        code = qsc_file_lock(writer->descriptor, writer->partial);
        if (!code && ftruncate(writer->descriptor, 0) != 0)
            code = errno;
        if (code)
            close(writer->descriptor);
    } while (code == ESTALE);
    return code;
}

int qsc_file_create(struct qsc_file_writer *writer, const char *path, struct qsc_error *err)
{
    *writer = (struct qsc_file_writer){.descriptor = -1, .directory = -1, .path = path};
    writer->partial = qsc_file_name(path, ".partial");
    if (!writer->partial)
        return qsc_file_fail(err, ENOMEM, path, "cannot write");
    int code = qsc_file_open_parent(path, &writer->directory);
    if (!code) {
        code = open_partial(writer);
        if (code)
            close(writer->directory);
    }
    if (code) {
        qsc_file_fail(err, code, path, "cannot write");
        qsc_free(writer->partial);
    }
    return code;
}

int qsc_file_write(struct qsc_file_writer *writer, const void *bytes, size_t length, struct qsc_error *err)
{
    const char *next = bytes;
    while (length > 0) {
        ssize_t n = write(writer->descriptor, next, length);
        if (n >= 0) {
            next += n;
            length -= (size_t)n;
        } else if (errno != EINTR) {
            return qsc_file_fail(err, errno, writer->partial, "cannot write");
        }
    }
    return 0;
}

static void end(struct qsc_file_writer *writer)
{
    close(writer->descriptor);
    close(writer->directory);
    qsc_free(writer->partial);
}

int qsc_file_commit(struct qsc_file_writer *writer, struct qsc_error *err)
{
    if (fsync(writer->descriptor) != 0 || rename(writer->partial, writer->path) != 0) {
        int code = qsc_file_fail(err, errno, writer->path, "cannot write");
        qsc_file_abort(writer);
        return code;
    }
    int code = qsc_file_sync_directory(writer->directory);
    if (code)
        qsc_file_fail(err, code, writer->path, "cannot sync its directory");
    end(writer);
    return code;
}

void qsc_file_abort(struct qsc_file_writer *writer)
{
    unlink(writer->partial); // before the lock goes with the descriptor
    end(writer);
}

int qsc_file_save(const char *path, const void *bytes, size_t length, struct qsc_error *err)
{
    struct qsc_file_writer writer;
    int code = qsc_file_create(&writer, path, err);
    if (code)
        return code;
    code = qsc_file_write(&writer, bytes, length, err);
    if (code) {
        qsc_file_abort(&writer);
        return code;
    }
    return qsc_file_commit(&writer, err);
}
