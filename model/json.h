#ifndef QUIESCE_MODEL_JSON_H
#define QUIESCE_MODEL_JSON_H

// Fields of a JSON object in a file, with the error lines that a person needs. Internal to model/.

#include <quiesce/model/error.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

// Whether a text may hold more values than any file of a model does. jansson takes up to some two hundred
// bytes for a value of two, so that 100 MB of hostile text would become gigabytes.
bool qsc_json_is_too_much(const char *text, size_t length);

// Reads a file that holds one JSON object without duplicate keys; `flags` are further ones of jansson's
// decoder. Returns 0, EINVAL (not that), EFBIG, ENOMEM, or the errno code of open/read. json_decref(*root)
// ends it.
int qsc_json_load(const char *path, size_t limit, size_t flags, json_t **root, struct qsc_error *err)
    __attribute__((warn_unused_result));

// The text of `root`, qsc_alloc'ed; *length does not count the NUL after it. root may be NULL, which is what
// jansson gives when it could not allocate.
// Returns 0 or ENOMEM.
int qsc_json_dump(const json_t *root, size_t flags, char **text, size_t *length)
    __attribute__((warn_unused_result));

// Writes that text and a newline under path, in one step.
// Returns 0, ENOMEM, or as qsc_file_save.
int qsc_json_save(const json_t *root, const char *path, size_t flags, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Each leaves *value alone where the key is missing, and fails with EINVAL for another type, or a number
// outside [low, high]. `where` names the file in the error line.
int qsc_json_int(const json_t *object, const char *where, const char *key, int low, int high, int *value,
                 struct qsc_error *err) __attribute__((warn_unused_result));
int qsc_json_double(const json_t *object, const char *where, const char *key, double *value,
                    struct qsc_error *err) __attribute__((warn_unused_result));
int qsc_json_bool(const json_t *object, const char *where, const char *key, bool *value,
                  struct qsc_error *err) __attribute__((warn_unused_result));

// Fails with EINVAL where the key is there with anything but that string (or null).
int qsc_json_expect(const json_t *object, const char *where, const char *key, const char *only,
                    struct qsc_error *err) __attribute__((warn_unused_result));

#endif
