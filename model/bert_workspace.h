// The activations of one thread's step, and the parts of a pass that forward and backward share.
#ifndef QUIESCE_MODEL_BERT_WORKSPACE_H
#define QUIESCE_MODEL_BERT_WORKSPACE_H

#include <quiesce/kernels/attention.h>
#include <quiesce/kernels/random.h>
#include <quiesce/model/bert_plan.h>

// T tokens, H hidden, I intermediate. In training each layer has its own; in inference all share one set, and
// what only backward needs is NULL.
struct qsc_bert_activations {
    float *hidden;    // (T,H) the layer's input
    float *qkv;       // (T,3H)
    float *context;   // (T,H) attention's output
    float *lse;       // (T,heads) or NULL
    float *middle;    // (T,H) the first half's output
    float *inner;     // (T,I) before GELU; in inference (rows of a slice,I), GELU in place
    float *active;    // (T,I) after GELU; in inference = inner
    float *normal[2]; // (T,H) the two LayerNorms' normalised rows, and before that what they normalise
    float *rstd[2];   // (T) or NULL
};

struct qsc_bert_workspace {
    const struct qsc_bert_plan *plan;
    struct qsc_bert_workspace_config config;
    uint64_t bytes;
    struct qsc_bert_profile *profile;
    uint64_t mark; // when the kernel now running began
    float *memory; // all of the below
    float *scratch;
    // training only
    float *embedding_normal, *embedding_rstd; // (T,H), (T)
    float *logits, *head;                     // (T,labels); (T,H) the classifier's input
    float *dresidual, *dbranch;               // (T,H) the two gradients whose sum a LayerNorm gets
    float *dproduct;                          // (T,H) that of a product's output
    float *dqkv, *dinner;                     // (T,3H), (T,I)
    struct qsc_bert_activations layers[];     // num_hidden_layers + 1: the last one has only `hidden`
};

// One pass over one batch.
struct qsc_bert_pass {
    qsc_bert_workspace *ws;
    const qsc_bert_weights *weights;
    const struct qsc_batch *batch;
    const struct qsc_bert_step *step; // NULL = inference
};

enum qsc_bert_site {
    QSC_BERT_SITE_EMBEDDINGS,
    QSC_BERT_SITE_PROBABILITIES,
    QSC_BERT_SITE_ATTENTION,
    QSC_BERT_SITE_OUTPUT,
    QSC_BERT_SITE_CLASSIFIER
};

// The dropout of that site (of `layer`, where it has one), or NULL: `storage` filled, or none to do.
const struct qsc_dropout *qsc_bert_dropout(const struct qsc_bert_pass *pass, enum qsc_bert_site site,
                                           int layer, struct qsc_dropout *storage);
struct qsc_attention qsc_bert_attention(const struct qsc_bert_pass *pass, const struct qsc_dropout *dropout);
// x *= the site's mask, (T,H)
void qsc_bert_mask(const struct qsc_bert_pass *pass, float *x, const struct qsc_dropout *dropout);

// From ids to the last layer's output, ws->layers[num_hidden_layers].hidden. Returns 0 or what
// qsc_bert_forward says.
int qsc_bert_encode(const struct qsc_bert_pass *pass);

// Rows of a batch that go through the feed-forward half of a layer together: its widest activations stay in
// the second cache.
enum { QSC_BERT_SLICE = 64 };

// Called at the start of a pass.
void qsc_bert_start_clock(qsc_bert_workspace *ws);
// The time since the last call goes to `kernel`.
void qsc_bert_lap_slow(qsc_bert_workspace *ws, enum qsc_bert_kernel kernel);
static inline void qsc_bert_lap(qsc_bert_workspace *ws, enum qsc_bert_kernel kernel)
{
    if (ws->profile)
        qsc_bert_lap_slow(ws, kernel);
}

#endif
