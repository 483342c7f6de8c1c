#include <quiesce/model/safetensors.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/file.h>
#include <quiesce/model/json.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format is little-endian and copied as it is");

enum { length_bytes = 8, header_bytes_max = 100000000 };

static const struct {
    const char *name;
    unsigned size;
} dtypes[] = {
    [QSC_DTYPE_BOOL] = {"BOOL", 1}, [QSC_DTYPE_U8] = {"U8", 1},   [QSC_DTYPE_I8] = {"I8", 1},
    [QSC_DTYPE_I16] = {"I16", 2},   [QSC_DTYPE_U16] = {"U16", 2}, [QSC_DTYPE_F16] = {"F16", 2},
    [QSC_DTYPE_BF16] = {"BF16", 2}, [QSC_DTYPE_I32] = {"I32", 4}, [QSC_DTYPE_U32] = {"U32", 4},
    [QSC_DTYPE_F32] = {"F32", 4},   [QSC_DTYPE_I64] = {"I64", 8}, [QSC_DTYPE_U64] = {"U64", 8},
    [QSC_DTYPE_F64] = {"F64", 8},
};

struct qsc_safetensors {
    int descriptor;
    char *path;
    json_t *header; // owns the names and the metadata
    uint64_t data;  // where the data starts in the file
    struct qsc_tensor_info *tensors;
    size_t count;
};

static int read_at(const qsc_safetensors *file, void *out, uint64_t length, uint64_t offset,
                   struct qsc_error *err)
{
    char *next = out;
    while (length > 0) {
        ssize_t n = pread(file->descriptor, next, length, (off_t)offset);
        if (n == 0)
            return qsc_fail(err, EIO, "%s: became shorter while it was read", file->path);
        if (n > 0) {
            next += n;
            offset += (uint64_t)n;
            length -= (uint64_t)n;
        } else if (errno != EINTR) {
            return qsc_file_fail(err, errno, file->path, "cannot read");
        }
    }
    return 0;
}

static int find_dtype(const char *name, enum qsc_dtype *dtype)
{
    for (size_t i = 0; name && i < sizeof dtypes / sizeof *dtypes; i++) {
        if (strcmp(dtypes[i].name, name) == 0) {
            *dtype = (enum qsc_dtype)i;
            return 0;
        }
    }
    return EINVAL;
}

static int parse_uint(const json_t *number, uint64_t *value)
{
    if (!json_is_integer(number) || json_integer_value(number) < 0)
        return EINVAL;
    *value = (uint64_t)json_integer_value(number);
    return 0;
}

static int parse_tensor(const qsc_safetensors *file, const char *name, const json_t *entry,
                        struct qsc_tensor_info *tensor, struct qsc_error *err)
{
    const json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    *tensor = (struct qsc_tensor_info){.name = name, .elements = 1, .rank = (int)json_array_size(shape)};
    if (find_dtype(dtype, &tensor->dtype) != 0)
        return qsc_fail(err, EINVAL,
                        "%s: tensor \"%.200s\": unknown dtype \"%.20s\"; save it as F32, F16 or BF16",
                        file->path, name, dtype ? dtype : "");
    if (!json_is_array(shape) || json_array_size(shape) > QSC_TENSOR_RANK_MAX)
        return qsc_fail(
            err, EINVAL,
            "%s: tensor \"%.200s\": shape must be an array of at most %d sizes; fetch the file again",
            file->path, name, QSC_TENSOR_RANK_MAX);
    for (int i = 0; i < tensor->rank; i++) {
        if (parse_uint(json_array_get(shape, (size_t)i), &tensor->shape[i]) != 0 ||
            __builtin_mul_overflow(tensor->elements, tensor->shape[i], &tensor->elements))
            return qsc_fail(
                err, EINVAL,
                "%s: tensor \"%.200s\": a size in its shape is negative or too large; fetch the file again",
                file->path, name);
    }
    uint64_t bytes;
    if (json_array_size(offsets) != 2 || parse_uint(json_array_get(offsets, 0), &tensor->begin) != 0 ||
        parse_uint(json_array_get(offsets, 1), &tensor->end) != 0)
        return qsc_fail(err, EINVAL,
                        "%s: tensor \"%.200s\": data_offsets must be two numbers; fetch the file again",
                        file->path, name);
    if (__builtin_mul_overflow(tensor->elements, dtypes[tensor->dtype].size, &bytes) ||
        tensor->begin > tensor->end || tensor->end - tensor->begin != bytes)
        return qsc_fail(
            err, EINVAL,
            "%s: tensor \"%.200s\": data_offsets do not fit its shape and dtype; fetch the file again",
            file->path, name);
    return 0;
}

static int check_metadata(const qsc_safetensors *file, json_t *metadata, struct qsc_error *err)
{
    const char *key;
    json_t *value;
    bool strings = json_is_object(metadata);
    json_object_foreach(metadata, key, value)
    {
        strings = strings && json_is_string(value);
    }
    return strings ? 0
                   : qsc_fail(err, EINVAL, "%s: __metadata__ must hold strings only; save the file again",
                              file->path);
}

static int compare_begin(const void *a, const void *b)
{
    const struct qsc_tensor_info *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end); // an empty tensor goes before the one that starts there too
}

// The tensors, in the order of their data, must cover it: whatever lies between or behind could be anything.
static int check_cover(const qsc_safetensors *file, uint64_t data_bytes, struct qsc_error *err)
{
    uint64_t covered = 0;
    for (size_t i = 0; i < file->count; i++) {
        const struct qsc_tensor_info *tensor = &file->tensors[i];
        if (tensor->begin != covered)
            return qsc_fail(err, EINVAL, "%s: tensor \"%.200s\": its data %s; fetch the file again",
                            file->path, tensor->name,
                            tensor->begin < covered ? "overlaps another's" : "begins after a hole");
        covered = tensor->end;
    }
    if (covered > data_bytes)
        return qsc_fail(err, EINVAL, "%s: is truncated: %llu bytes of data, %llu expected; fetch it again",
                        file->path, (unsigned long long)data_bytes, (unsigned long long)covered);
    if (covered < data_bytes)
        return qsc_fail(err, EINVAL, "%s: %llu bytes follow the last tensor; fetch the file again",
                        file->path, (unsigned long long)(data_bytes - covered));
    return 0;
}

static int parse_header(qsc_safetensors *file, const char *text, size_t length, struct qsc_error *err)
{
    json_error_t why;
    if (qsc_json_is_too_much(text, length))
        return qsc_fail(
            err, EINVAL,
            "%s: its header of %zu bytes holds more entries than any model has; fetch the file again",
            file->path, length);
    file->header = text[0] == '{' ? json_loadb(text, length, JSON_REJECT_DUPLICATES, &why) : NULL;
    if (!file->header && text[0] == '{' && !*why.text)
        return qsc_file_fail(err, ENOMEM, file->path, "cannot read");
    if (!file->header)
        return qsc_fail(err, EINVAL, "%s: the header is not a JSON object: %s; fetch the file again",
                        file->path, text[0] == '{' ? why.text : "it must begin with '{'");
    size_t entries = json_object_size(file->header);
    file->tensors = qsc_alloc_zeroed(entries + 1, sizeof *file->tensors);
    if (!file->tensors)
        return qsc_file_fail(err, ENOMEM, file->path, "cannot read");
    const char *key;
    json_t *entry;
    int code = 0;
    json_object_foreach(file->header, key, entry)
    {
        if (strcmp(key, "__metadata__") == 0)
            code = check_metadata(file, entry, err);
        else
            code = parse_tensor(file, key, entry, &file->tensors[file->count++], err);
        if (code)
            return code;
    }
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_begin);
    return 0;
}

static int read_header(qsc_safetensors *file, struct qsc_error *err)
{
    struct stat status;
    if (fstat(file->descriptor, &status) != 0)
        return qsc_file_fail(err, errno, file->path, "cannot read");
    if (!S_ISREG(status.st_mode))
        return qsc_fail(err, EINVAL, "%s: is no regular file; name a safetensors file", file->path);
    if (status.st_size < length_bytes)
        return qsc_fail(err, EINVAL,
                        "%s: no safetensors file: shorter than its %d length bytes; fetch the file again",
                        file->path, length_bytes);
    uint64_t rest = (uint64_t)status.st_size - length_bytes, length;
    int code = read_at(file, &length, sizeof length, 0, err);
    if (code)
        return code;
    if (length > header_bytes_max || length > rest || length < 2)
        return qsc_fail(err, EINVAL,
                        "%s: states a header of %llu bytes, which cannot be; damaged or no safetensors file: "
                        "fetch it again",
                        file->path, (unsigned long long)length);
    char *text = qsc_alloc(length);
    if (!text)
        return qsc_file_fail(err, ENOMEM, file->path, "cannot read");
    code = read_at(file, text, length, length_bytes, err);
    if (!code)
        code = parse_header(file, text, length, err);
    qsc_free(text);
    file->data = length_bytes + length;
    return code ? code : check_cover(file, rest - length, err);
}

int qsc_safetensors_open(qsc_safetensors **file, const char *path, struct qsc_error *err)
{
    qsc_safetensors *fresh = qsc_alloc_zeroed(1, sizeof *fresh);
    if (!fresh)
        return qsc_file_fail(err, ENOMEM, path, "cannot open");
    fresh->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (fresh->descriptor < 0) {
        int code = qsc_file_fail(err, errno, path, "cannot open");
        qsc_free(fresh);
        return code;
    }
    fresh->path = qsc_file_name(path, "");
    int code = fresh->path ? read_header(fresh, err) : qsc_file_fail(err, ENOMEM, path, "cannot open");
    if (code)
        qsc_safetensors_close(fresh);
    else
        *file = fresh;
    return code;
}

void qsc_safetensors_close(qsc_safetensors *file)
{
    if (!file)
        return;
    close(file->descriptor);
    json_decref(file->header);
    qsc_free(file->tensors);
    qsc_free(file->path);
    qsc_free(file);
}

size_t qsc_safetensors_count(const qsc_safetensors *file)
{
    return file->count;
}

const struct qsc_tensor_info *qsc_safetensors_at(const qsc_safetensors *file, size_t i)
{
    return &file->tensors[i];
}

const struct qsc_tensor_info *qsc_safetensors_find(const qsc_safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++) {
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    }
    return NULL;
}

const char *qsc_safetensors_metadata(const qsc_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->header, "__metadata__"), key));
}

int qsc_safetensors_read(const qsc_safetensors *file, const struct qsc_tensor_info *tensor, void *out,
                         struct qsc_error *err)
{
    return read_at(file, out, tensor->end - tensor->begin, file->data + tensor->begin, err);
}

// IEEE 754 binary16 to binary32. Normal numbers get the other bias; of subnormal ones the hidden bit is made
// and taken off again by the subtraction, which is exact.
static float widen_f16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
    uint32_t bits;
    float value;
    if (exponent == 0) {
        bits = (uint32_t)(127 - 14) << 23 | fraction << 13;
        memcpy(&value, &bits, sizeof value);
        value -= 0x1p-14f;
        return sign ? -value : value;
    }
    bits = sign | (exponent == 0x1f ? 0xffu : exponent + 127 - 15) << 23 | fraction << 13;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float widen_bf16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

int qsc_safetensors_read_floats(const qsc_safetensors *file, const struct qsc_tensor_info *tensor, float *out,
                                struct qsc_error *err)
{
    if (tensor->dtype == QSC_DTYPE_F32)
        return qsc_safetensors_read(file, tensor, out, err);
    if (tensor->dtype != QSC_DTYPE_F16 && tensor->dtype != QSC_DTYPE_BF16)
        return qsc_fail(err, EINVAL, "%s: tensor \"%.200s\" is %s; only F32, F16 and BF16 can be weights",
                        file->path, tensor->name, dtypes[tensor->dtype].name);
    // The 16-bit numbers are read into the upper half of out and widened from the first on: the place of the
    // i-th float ends where the (i+1)-th number begins, or before.
    size_t n = tensor->elements;
    unsigned char *halves = (unsigned char *)out + 2 * n;
    int code = qsc_safetensors_read(file, tensor, halves, err);
    for (size_t i = 0; i < n && !code; i++) {
        uint16_t half;
        memcpy(&half, halves + 2 * i, sizeof half);
        out[i] = tensor->dtype == QSC_DTYPE_F16 ? widen_f16(half) : widen_bf16(half);
    }
    return code;
}

// Adds one tensor's entry to the header, its data beginning at *offset, and moves that on.
static int describe(json_t *header, const struct qsc_tensor_data *tensor, uint64_t *offset, const char *path,
                    struct qsc_error *err)
{
    json_t *shape = json_array();
    uint64_t bytes = dtypes[tensor->dtype].size, end;
    bool fits = true, complete = shape != NULL;
    for (int i = 0; i < tensor->rank; i++) {
        fits = fits && !__builtin_mul_overflow(bytes, tensor->shape[i], &bytes) && bytes <= INT64_MAX;
        complete = complete && json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i])) == 0;
    }
    fits = fits && !__builtin_add_overflow(*offset, bytes, &end) && end <= INT64_MAX;
    if (!fits || json_object_get(header, tensor->name)) {
        json_decref(shape);
        return qsc_fail(err, EINVAL, "%s: tensor \"%.200s\" %s", path, tensor->name,
                        fits ? "is there twice" : "is too large");
    }
    json_t *entry = complete ? json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtypes[tensor->dtype].name, "shape",
                                         shape, "data_offsets", (json_int_t)*offset, (json_int_t)end)
                             : NULL;
    if (!complete)
        json_decref(shape);
    *offset = end;
    if (json_object_set_new(header, tensor->name, entry) != 0)
        return qsc_fail(err, entry ? EINVAL : ENOMEM, "%s: cannot write tensor \"%.200s\"", path,
                        tensor->name);
    return 0;
}

// The JSON header, padded by blanks to a multiple of 8 bytes so that the data of most tensors is aligned.
static int format_header(char **text, size_t *length, const char *path, const struct qsc_tensor_data *tensors,
                         size_t count, const struct qsc_tensor_metadata *metadata, size_t metadata_count,
                         struct qsc_error *err)
{
    json_t *header = json_object(), *strings = metadata_count ? json_object() : NULL;
    int code = header && (strings || !metadata_count) ? 0 : qsc_file_fail(err, ENOMEM, path, "cannot write");
    for (size_t i = 0; i < metadata_count && !code; i++) {
        if (json_object_set_new(strings, metadata[i].key, json_string(metadata[i].value)) != 0)
            code = qsc_fail(err, EINVAL, "%s: cannot write metadata \"%.200s\"", path, metadata[i].key);
    }
    if (!code && strings && json_object_set(header, "__metadata__", strings) != 0)
        code = qsc_file_fail(err, ENOMEM, path, "cannot write");
    uint64_t offset = 0;
    for (size_t i = 0; i < count && !code; i++)
        code = describe(header, &tensors[i], &offset, path, err);
    char *compact;
    if (!code && (code = qsc_json_dump(header, JSON_COMPACT, &compact, length)) != 0)
        qsc_file_fail(err, code, path, "cannot write");
    json_decref(strings);
    json_decref(header);
    if (code)
        return code;
    size_t padded = (*length + 7) / 8 * 8;
    *text = qsc_realloc(compact, padded + 1);
    if (!*text) {
        qsc_free(compact);
        return qsc_file_fail(err, ENOMEM, path, "cannot write");
    }
    memset(*text + *length, ' ', padded - *length);
    *length = padded;
    return 0;
}

static int write_all(struct qsc_file_writer *writer, const char *header, uint64_t length,
                     const struct qsc_tensor_data *tensors, size_t count, struct qsc_error *err)
{
    int code = qsc_file_write(writer, &length, sizeof length, err);
    if (!code)
        code = qsc_file_write(writer, header, length, err);
    for (size_t i = 0; i < count && !code; i++) {
        uint64_t bytes = dtypes[tensors[i].dtype].size;
        for (int j = 0; j < tensors[i].rank; j++)
            bytes *= tensors[i].shape[j];
        code = qsc_file_write(writer, tensors[i].data, bytes, err);
    }
    return code;
}

int qsc_safetensors_write(const char *path, const struct qsc_tensor_data *tensors, size_t count,
                          const struct qsc_tensor_metadata *metadata, size_t metadata_count,
                          struct qsc_error *err)
{
    char *header;
    size_t length;
    int code = format_header(&header, &length, path, tensors, count, metadata, metadata_count, err);
    if (code)
        return code;
    struct qsc_file_writer writer;
    code = qsc_file_create(&writer, path, err);
    if (!code) {
        code = write_all(&writer, header, length, tensors, count, err);
        if (code)
            qsc_file_abort(&writer);
        else
            code = qsc_file_commit(&writer, err);
    }
    qsc_free(header);
    return code;
}
