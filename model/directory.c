#define _GNU_SOURCE // renameat2

#include <quiesce/model/directory.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/file.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// NAME or NAME.partial, which is what an interrupted write leaves.
static bool is_known(const char *name, const char *const *names)
{
    for (; *names; names++) {
        size_t length = strlen(*names);
        if (strncmp(name, *names, length) == 0 && (!name[length] || strcmp(name + length, ".partial") == 0))
            return true;
    }
    return false;
}

// Goes through the entries of an open directory: `empty` unlinks the known ones, otherwise the first foreign
// one is an error. Returns 0 or an errno code; path is for the error line.
static int go_through(int directory, const char *path, const char *const *names, bool empty,
                      struct qsc_error *err)
{
    int again =
        openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); // closedir closes what it is given
    DIR *entries = again < 0 ? NULL : fdopendir(again);
    if (!entries) {
        int code = qsc_file_fail(err, errno, path, "cannot read the directory");
        if (again >= 0)
            close(again);
        return code;
    }
    int code = 0;
    const struct dirent *entry;
    while (!code && (entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!is_known(entry->d_name, names))
            code =
                qsc_fail(err, EEXIST,
                         "%s: holds %s, which is no part of a model and would be lost; choose another place",
                         path, entry->d_name);
        else if (empty && unlinkat(directory, entry->d_name, 0) != 0 && errno != ENOENT)
            code = qsc_file_fail(err, errno, path, "cannot empty the directory");
    }
    closedir(entries);
    return code;
}

// `path` without trailing slashes; where it exists, without symbolic links, so that the directory itself is
// replaced and not a link to it. qsc_alloc'ed; NULL with *code set.
static char *resolve(const char *path, int *code)
{
    char real[PATH_MAX];
    const char *name = realpath(path, real);
    *code = name || errno == ENOENT ? 0 : errno;
    if (*code)
        return NULL;
    char *target = qsc_file_name(name ? name : path, "");
    if (!target) {
        *code = ENOMEM;
        return NULL;
    }
    for (size_t n = strlen(target); n > 1 && target[n - 1] == '/'; n--)
        target[n - 1] = 0;
    return target;
}

// Another file system is mounted there: its root can be no other directory.
static bool is_mount_point(int directory)
{
    struct stat inner, outer;
    return fstat(directory, &inner) == 0 && fstatat(directory, "..", &outer, 0) == 0 &&
           inner.st_dev != outer.st_dev;
}

// Opens what stands at path. *directory is -1 where nothing does, which is no error.
static int open_existing(const char *path, const char *const *names, int *directory, struct qsc_error *err)
{
    *directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*directory < 0)
        return errno == ENOENT ? 0 : qsc_file_fail(err, errno, path, "cannot be replaced");
    int code = is_mount_point(*directory)
                   ? qsc_fail(err, EXDEV,
                              "%s: is a mount point, which cannot be replaced; name a directory in it", path)
                   : go_through(*directory, path, names, false, err);
    if (code)
        close(*directory);
    return code;
}

int qsc_directory_check(const char *path, const char *const *names, struct qsc_error *err)
{
    int code, directory = -1;
    char *target = resolve(path, &code);
    if (!target)
        return qsc_file_fail(err, code, path, "cannot write there");
    code = open_existing(target, names, &directory, err);
    if (!code && directory >= 0)
        close(directory);
    if (!code) {
        code = qsc_file_open_parent(target, &directory);
        if (!code) {
            code = faccessat(directory, ".", W_OK | X_OK, AT_EACCESS) != 0 ? errno : 0;
            close(directory);
        }
        if (code)
            qsc_file_fail(err, code, path, "cannot write there");
    }
    qsc_free(target);
    return code;
}

static void end(struct qsc_directory_writer *writer)
{
    if (writer->descriptor >= 0)
        close(writer->descriptor);
    if (writer->parent >= 0)
        close(writer->parent);
    qsc_free(writer->target);
    qsc_free(writer->partial);
}

// Makes partial, alone with it and empty.
static int open_partial(struct qsc_directory_writer *writer, struct qsc_error *err)
{
    int code;
    do {
        if (writer->descriptor >= 0)
            close(writer->descriptor);
        if (mkdir(writer->partial, 0777) != 0 && errno != EEXIST)
            return qsc_file_fail(err, errno, writer->partial, "cannot make the directory");
        writer->descriptor = open(writer->partial, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (writer->descriptor < 0)
            code = errno == ENOENT ? ESTALE : errno;
        else
            code = qsc_file_lock(writer->descriptor, writer->partial);
    } while (code == ESTALE);
    if (code)
        return qsc_file_fail(err, code, writer->partial, "cannot write there");
    code = go_through(writer->descriptor, writer->partial, writer->names, false, err);
    return code ? code : go_through(writer->descriptor, writer->partial, writer->names, true, err);
}

int qsc_directory_create(struct qsc_directory_writer *writer, const char *path, const char *const *names,
                         struct qsc_error *err)
{
    *writer = (struct qsc_directory_writer){.descriptor = -1, .parent = -1, .names = names};
    int code = qsc_directory_check(path, names, err);
    if (code)
        return code;
    writer->target = resolve(path, &code);
    if (writer->target && !(writer->partial = qsc_file_name(writer->target, ".partial")))
        code = ENOMEM;
    if (!code)
        code = qsc_file_open_parent(writer->target, &writer->parent);
    if (code)
        qsc_file_fail(err, code, path, "cannot write there");
    else
        code = open_partial(writer, err);
    if (code)
        end(writer);
    return code;
}

// The one step. Returns 0 or an errno code.
static int put_in_place(const struct qsc_directory_writer *writer, int former)
{
    if (former >= 0)
        return renameat2(AT_FDCWD, writer->partial, AT_FDCWD, writer->target, RENAME_EXCHANGE) ? errno : 0;
    if (renameat2(AT_FDCWD, writer->partial, AT_FDCWD, writer->target, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    return rename(writer->partial, writer->target) ? errno : 0; // replaces at most an empty directory
}

int qsc_directory_commit(struct qsc_directory_writer *writer, struct qsc_error *err)
{
    int former;
    int code = open_existing(writer->target, writer->names, &former, err);
    if (code) {
        qsc_directory_abort(writer);
        return code;
    }
    // The lock on the former directory keeps others out of what is to become partial.
    if (former >= 0)
        code = qsc_file_lock(former, writer->target);
    if (!code)
        code = qsc_file_sync_directory(writer->descriptor);
    if (!code)
        code = put_in_place(writer, former);
    if (code == EINVAL || code == ENOSYS)
        qsc_fail(err, code,
                 "%s: this file system cannot exchange directories; choose a name that is not taken",
                 writer->target);
    else if (code)
        qsc_file_fail(err, code, writer->target, "cannot be replaced");
    if (code) {
        if (former >= 0)
            close(former);
        qsc_directory_abort(writer);
        return code;
    }
    code = qsc_file_sync_directory(writer->parent);
    if (code)
        qsc_file_fail(err, code, writer->target, "cannot sync its directory");
    if (former >= 0) {
        // The new directory stands; should this fail, the next save removes what is left.
        if (go_through(former, writer->partial, writer->names, true, NULL) == 0)
            rmdir(writer->partial);
        close(former);
    }
    end(writer);
    return code;
}

void qsc_directory_abort(struct qsc_directory_writer *writer)
{
    if (go_through(writer->descriptor, writer->partial, writer->names, true, NULL) == 0)
        rmdir(writer->partial);
    end(writer);
}
