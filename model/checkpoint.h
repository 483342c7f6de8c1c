#ifndef QUIESCE_MODEL_CHECKPOINT_H
#define QUIESCE_MODEL_CHECKPOINT_H

#include <quiesce/model/config.h>
#include <quiesce/model/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A Hugging Face model directory (config.json, vocab.txt, tokenizer_config.json, model.safetensors as
// transformers writes them for BertForTokenClassification) and the same in memory. All-zero bytes are valid.
struct qsc_model {
    struct qsc_bert_config config;
    bool lowercase;     // tokenizer_config.json's do_lower_case; transformers' default is true
    char *vocab;        // the bytes of vocab.txt, a NUL after them
    size_t vocab_bytes; // without that NUL
    char *vocab_path;   // the file it came from, for messages; NULL where it came from none
    float *params;      // flat, in the order of qsc_bert_layout (bert.h), 64-byte aligned
    size_t floats;
};

// Loads a directory that holds a whole token classifier. Tensor names may lack the prefix `bert.` or end in
// LayerNorm.gamma and .beta; F16 and BF16 are widened; tensors that a token classifier does not have (pooler,
// cls.*, position_ids) are passed over. Where there is no vocab.txt the vocabulary is taken from
// tokenizer.json. Every tensor's name, dtype and shape is checked before the first is read.
// Returns 0; EINVAL for whatever is wrong with a file, ENOENT and other codes of open/read, ENOMEM: *model is
// then all zero. Blocks on the files. Any thread.
int qsc_model_load(struct qsc_model *model, const char *directory, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Loads a directory to be trained on data that uses labels[0..count). Where it holds a classifier its own
// labels count, and each of the given ones must be among them; where it holds none, a new classifier for the
// given labels is drawn from seed.
// Returns as qsc_model_load; EINVAL also for a label that the directory's classifier does not know.
int qsc_model_load_for_training(struct qsc_model *model, const char *directory, const char *const *labels,
                                int count, uint64_t seed, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Makes a model with weights drawn from seed for the shape of config_file, with labels[0..count) in the place
// of its own and the vocabulary of vocab_file.
// Returns as qsc_model_load.
int qsc_model_create(struct qsc_model *model, const char *config_file, const char *vocab_file, bool lowercase,
                     const char *const *labels, int count, uint64_t seed, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Frees what the model owns and makes it all zero.
void qsc_model_fini(struct qsc_model *model);

// Writes the four files into DIRECTORY.partial, each synced, then puts that in the place of `directory` in
// one step: rename where there is none yet, else renameat2(RENAME_EXCHANGE), and removes the former one.
// Killed at any moment, `directory` is the old model or the new, whole; a DIRECTORY.partial left by a kill is
// removed by the next save. A directory that holds anything but a model's four files is refused, never
// removed. Returns 0; EEXIST (foreign files), EXDEV (a mount point), EBUSY (another process saves there),
// EINVAL (the file system cannot exchange), ENOMEM or the errno code of the system call that failed:
// `directory` is then as it was and nothing half-written is left. Blocks on the files. Any thread.
int qsc_model_save(const struct qsc_model *model, const char *directory, struct qsc_error *err)
    __attribute__((warn_unused_result));

// Says before hours of work whether qsc_model_save could put a model there: the parent is writable, and what
// stands there now, if anything, may be replaced.
// Returns as qsc_model_save; changes nothing.
int qsc_model_save_check(const char *directory, struct qsc_error *err) __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
