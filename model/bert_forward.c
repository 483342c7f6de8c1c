#include <quiesce/kernels/embedding.h>
#include <quiesce/kernels/gelu.h>
#include <quiesce/kernels/layernorm.h>
#include <quiesce/model/bert_workspace.h>

#include <errno.h>
#include <string.h>

static bool is_training(const struct qsc_bert_pass *pass)
{
    return pass->step != NULL;
}

static int check_sequences(const struct qsc_bert_workspace *ws, const struct qsc_batch *b)
{
    if (b->tokens < 0 || b->sequences < 0 || b->cu_seqlens[0] != 0 ||
        b->cu_seqlens[b->sequences] != b->tokens)
        return EINVAL;
    if (b->tokens > ws->config.max_tokens)
        return E2BIG;
    for (int s = 0; s < b->sequences; s++) {
        int64_t length = (int64_t)b->cu_seqlens[s + 1] - b->cu_seqlens[s];
        if (length < 1)
            return EINVAL;
        if (length > ws->config.max_sequence)
            return E2BIG;
    }
    return 0;
}

static int check_batch(const struct qsc_bert_pass *pass)
{
    const struct qsc_bert_config *c = pass->ws->plan->layout->config;
    const struct qsc_batch *b = pass->batch;
    int rc = check_sequences(pass->ws, b);
    if (rc)
        return rc;
    for (int t = 0; t < b->tokens; t++) {
        if (b->ids[t] < 0 || b->ids[t] >= c->vocab_size)
            return EINVAL;
        if (b->types && (b->types[t] < 0 || b->types[t] >= c->type_vocab_size))
            return EINVAL;
    }
    return 0;
}

const struct qsc_dropout *qsc_bert_dropout(const struct qsc_bert_pass *pass, enum qsc_bert_site site,
                                           int layer, struct qsc_dropout *storage)
{
    const struct qsc_bert_config *c = pass->ws->plan->layout->config;
    double probability = site == QSC_BERT_SITE_PROBABILITIES ? c->attention_probs_dropout_prob
                         : site == QSC_BERT_SITE_CLASSIFIER  ? c->classifier_dropout
                                                             : c->hidden_dropout_prob;
    if (!is_training(pass) || !pass->step->dropout || probability <= 0)
        return NULL;
    uint32_t number = site == QSC_BERT_SITE_CLASSIFIER ? 1 + 3 * (uint32_t)c->num_hidden_layers
                                                       : (uint32_t)site + 3 * (uint32_t)layer;
    *storage = (struct qsc_dropout){
        .key = {.seed = pass->step->seed, .step = (uint32_t)pass->step->step, .site = number},
        .probability = (float)probability,
    };
    return storage;
}

void qsc_bert_mask(const struct qsc_bert_pass *pass, float *x, const struct qsc_dropout *dropout)
{
    enum { CHUNK = 1024 };
    float mask[CHUNK];
    size_t hidden = (size_t)pass->ws->plan->layout->config->hidden_size,
           n = (size_t)pass->batch->tokens * hidden;
    uint64_t first = pass->batch->first_token * hidden;
    for (size_t i = 0; dropout && i < n; i += CHUNK) {
        size_t count = n - i < CHUNK ? n - i : CHUNK;
        qsc_dropout_mask(mask, dropout, first + i, (int)count);
        for (size_t j = 0; j < count; j++)
            x[i + j] *= mask[j];
    }
}

struct qsc_attention qsc_bert_attention(const struct qsc_bert_pass *pass, const struct qsc_dropout *dropout)
{
    const struct qsc_bert_config *c = pass->ws->plan->layout->config;
    return (struct qsc_attention){
        .heads = c->num_attention_heads,
        .head_size = c->hidden_size / c->num_attention_heads,
        .dropout = dropout,
        .first_token = pass->batch->first_token,
        .row = ((uint64_t)c->max_position_embeddings + 15) / 16 * 16,
    };
}

static void embed(const struct qsc_bert_pass *pass)
{
    qsc_bert_workspace *ws = pass->ws;
    const struct qsc_bert_config *c = ws->plan->layout->config;
    const struct qsc_batch *b = pass->batch;
    struct qsc_bert_embedding_offsets o = qsc_bert_embedding_offsets(ws->plan->layout);
    const float *params = pass->weights->params;
    float *hidden = ws->layers[0].hidden;
    qsc_embedding_forward(hidden, params + o.word, params + o.position, params + o.type, b->ids, b->types,
                          b->cu_seqlens, b->sequences, c->hidden_size);
    qsc_bert_lap(ws, QSC_BERT_EMBEDDING);
    qsc_layernorm_forward(hidden, ws->embedding_normal, ws->embedding_rstd, hidden, NULL, NULL, 0,
                          params + o.gamma, params + o.beta, (float)c->layer_norm_eps, b->tokens,
                          c->hidden_size);
    struct qsc_dropout storage;
    qsc_bert_mask(pass, hidden, qsc_bert_dropout(pass, QSC_BERT_SITE_EMBEDDINGS, 0, &storage));
    qsc_bert_lap(ws, QSC_BERT_LAYERNORM);
}

static int product(const struct qsc_bert_pass *pass, int matrix, float *y, const float *x, int rows)
{
    const struct qsc_bert_matrix *m = &pass->weights->matrices[matrix];
    int rc = qsc_linear_forward(m->plan, y, x, m->packed, m->bias, rows, pass->ws->scratch);
    qsc_bert_lap(pass->ws, QSC_BERT_LINEAR);
    return rc;
}

// out = LayerNorm(dropout(x) + residual); x lies in a->normal[half]
static void add_and_normalise(const struct qsc_bert_pass *pass, int layer, int half, float *out,
                              const float *residual)
{
    const struct qsc_bert_config *c = pass->ws->plan->layout->config;
    const struct qsc_bert_activations *a = &pass->ws->layers[layer];
    struct qsc_bert_layer_offsets o = qsc_bert_layer_offsets(pass->ws->plan->layout, layer);
    const float *gamma = pass->weights->params + (half ? o.output_gamma : o.attention_gamma);
    const float *beta = pass->weights->params + (half ? o.output_beta : o.attention_beta);
    struct qsc_dropout storage;
    const struct qsc_dropout *dropout =
        qsc_bert_dropout(pass, half ? QSC_BERT_SITE_OUTPUT : QSC_BERT_SITE_ATTENTION, layer, &storage);
    qsc_layernorm_forward(out, is_training(pass) ? a->normal[half] : NULL, a->rstd[half], a->normal[half],
                          residual, dropout, pass->batch->first_token, gamma, beta, (float)c->layer_norm_eps,
                          pass->batch->tokens, c->hidden_size);
    qsc_bert_lap(pass->ws, QSC_BERT_LAYERNORM);
}

static int attend(const struct qsc_bert_pass *pass, int layer)
{
    const struct qsc_bert_activations *a = &pass->ws->layers[layer];
    const struct qsc_batch *b = pass->batch;
    struct qsc_dropout storage;
    struct qsc_attention attention =
        qsc_bert_attention(pass, qsc_bert_dropout(pass, QSC_BERT_SITE_PROBABILITIES, layer, &storage));
    int first = layer * QSC_BERT_LAYER_PRODUCTS, rc;
    if ((rc = product(pass, first + QSC_BERT_QKV, a->qkv, a->hidden, b->tokens)))
        return rc;
    qsc_attention_forward(a->context, a->lse, a->qkv, b->cu_seqlens, b->sequences, &attention,
                          pass->ws->scratch);
    qsc_bert_lap(pass->ws, QSC_BERT_ATTENTION);
    if ((rc = product(pass, first + QSC_BERT_ATTENTION_OUTPUT, a->normal[0], a->context, b->tokens)))
        return rc;
    add_and_normalise(pass, layer, 0, a->middle, a->hidden);
    return 0;
}

// In slices, so that the widest activations are still in the cache when the next kernel wants them.
static int feed_forward(const struct qsc_bert_pass *pass, int layer)
{
    const struct qsc_bert_activations *a = &pass->ws->layers[layer];
    const struct qsc_bert_config *c = pass->ws->plan->layout->config;
    int first = layer * QSC_BERT_LAYER_PRODUCTS, rc;
    for (int t = 0; t < pass->batch->tokens; t += QSC_BERT_SLICE) {
        int rows = pass->batch->tokens - t < QSC_BERT_SLICE ? pass->batch->tokens - t : QSC_BERT_SLICE;
        size_t narrow = (size_t)t * (size_t)c->hidden_size,
               wide = is_training(pass) ? (size_t)t * (size_t)c->intermediate_size : 0;
        if ((rc = product(pass, first + QSC_BERT_INTERMEDIATE, a->inner + wide, a->middle + narrow, rows)))
            return rc;
        qsc_gelu_forward(a->active + wide, a->inner + wide, (size_t)rows * (size_t)c->intermediate_size);
        qsc_bert_lap(pass->ws, QSC_BERT_GELU);
        if ((rc = product(pass, first + QSC_BERT_OUTPUT, a->normal[1] + narrow, a->active + wide, rows)))
            return rc;
    }
    add_and_normalise(pass, layer, 1, pass->ws->layers[layer + 1].hidden, a->middle);
    return 0;
}

int qsc_bert_encode(const struct qsc_bert_pass *pass)
{
    int rc = check_batch(pass);
    if (rc)
        return rc;
    embed(pass);
    for (int l = 0; l < pass->ws->plan->layout->config->num_hidden_layers; l++) {
        if ((rc = attend(pass, l)) || (rc = feed_forward(pass, l)))
            return rc;
    }
    return 0;
}

int qsc_bert_forward(qsc_bert_workspace *ws, const qsc_bert_weights *weights, const struct qsc_batch *batch,
                     float *logits)
{
    struct qsc_bert_pass pass = {.ws = ws, .weights = weights, .batch = batch};
    qsc_bert_start_clock(ws);
    int rc = qsc_bert_encode(&pass);
    if (rc)
        return rc;
    return product(&pass, weights->matrix_count - 1, logits,
                   ws->layers[ws->plan->layout->config->num_hidden_layers].hidden, batch->tokens);
}
