#ifndef QUIESCE_MODEL_DIRECTORY_H
#define QUIESCE_MODEL_DIRECTORY_H

// A directory of a few known files that is replaced in one step. Internal to model/.

#include <quiesce/model/error.h>

// The new content, being written to files of TARGET.partial.
struct qsc_directory_writer {
    char *target;             // without symbolic links, if it exists
    char *partial;            // where the caller puts the files
    int descriptor;           // of partial, locked against a second writer until commit or abort
    int parent;               // of the directory that holds both
    const char *const *names; // the files that may stand in target, ending with NULL; the caller's
};

// Begins to replace the directory at path: creates an empty TARGET.partial, or empties one that a killed
// process left. Returns 0, EEXIST (partial or target holds files of other names), EXDEV (target is a mount
// point), EBUSY (another writer), ENOMEM or the code of the system call; after 0 the caller ends the writer
// with exactly one of commit and abort.
int qsc_directory_create(struct qsc_directory_writer *writer, const char *path, const char *const *names,
                         struct qsc_error *err) __attribute__((warn_unused_result));

// Syncs the new directory and puts it in the place of target: rename where there is none, else
// renameat2(RENAME_EXCHANGE), after which the former one, now called partial, is removed. So at any moment
// target is one of the two, whole. A failure before that step aborts.
int qsc_directory_commit(struct qsc_directory_writer *writer, struct qsc_error *err)
    __attribute__((warn_unused_result));
void qsc_directory_abort(struct qsc_directory_writer *writer);

// Says whether the directory at path could be replaced; changes nothing. Returns as qsc_directory_create.
int qsc_directory_check(const char *path, const char *const *names, struct qsc_error *err)
    __attribute__((warn_unused_result));

#endif
