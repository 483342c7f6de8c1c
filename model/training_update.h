#ifndef QUIESCE_MODEL_TRAINING_UPDATE_H
#define QUIESCE_MODEL_TRAINING_UPDATE_H

// From the summed gradient of a step to the next weights: norm, clipping, optimiser, packing, all in ranges
// of the parameters that are fixed for the whole training. Internal to model/.

#include <quiesce/model/bert.h>
#include <quiesce/model/error.h>
#include <quiesce/model/trainer.h>
#include <quiesce/model/training_order.h>

#include <stddef.h>
#include <stdint.h>

// A range of one tensor's parameters.
struct qsc_training_span {
    size_t offset; // of its first parameter
    int floats;
    bool decay;
    bool words; // rows of the word embeddings, whose gradients stand in the order of the step's words
};

struct qsc_training_update {
    const struct qsc_bert_layout *layout;
    struct qsc_pool *pool;
    struct qsc_bert_gradient gradient; // the shape all steps share
    bool *trained;                     // (num_hidden_layers + 2): by layer, from -1
    struct qsc_training_span *spans;   // of all that is trained
    size_t span_count;
    double *squares; // of the spans, then of the words' rows of the gradient
    size_t word_squares;
    int32_t *word_row; // (vocab_size): row of the gradient, -1 = the word is not in the step
    float *zeros;      // the gradient of words that are not
};

// Reads a freeze list into update->trained and gives the first trained layer.
// Returns 0 or EINVAL.
int qsc_training_update_init(struct qsc_training_update *update, const struct qsc_bert_layout *layout,
                             struct qsc_pool *pool, const char *freeze, int step_words, struct qsc_error *err)
    __attribute__((warn_unused_result));
void qsc_training_update_fini(struct qsc_training_update *update);

// What one step does to the weights. `step` counts from 1; gradient is the sum over the micro-batches.
struct qsc_training_change {
    const struct qsc_trainer_config *config;
    const struct qsc_training_step *windows;
    double learning_rate;
    uint64_t step;
    const float *gradient;
    float *m, *v; // the optimiser's; v is not SGD's
};

// The gradient's global norm over what is trained.
double qsc_training_update_norm(struct qsc_training_update *update, const struct qsc_training_change *change);

// Applies the optimiser, with the gradient scaled as clipping to that norm demands, and packs what changed.
void qsc_training_update_apply(struct qsc_training_update *update, const struct qsc_training_change *change,
                               double norm, qsc_bert_weights *weights);

#endif
