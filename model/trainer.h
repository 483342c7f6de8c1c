#ifndef QUIESCE_MODEL_TRAINER_H
#define QUIESCE_MODEL_TRAINER_H

// Fine-tunes a token classifier on a work-stealing pool, the same bits on any number of threads.
//
// A step takes batch * accumulate windows of the training data in an order drawn from the seed and cuts them
// into micro-batches by their lengths alone. Each micro-batch is a task of the pool, its gradient one
// contribution to a gradient buffer, which adds them in the order of their place. The gradient is clipped and
// each thread applies the optimiser to ranges of the parameters. Dropout is keyed by (seed, step, site, token
// in the step). So the result is a function of model, data, configuration and seed: not of the threads, not
// of how batch * accumulate is split, and not of whether the training was stopped, or killed, and resumed.
//
// There is no padding, so windows are not grouped by length: the order is a plain shuffle, which is the
// better one for learning.

#include <quiesce/model/bert.h>
#include <quiesce/model/checkpoint.h>
#include <quiesce/model/conll.h>
#include <quiesce/model/error.h>
#include <quiesce/model/report.h>
#include <quiesce/model/tokenizer.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_pool; // concurrency/pool.h

enum qsc_optimizer { QSC_OPTIMIZER_ADAMW, QSC_OPTIMIZER_SGD };

// qsc_trainer_defaults gives what is in brackets.
struct qsc_trainer_config {
    enum qsc_optimizer optimizer; // [AdamW]
    double learning_rate;         // the highest of the schedule [2e-5]
    double weight_decay;          // none on biases and LayerNorm [0.01]
    double beta1, beta2, epsilon; // AdamW's [0.9, 0.999, 1e-8]
    double momentum;              // SGD's [0.9]
    double clip;                  // bound of the gradient's global L2 norm, 0 = none [1.0]
    double warmup;      // share of the steps in which the rate rises from 0; then it falls to 0 [0.1]
    int epochs;         // [5]
    int batch;          // windows of a step: batch * accumulate [16]
    int accumulate;     // [1]
    int max_length;     // of a window in tokens, [CLS] and [SEP] included; at most what the model takes [128]
    const char *freeze; // "embeddings,layer.0-3": what is not trained; NULL = nothing [NULL]
    uint64_t seed;      // [1]
    int evaluate_every; // steps between evaluations, 0 = at the end of each epoch [0]
    int patience;       // stop after so many evaluations in a row without a better F1, 0 = never [3]
    int publish_every;  // steps between versions handed to the publish hook [1]
    const char *checkpoint; // file of the state of the training, NULL = none [NULL]
    int checkpoint_every;   // steps between checkpoints; one is made at each evaluation too [500]
    bool resume;            // go on from the checkpoint, if there is one [false]
};

// Sets the defaults. Does not block or fail.
void qsc_trainer_defaults(struct qsc_trainer_config *config);

// One optimiser step that was made.
struct qsc_trainer_step {
    uint64_t step, steps; // 1 .. steps
    double epoch;         // epochs that are behind us
    double loss;          // mean over the labelled tokens of the step
    double learning_rate; // used in it
    double gradient_norm; // before clipping
    size_t tokens;        // [CLS] and [SEP] included
    double seconds;       // it took
};

// One evaluation on the validation data.
struct qsc_trainer_evaluation {
    uint64_t step;
    double epoch;
    struct qsc_scores entities; // micro-averaged, as seqeval
    double accuracy;            // share of words with the right label
    bool best;                  // the best so far: its weights are kept
    double seconds;
};

// What the caller wants to see; a NULL is not called. All are called by the thread that called qsc_train, in
// the order of events. A result other than 0 stops the training with that code, once an evaluation that is
// due is made and told and the checkpoint written.
struct qsc_trainer_hooks {
    void *context;
    int (*step)(void *context, const struct qsc_trainer_step *step);
    int (*evaluation)(void *context, const struct qsc_trainer_evaluation *evaluation);
    // A version of the weights after `step` steps with all derived state built, for inference; `last` with
    // the weights the training ends with. With 0 the hook takes it over and ends it by
    // qsc_bert_weights_destroy. EAGAIN means that there is no room for it: it is destroyed and the training
    // goes on.
    int (*publish)(void *context, qsc_bert_weights *version, uint64_t step, bool last);
};

// A publish hook: its context is the qsc_snapshot to publish to. The last version waits
// for room, ten seconds at most.
int qsc_trainer_publish_to_snapshot(void *snapshot, qsc_bert_weights *version, uint64_t step, bool last);

// What is trained, on what and with what. The tokenizer is made from the model's vocabulary, the plan from
// its config; both must outlive the versions that are published.
struct qsc_trainer {
    struct qsc_model *model; // its params are where the training starts; at the end they are its result
    const qsc_bert_plan *plan;
    const qsc_tokenizer *tokenizer;
    const struct qsc_corpus *train;
    const struct qsc_corpus *valid; // NULL: no evaluation, no early stopping, the last weights are the result
    struct qsc_pool *pool;
    struct qsc_trainer_config config;
    struct qsc_trainer_hooks hooks;
};

struct qsc_trainer_result {
    uint64_t steps;     // made, those before a resume included
    uint64_t best_step; // after which the weights were the best on the validation data; the last without that
    double best_f1;     // 0 without validation data
    bool stopped_early;
    uint64_t versions; // taken over by the publish hook
};

// Trains. At the end model->params are the best weights on the validation data, or the last ones without
// such; the checkpoint file is left (its owner removes it when the model is safely saved).
// Returns 0; EINVAL (a configuration out of range, a freeze list that names no layer, data with a label the
// model does not know, a checkpoint of another training), EDOM (the loss is no longer finite), ENOMEM, what a
// hook returned, or the errno code of a failed system call: model->params are then as they were.
// Blocks until the training is over; the caller is one of the pool's threads meanwhile.
// Memory order: a version handed to publish was written by threads of the pool that the caller has joined.
// Threads: any that may use the pool. Not inside: an RCU read section, a task of the pool.
int qsc_train(const struct qsc_trainer *trainer, struct qsc_trainer_result *result, struct qsc_error *err)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
