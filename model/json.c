#include <quiesce/model/json.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/file.h>

#include <errno.h>
#include <string.h>

enum { values_max = 2 << 20 };

bool qsc_json_is_too_much(const char *text, size_t length)
{
    size_t values = 1; // every further one follows one of these, which may also stand in a string
    for (size_t i = 0; i < length; i++)
        values += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return values > values_max;
}

// Parses what was read from path.
static int parse(const char *path, const char *text, size_t length, size_t flags, json_t **root,
                 struct qsc_error *err)
{
    json_error_t why;
    if (qsc_json_is_too_much(text, length))
        return qsc_fail(err, EFBIG, "%s: holds over %d JSON values; this cannot be the right file", path,
                        values_max);
    *root = json_loadb(text, length, JSON_REJECT_DUPLICATES | flags, &why);
    if (!*root && !*why.text)
        return qsc_file_fail(err, ENOMEM, path, "cannot read");
    if (!*root)
        return qsc_fail(err, EINVAL, "%s:%d:%d: not valid JSON: %s; mend that place, or fetch the file again",
                        path, why.line, why.column, why.text);
    if (json_is_object(*root))
        return 0;
    json_decref(*root);
    return qsc_fail(err, EINVAL, "%s: must hold one JSON object {...}", path);
}

int qsc_json_load(const char *path, size_t limit, size_t flags, json_t **root, struct qsc_error *err)
{
    char *text;
    size_t length;
    int code = qsc_file_read(path, limit, &text, &length, err);
    if (code)
        return code;
    code = parse(path, text, length, flags, root, err);
    qsc_free(text);
    return code;
}

int qsc_json_dump(const json_t *root, size_t flags, char **text, size_t *length)
{
    *length = root ? json_dumpb(root, NULL, 0, flags) : 0;
    *text = *length ? qsc_alloc(*length + 1) : NULL;
    if (!*text)
        return ENOMEM;
    if (json_dumpb(root, *text, *length, flags) != *length) {
        qsc_free(*text);
        return ENOMEM;
    }
    (*text)[*length] = 0;
    return 0;
}

int qsc_json_save(const json_t *root, const char *path, size_t flags, struct qsc_error *err)
{
    char *text;
    size_t length;
    int code = qsc_json_dump(root, flags, &text, &length);
    if (code)
        return qsc_file_fail(err, code, path, "cannot write");
    text[length] = '\n'; // in the place of the NUL
    code = qsc_file_save(path, text, length + 1, err);
    qsc_free(text);
    return code;
}

int qsc_json_int(const json_t *object, const char *where, const char *key, int low, int high, int *value,
                 struct qsc_error *err)
{
    const json_t *field = json_object_get(object, key);
    if (!field)
        return 0;
    if (!json_is_integer(field))
        return qsc_fail(err, EINVAL, "%s: %s must be an integer", where, key);
    json_int_t number = json_integer_value(field);
    if (number < low || number > high)
        return qsc_fail(err, EINVAL, "%s: %s is %lld; it must lie in %d..%d", where, key, (long long)number,
                        low, high);
    *value = (int)number;
    return 0;
}

int qsc_json_double(const json_t *object, const char *where, const char *key, double *value,
                    struct qsc_error *err)
{
    const json_t *field = json_object_get(object, key);
    if (!field)
        return 0;
    if (!json_is_number(field))
        return qsc_fail(err, EINVAL, "%s: %s must be a number", where, key);
    *value = json_number_value(field);
    return 0;
}

int qsc_json_bool(const json_t *object, const char *where, const char *key, bool *value,
                  struct qsc_error *err)
{
    const json_t *field = json_object_get(object, key);
    if (!field)
        return 0;
    if (!json_is_boolean(field))
        return qsc_fail(err, EINVAL, "%s: %s must be true or false", where, key);
    *value = json_is_true(field);
    return 0;
}

int qsc_json_expect(const json_t *object, const char *where, const char *key, const char *only,
                    struct qsc_error *err)
{
    const json_t *field = json_object_get(object, key);
    if (!field || json_is_null(field))
        return 0;
    const char *text = json_string_value(field);
    if (!text)
        return qsc_fail(err, EINVAL, "%s: %s must be the string \"%s\"", where, key, only);
    if (strcmp(text, only) != 0)
        return qsc_fail(err, EINVAL, "%s: %s \"%s\" is not supported; only \"%s\" is", where, key, text,
                        only);
    return 0;
}
