// BertForTokenClassification as Hugging Face defines it: embeddings, a post-LN encoder and a linear head,
// forward and backward, on packed sequences.
//
// - qsc_bert_layout: which tensor lies where in the ONE flat array of parameters.
// - qsc_bert_plan: the matrix products of that architecture, planned once and shared by all threads.
// - qsc_bert_weights: one version of the parameters and everything derived from them (packed matrices),
//   immutable while anybody reads it.
// - qsc_bert_workspace: the activations of one thread, planned once for a largest batch.
// - qsc_bert_forward, qsc_bert_loss_backward: one micro-batch on the calling thread; parallelism is several
//   of them at once.
//
// Nothing here starts a thread, takes a lock or gives a memory order; what only reads is wait-free.
#ifndef QUIESCE_MODEL_BERT_H
#define QUIESCE_MODEL_BERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quiesce/kernels/precision.h>
#include <quiesce/model/config.h>
#include <quiesce/model/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_bert_tensor {
    char name[96];  // Hugging Face's, with the `bert.` prefix
    size_t offset;  // of its first float in the flat array
    int rows, cols; // cols 0: one-dimensional, (rows)
    bool decay;     // weight decay applies: neither a bias nor a LayerNorm
    int layer;      // -1 embeddings, 0.. encoder layers, num_hidden_layers the classifier
};

/* The flat array holds, without gaps: word, position and token type embeddings, embeddings.LayerNorm; then
   each layer: query, key, value weights (next to each other, so that they are one (3H,H) matrix), query, key,
   value biases (one (3H) vector), attention.output.dense, attention.output.LayerNorm, intermediate.dense,
   output.dense, output.LayerNorm; then classifier. Weights before biases. */
struct qsc_bert_layout {
    const struct qsc_bert_config *config;
    int count;
    size_t floats;
    struct qsc_bert_tensor *tensors; // (count), in the order of their offsets
};

/* Lays the parameters of `config` out; `config` must outlive the layout.
   Returns 0, EINVAL (sizes that do not fit together or that no memory could hold), ENOMEM. Never blocks. Any
   thread. */
int qsc_bert_layout_create(struct qsc_bert_layout *layout, const struct qsc_bert_config *config,
                           struct qsc_error *err) __attribute__((warn_unused_result));
/* Gives the table back. Never blocks. Any thread, once no plan uses it. */
void qsc_bert_layout_destroy(struct qsc_bert_layout *layout);
/* The tensor of that name, with or without the `bert.` prefix; NULL = none. Never blocks. Any thread. */
const struct qsc_bert_tensor *qsc_bert_layout_find(const struct qsc_bert_layout *layout, const char *name);
/* The floats of a tensor. Never blocks. Any thread. */
size_t qsc_bert_tensor_floats(const struct qsc_bert_tensor *tensor);
/* Where the parameters of `layer` begin (numbered as in qsc_bert_tensor); num_hidden_layers + 1 gives the
 * end. Never blocks. Any thread. */
size_t qsc_bert_layer_begin(const struct qsc_bert_layout *layout, int layer);

/* Fills params (layout->floats) as transformers does: weights and embeddings normal(0, initializer_range)
   with the [PAD] word's row 0, biases 0, LayerNorm weights 1; element i depends on (seed, i) alone. Never
   blocks. Any thread. */
void qsc_bert_init(float *params, const struct qsc_bert_layout *layout, uint64_t seed);

typedef struct qsc_bert_plan qsc_bert_plan;

/* Plans the products of an architecture in a precision; the classifier's, which costs nothing, is f32 in
   each. `layout` must outlive the plan. Immutable afterwards. Returns 0, ENOMEM; EINVAL: a matrix too large
   for the precision. Never blocks. Any thread. */
int qsc_bert_plan_create(qsc_bert_plan **plan, const struct qsc_bert_layout *layout,
                         enum qsc_precision precision, struct qsc_error *err)
    __attribute__((warn_unused_result));
void qsc_bert_plan_destroy(qsc_bert_plan *plan);
const struct qsc_bert_layout *qsc_bert_plan_layout(const qsc_bert_plan *plan);
enum qsc_precision qsc_bert_plan_precision(const qsc_bert_plan *plan);

typedef struct qsc_bert_weights qsc_bert_weights;
enum qsc_bert_use { QSC_BERT_INFERENCE, QSC_BERT_TRAINING }; // training also needs the transposed packing

/* Whether products of a precision serve a use, to be asked before work is done for it.
   Returns 0, ENOTSUP (int8 is not for training). Never blocks, wait-free. Any thread. */
int qsc_bert_check_use(enum qsc_precision precision, enum qsc_bert_use use, struct qsc_error *err)
    __attribute__((warn_unused_result));

/* One version: a copy of params (layout->floats) and their packed matrices, in one allocation. params NULL:
   the caller fills qsc_bert_weights_params and packs every matrix before anybody reads, on as many threads as
   it likes. Returns 0, ENOMEM, or as qsc_bert_check_use. Never blocks; takes as long as packing does (some
   20 ms for 10 million weights): not for a reader's thread. Any thread. */
int qsc_bert_weights_create(qsc_bert_weights **weights, const qsc_bert_plan *plan, const float *params,
                            enum qsc_bert_use use, struct qsc_error *err) __attribute__((warn_unused_result));
/* Frees a version nobody reads any more; fits qsc_snapshot_publish's destroy. Never blocks. Any thread. */
void qsc_bert_weights_destroy(void *weights);
/* The bytes a version holds. Never blocks. Any thread. */
uint64_t qsc_bert_weights_bytes(const qsc_bert_weights *weights);
/* The plain parameters, (layout->floats), 64-byte aligned. To be written only by a version's sole owner (the
 * trainer), which then packs what it changed. */
float *qsc_bert_weights_params(qsc_bert_weights *weights);
const float *qsc_bert_weights_params_const(const qsc_bert_weights *weights);
/* How many matrices there are to pack, numbered from the bottom of the model: 4 a layer (QKV, attention
 * output, intermediate, output), then the classifier. */
int qsc_bert_weights_matrices(const qsc_bert_weights *weights);
/* Packs matrices [first, last) again from the plain parameters. Never blocks. Different matrices on different
 * threads at once; nobody may read meanwhile. */
void qsc_bert_weights_pack(qsc_bert_weights *weights, int first, int last);

/* Sequences one after the other, [CLS] and [SEP] included, no padding. */
struct qsc_batch {
    int tokens, sequences;
    const int32_t *ids;        // (tokens)
    const int32_t *types;      // (tokens); NULL = all 0
    const int32_t *cu_seqlens; // (sequences + 1): sequence s is [cu_seqlens[s], cu_seqlens[s + 1])
    const int32_t *labels;     // (tokens), -100 = none; not read by qsc_bert_forward
    const int32_t *word_rows; // (tokens) row of the gradient's word part (see qsc_bert_gradient); NULL = ids.
                              // Not read by qsc_bert_forward
    uint64_t first_token; // index in the whole step of the first token: dropout's elements are numbered by it
};

/* Numbers the distinct words of a step in the order of their first appearance, so that the gradient has one
   row for each of them and not for the vocabulary: rows (tokens) the number of each token's word, words (at
   most tokens) the word of each number. `numbers` (vocab_size) holds -1 everywhere before and after. Returns
   how many distinct words there are. Never blocks. Any thread, on buffers of its own. */
int qsc_bert_number_words(int32_t *rows, int32_t *words, int32_t *numbers, const int32_t *ids, int tokens);

/* A gradient is one flat vector: [word rows (word_rows, H) | parameters from dense_begin to the end]. The
   gradient of parameter p >= dense_begin stands at word_rows * H + (p - dense_begin). With word_rows =
   vocab_size and batch.word_rows NULL that is the order of the parameters themselves. Layers below
   first_layer are frozen: they have no place in it, and backward stops at first_layer. All micro-batches of a
   step share one shape, so that their gradients are summed element by element. The gradient of words without
   a row is 0. */
struct qsc_bert_gradient {
    int first_layer;    // numbered as in qsc_bert_tensor
    int word_rows;      // 0 if the embeddings are frozen
    size_t dense_begin; // parameter offset
    size_t floats;      // of the whole vector
};

/* The shape for this first trainable layer and number of distinct words. Never blocks. Any thread. */
struct qsc_bert_gradient qsc_bert_gradient_shape(const struct qsc_bert_layout *layout, int first_layer,
                                                 int word_rows);

/* Nanoseconds of the thread's own time by kind of kernel. */
enum qsc_bert_kernel {
    QSC_BERT_LINEAR,          // products forward
    QSC_BERT_LINEAR_BACKWARD, // products backward, both inputs' and weights' gradients
    QSC_BERT_ATTENTION,
    QSC_BERT_ATTENTION_BACKWARD,
    QSC_BERT_LAYERNORM, // with dropout and residual
    QSC_BERT_LAYERNORM_BACKWARD,
    QSC_BERT_GELU,
    QSC_BERT_GELU_BACKWARD,
    QSC_BERT_EMBEDDING,
    QSC_BERT_EMBEDDING_BACKWARD,
    QSC_BERT_HEAD, // the classifier's dropout, and the loss
    QSC_BERT_KERNELS
};
extern const char *const qsc_bert_kernel_names[QSC_BERT_KERNELS];
struct qsc_bert_profile {
    uint64_t ns[QSC_BERT_KERNELS];
};

typedef struct qsc_bert_workspace qsc_bert_workspace;

struct qsc_bert_workspace_config {
    int max_tokens;   // of a batch
    int max_sequence; // of one sequence; at most max_position_embeddings; 0 = that
    enum qsc_bert_use use;
};

/* The memory of one thread's step, in one allocation; nothing is allocated afterwards.
   Returns 0, EINVAL, ENOMEM. Never blocks. Any thread; one thread at a time may use it. */
int qsc_bert_workspace_create(qsc_bert_workspace **ws, const qsc_bert_plan *plan,
                              const struct qsc_bert_workspace_config *config, struct qsc_error *err)
    __attribute__((warn_unused_result));
void qsc_bert_workspace_destroy(qsc_bert_workspace *ws);
uint64_t qsc_bert_workspace_bytes(const qsc_bert_workspace *ws);
/* Adds the time of each kernel to `profile` from now on; NULL = off, as at first. */
void qsc_bert_workspace_profile(qsc_bert_workspace *ws, struct qsc_bert_profile *profile);
/* The encoder's states after the last qsc_bert_loss_backward of a training workspace: 0 the embeddings (after
 * their dropout), i the output of layer i-1; (tokens, H). */
const float *qsc_bert_workspace_hidden(const qsc_bert_workspace *ws, int i);

/* logits of every token; no dropout. A sequence's bits do not depend on its neighbours in the batch, nor on
   its place in it. Returns 0, EINVAL (an id, a type or a length out of range), E2BIG (more tokens, or a
   longer sequence, than the workspace was planned for), ENOMEM. Never blocks, no allocation of ours. Any
   thread, each with a workspace of its own; weights are only read. Shapes: logits (tokens, num_labels). */
int qsc_bert_forward(qsc_bert_workspace *ws, const qsc_bert_weights *weights, const struct qsc_batch *batch,
                     float *logits) __attribute__((warn_unused_result));

struct qsc_bert_step {
    uint64_t seed, step; // dropout's key; sites: 0 embeddings, 1 + 3l attention probabilities, 2 + 3l
                         // attention output, 3 + 3l output of layer l, 1 + 3L classifier
    bool dropout;        // with the configuration's probabilities; false: none, whatever they are
    float scale;         // 1 / labelled tokens of the whole step
    struct qsc_bert_gradient gradient;
};

/* Forward in training mode, cross-entropy, and the gradient of scale * (sum of the labelled tokens' losses).
   Returns and may be called as qsc_bert_forward; the workspace and the weights are of QSC_BERT_TRAINING.
   Shapes: gradient (step->gradient.floats), overwritten; *loss_sum the sum, not scaled. */
int qsc_bert_loss_backward(qsc_bert_workspace *ws, const qsc_bert_weights *weights,
                           const struct qsc_batch *batch, const struct qsc_bert_step *step, float *gradient,
                           double *loss_sum) __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
