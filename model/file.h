#ifndef QUIESCE_MODEL_FILE_H
#define QUIESCE_MODEL_FILE_H

// Whole files in, and whole files out: what is written appears under its name in one step or not at all.
// Internal to model/.

#include <quiesce/model/error.h>

#include <stddef.h>

// Reads a file of at most `limit` bytes; *bytes is qsc_alloc'ed and has a NUL after its *length bytes.
// Returns 0, EFBIG, ENOMEM, or the errno code of open/read.
int qsc_file_read(const char *path, size_t limit, char **bytes, size_t *length, struct qsc_error *err)
    __attribute__((warn_unused_result));

// A file being written as PATH.partial, locked against a second writer (flock, which a kill releases).
struct qsc_file_writer {
    int descriptor;
    int directory;    // the one that holds it, synced after the rename
    const char *path; // the caller's, until commit or abort
    char *partial;
};

// Creates PATH.partial, or takes over one that a killed process left.
// Returns 0, EBUSY (another writer), ENOMEM or the code of the system call; after 0 the caller ends the
// writer with exactly one of commit and abort.
int qsc_file_create(struct qsc_file_writer *writer, const char *path, struct qsc_error *err)
    __attribute__((warn_unused_result));
int qsc_file_write(struct qsc_file_writer *writer, const void *bytes, size_t length, struct qsc_error *err)
    __attribute__((warn_unused_result));
// Syncs the file, gives it its name and syncs the directory. A failure aborts.
int qsc_file_commit(struct qsc_file_writer *writer, struct qsc_error *err)
    __attribute__((warn_unused_result));
void qsc_file_abort(struct qsc_file_writer *writer);

// All of that at once for a file whose bytes are at hand.
int qsc_file_save(const char *path, const void *bytes, size_t length, struct qsc_error *err)
    __attribute__((warn_unused_result));

// The line for a system call that failed on path: what could not be done, why, and what to do about it.
int qsc_file_fail(struct qsc_error *err, int code, const char *path, const char *what);

// a and b put together, qsc_alloc'ed; NULL when memory is short.
char *qsc_file_name(const char *a, const char *b);

// Opens the directory that holds path. Returns 0 or the errno code of open, ENOMEM.
int qsc_file_open_parent(const char *path, int *directory) __attribute__((warn_unused_result));

// Syncs an open directory, where the file system can. Returns 0 or an errno code.
int qsc_file_sync_directory(int directory) __attribute__((warn_unused_result));

// Locks an open file or directory against other writers, until it is closed.
// Returns 0; EBUSY: somebody else holds it; ESTALE: `path` names another file by now, open it again.
int qsc_file_lock(int descriptor, const char *path) __attribute__((warn_unused_result));

#endif
