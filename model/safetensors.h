#ifndef QUIESCE_MODEL_SAFETENSORS_H
#define QUIESCE_MODEL_SAFETENSORS_H

#include <quiesce/model/error.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Files of named tensors: 8 bytes little-endian header length, a JSON header, the data (format of
// https://github.com/huggingface/safetensors). A file is validated wholly when it is opened: header at most
// 100 MB and two million values, within the file, UTF-8, no duplicate name, every size free of
// overflow and equal to its byte range, ranges that cover the data exactly (no hole, no overlap, no trailing
// byte). Data is read into the caller's memory, never mapped: a file that somebody overwrites must not change
// weights in use.

enum qsc_dtype {
    QSC_DTYPE_BOOL,
    QSC_DTYPE_U8,
    QSC_DTYPE_I8,
    QSC_DTYPE_I16,
    QSC_DTYPE_U16,
    QSC_DTYPE_F16,
    QSC_DTYPE_BF16,
    QSC_DTYPE_I32,
    QSC_DTYPE_U32,
    QSC_DTYPE_F32,
    QSC_DTYPE_I64,
    QSC_DTYPE_U64,
    QSC_DTYPE_F64
};

enum { QSC_TENSOR_RANK_MAX = 8 };

struct qsc_tensor_info {
    const char *name;
    enum qsc_dtype dtype;
    int rank;
    uint64_t shape[QSC_TENSOR_RANK_MAX]; // row-major
    uint64_t elements;                   // product of shape; 1 for rank 0
    uint64_t begin, end;                 // bytes, from the start of the data
};

typedef struct qsc_safetensors qsc_safetensors; // an open, validated file; immutable but for its offset

// Opens and validates path, reading the header only.
// Returns 0; EINVAL for whatever the format forbids, ENOMEM, or the errno code of open/read; *file is set
// only by 0. Blocks on the file. Any thread.
int qsc_safetensors_open(qsc_safetensors **file, const char *path, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Closes the file and frees everything its tensor infos and metadata point to. NULL is allowed.
void qsc_safetensors_close(qsc_safetensors *file);

// How many tensors there are, the i-th in the order of their data, and the one of that name or NULL.
// Wait-free; any thread.
size_t qsc_safetensors_count(const qsc_safetensors *file);
const struct qsc_tensor_info *qsc_safetensors_at(const qsc_safetensors *file, size_t i);
const struct qsc_tensor_info *qsc_safetensors_find(const qsc_safetensors *file, const char *name);

// The string under key in __metadata__, or NULL. Lives as long as the file is open.
const char *qsc_safetensors_metadata(const qsc_safetensors *file, const char *key);

// Reads a tensor's bytes as they are (end - begin of them) into out.
// Returns 0, EIO when the file has become shorter meanwhile, or the errno code of read. Blocks on the file.
// Any thread, several at once.
int qsc_safetensors_read(const qsc_safetensors *file, const struct qsc_tensor_info *tensor, void *out,
                         struct qsc_error *err) __attribute__((warn_unused_result));

// Reads a tensor of F32, or of F16 or BF16 widened exactly, into out[0..elements).
// Returns 0, EINVAL for another dtype, ENOMEM, or as qsc_safetensors_read.
int qsc_safetensors_read_floats(const qsc_safetensors *file, const struct qsc_tensor_info *tensor, float *out,
                                struct qsc_error *err) __attribute__((warn_unused_result));

struct qsc_tensor_data {
    const char *name;
    enum qsc_dtype dtype;
    int rank;
    uint64_t shape[QSC_TENSOR_RANK_MAX];
    const void *data;
};

struct qsc_tensor_metadata {
    const char *key, *value;
};

// Writes the tensors in the given order, so that equal input gives equal bytes: to a temporary name beside
// path, synced, renamed. metadata may be NULL where metadata_count is 0.
// Returns 0; EINVAL (a name twice or not UTF-8, a size that overflows), ENOMEM, or the errno code of the
// system call that failed (ENOSPC, EACCES, ...): path is then as it was and nothing else is left behind.
// Blocks on the file. Any thread.
int qsc_safetensors_write(const char *path, const struct qsc_tensor_data *tensors, size_t count,
                          const struct qsc_tensor_metadata *metadata, size_t metadata_count,
                          struct qsc_error *err) __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
