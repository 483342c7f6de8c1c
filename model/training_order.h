#ifndef QUIESCE_MODEL_TRAINING_ORDER_H
#define QUIESCE_MODEL_TRAINING_ORDER_H

// Which windows make up which step of a training, and how a step is cut into micro-batches: functions of the
// data, the seed and the windows of a step. Internal to model/.

#include <quiesce/model/bert.h>
#include <quiesce/model/dataset.h>
#include <quiesce/model/error.h>

#include <stddef.h>
#include <stdint.h>

// One step's windows, packed, and its micro-batches: contiguous runs of them, about equal in tokens.
struct qsc_training_step {
    size_t tokens, labelled;
    int words;      // distinct ones
    int32_t *word;  // (words): their ids
    size_t batches; // micro-batches
    struct qsc_batch *batch;
    int32_t *ids, *labels, *rows, *cu_seqlens; // what the micro-batches point into
};

struct qsc_training_order {
    const struct qsc_dataset *data;
    uint64_t seed;
    size_t step_windows; // windows of a step; the last step of an epoch may have fewer
    uint64_t epoch_steps;
    uint64_t epoch;    // that `windows` is the order of, counted from 1; 0 = none yet
    uint32_t *windows; // (data->windows)
    int32_t *numbers;  // (vocab_size): -1 between steps
    struct qsc_training_step step;
};

// What the steps of the epochs [0, epochs) need at most.
struct qsc_training_bounds {
    int words;        // distinct in a step
    int batch_tokens; // of a micro-batch
    size_t batches;   // of a step
};

// Plans the order; data must outlive it. Returns 0, EINVAL (more tokens in a step than fit) or ENOMEM. Any
// thread, one at a time.
int qsc_training_order_init(struct qsc_training_order *order, const struct qsc_dataset *data, uint64_t seed,
                            size_t step_windows, int vocab_size, struct qsc_error *err)
    __attribute__((warn_unused_result));
void qsc_training_order_fini(struct qsc_training_order *order);

// Makes order->step the step of that number in the training, counted from 0 over all epochs.
void qsc_training_order_go(struct qsc_training_order *order, uint64_t number);

// Goes through all steps once to find what they need.
struct qsc_training_bounds qsc_training_order_bounds(struct qsc_training_order *order, uint64_t steps);

#endif
