#ifndef QUIESCE_MODEL_TRAINING_STATE_H
#define QUIESCE_MODEL_TRAINING_STATE_H

// All that a training needs to go on as if it had never stopped, in memory and in its checkpoint file.
// Internal to model/.

#include <quiesce/model/error.h>

#include <stddef.h>
#include <stdint.h>

enum { QSC_TRAINING_TRAITS_MAX = 24 };

// What makes it this training and no other: a checkpoint of another one must not be taken for it.
struct qsc_training_identity {
    int count;
    struct {
        const char *name;
        char value[64];
    } trait[QSC_TRAINING_TRAITS_MAX];
};

void qsc_training_identity_number(struct qsc_training_identity *identity, const char *name, double value);
void qsc_training_identity_text(struct qsc_training_identity *identity, const char *name, const char *value);
void qsc_training_identity_hash(struct qsc_training_identity *identity, const char *name, uint64_t hash);

// FNV-1a over the bytes, going on from `hash`; QSC_HASH_START begins.
#define QSC_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t qsc_training_hash(uint64_t hash, const void *bytes, size_t length);

// The randomness of a step is a function of seed and step: the step is the generator's whole position.
struct qsc_training_state {
    uint64_t step;  // made so far
    size_t floats;  // of each array
    float *params;  // the caller's; where the weights live
    float *m, *v;   // the optimiser's; v is NULL for SGD
    float *best;    // weights of the best evaluation; NULL: there is no validation data
    double best_f1; // negative before the first evaluation
    uint64_t best_step;
    uint64_t stale; // evaluations since
};

// Allocates m, v and best, all zero but for best_f1. Returns 0 or ENOMEM.
int qsc_training_state_init(struct qsc_training_state *state, float *params, size_t floats, int with_v,
                            int with_best, struct qsc_error *err) __attribute__((warn_unused_result));
void qsc_training_state_fini(struct qsc_training_state *state);

// Writes the checkpoint: to a temporary name, synced, renamed. Returns as qsc_safetensors_write.
int qsc_training_state_save(const struct qsc_training_state *state,
                            const struct qsc_training_identity *identity, const char *path,
                            struct qsc_error *err) __attribute__((warn_unused_result));

// Reads it back. Returns 0; ENOENT (there is none), EINVAL (damaged, or of a training that differs: err says
// in what), or as qsc_safetensors_read: the state is then undefined.
int qsc_training_state_load(struct qsc_training_state *state, const struct qsc_training_identity *identity,
                            const char *path, struct qsc_error *err) __attribute__((warn_unused_result));

#endif
