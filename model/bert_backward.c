#include <quiesce/kernels/embedding.h>
#include <quiesce/kernels/gelu.h>
#include <quiesce/kernels/layernorm.h>
#include <quiesce/kernels/loss.h>
#include <quiesce/model/bert_workspace.h>

#include <errno.h>
#include <string.h>

// Where the gradient of the parameter at this offset stands.
static float *gradient_at(const struct qsc_bert_pass *pass, float *gradient, size_t offset)
{
    const struct qsc_bert_gradient *g = &pass->step->gradient;
    return gradient + (size_t)g->word_rows * (size_t)pass->ws->plan->layout->config->hidden_size +
           (offset - g->dense_begin);
}

// The weight's and bias's gradients of one product whose output's gradient is dy and whose input was x.
static int weight_gradient(const struct qsc_bert_pass *pass, int matrix, float *gradient, const float *dy,
                           const float *x)
{
    const struct qsc_bert_matrix *m = &pass->weights->matrices[matrix];
    float *dw = gradient_at(pass, gradient, (size_t)(m->weight - pass->weights->params));
    float *db = gradient_at(pass, gradient, (size_t)(m->bias - pass->weights->params));
    int rc = qsc_linear_backward_weight(m->plan, dw, db, dy, x, pass->batch->tokens, pass->ws->scratch);
    qsc_bert_lap(pass->ws, QSC_BERT_LINEAR_BACKWARD);
    return rc;
}

static int input_gradient(const struct qsc_bert_pass *pass, int matrix, float *dx, const float *dy, int rows)
{
    const struct qsc_bert_matrix *m = &pass->weights->matrices[matrix];
    int rc = qsc_linear_backward_input(m->plan, dx, dy, m->packed_t, rows, pass->ws->scratch);
    qsc_bert_lap(pass->ws, QSC_BERT_LINEAR_BACKWARD);
    return rc;
}

// From the two addends of the LayerNorm's output's gradient (ws->dresidual, and ws->dbranch or NULL) to that
// of the residual (ws->dresidual) and of the product before the dropout (ws->dproduct).
static void norm_backward(const struct qsc_bert_pass *pass, int layer, int half, float *gradient,
                          const float *branch)
{
    qsc_bert_workspace *ws = pass->ws;
    const struct qsc_bert_activations *a = &ws->layers[layer];
    struct qsc_bert_layer_offsets o = qsc_bert_layer_offsets(ws->plan->layout, layer);
    size_t gamma = half ? o.output_gamma : o.attention_gamma, beta = half ? o.output_beta : o.attention_beta;
    struct qsc_dropout storage;
    const struct qsc_dropout *dropout =
        qsc_bert_dropout(pass, half ? QSC_BERT_SITE_OUTPUT : QSC_BERT_SITE_ATTENTION, layer, &storage);
    qsc_layernorm_backward(ws->dproduct, ws->dresidual, gradient_at(pass, gradient, gamma),
                           gradient_at(pass, gradient, beta), ws->dresidual, branch, a->normal[half],
                           a->rstd[half], dropout, pass->batch->first_token, pass->weights->params + gamma,
                           pass->batch->tokens, ws->plan->layout->config->hidden_size);
    qsc_bert_lap(ws, QSC_BERT_LAYERNORM_BACKWARD);
}

// Leaves the gradient of the layer's first half's output in ws->dresidual + ws->dbranch.
static int feed_forward_backward(const struct qsc_bert_pass *pass, int layer, float *gradient,
                                 const float *branch)
{
    qsc_bert_workspace *ws = pass->ws;
    const struct qsc_bert_activations *a = &ws->layers[layer];
    const struct qsc_bert_config *c = ws->plan->layout->config;
    int first = layer * QSC_BERT_LAYER_PRODUCTS, rc;
    norm_backward(pass, layer, 1, gradient, branch);
    for (int t = 0; t < pass->batch->tokens; t += QSC_BERT_SLICE) { // as in forward
        int rows = pass->batch->tokens - t < QSC_BERT_SLICE ? pass->batch->tokens - t : QSC_BERT_SLICE;
        size_t narrow = (size_t)t * (size_t)c->hidden_size, wide = (size_t)t * (size_t)c->intermediate_size;
        if ((rc = input_gradient(pass, first + QSC_BERT_OUTPUT, ws->dinner + wide, ws->dproduct + narrow,
                                 rows)))
            return rc;
        qsc_gelu_backward(ws->dinner + wide, ws->dinner + wide, a->inner + wide,
                          (size_t)rows * (size_t)c->intermediate_size);
        qsc_bert_lap(ws, QSC_BERT_GELU_BACKWARD);
        if ((rc = input_gradient(pass, first + QSC_BERT_INTERMEDIATE, ws->dbranch + narrow, ws->dinner + wide,
                                 rows)))
            return rc;
    }
    if ((rc = weight_gradient(pass, first + QSC_BERT_OUTPUT, gradient, ws->dproduct, a->active)))
        return rc;
    return weight_gradient(pass, first + QSC_BERT_INTERMEDIATE, gradient, ws->dinner, a->middle);
}

// Leaves the gradient of the layer's input in ws->dresidual + ws->dbranch, unless the layer is the lowest
// that is trained.
static int attention_backward(const struct qsc_bert_pass *pass, int layer, float *gradient)
{
    qsc_bert_workspace *ws = pass->ws;
    const struct qsc_bert_activations *a = &ws->layers[layer];
    const struct qsc_batch *b = pass->batch;
    int first = layer * QSC_BERT_LAYER_PRODUCTS, rc;
    norm_backward(pass, layer, 0, gradient, ws->dbranch);
    if ((rc = weight_gradient(pass, first + QSC_BERT_ATTENTION_OUTPUT, gradient, ws->dproduct, a->context)))
        return rc;
    if ((rc = input_gradient(pass, first + QSC_BERT_ATTENTION_OUTPUT, ws->dbranch, ws->dproduct, b->tokens)))
        return rc;
    struct qsc_dropout storage;
    struct qsc_attention attention =
        qsc_bert_attention(pass, qsc_bert_dropout(pass, QSC_BERT_SITE_PROBABILITIES, layer, &storage));
    qsc_attention_backward(ws->dqkv, ws->dbranch, a->context, a->lse, a->qkv, b->cu_seqlens, b->sequences,
                           &attention, ws->scratch);
    qsc_bert_lap(ws, QSC_BERT_ATTENTION_BACKWARD);
    if ((rc = weight_gradient(pass, first + QSC_BERT_QKV, gradient, ws->dqkv, a->hidden)))
        return rc;
    if (layer == pass->step->gradient.first_layer)
        return 0;
    return input_gradient(pass, first + QSC_BERT_QKV, ws->dbranch, ws->dqkv, b->tokens);
}

// The [PAD] word's row is not learnt (PyTorch's padding_idx), even where the word stands in a text.
static void forget_padding(const struct qsc_bert_pass *pass, float *dword, const int32_t *rows)
{
    const struct qsc_bert_config *c = pass->ws->plan->layout->config;
    size_t hidden = (size_t)c->hidden_size;
    for (int t = 0; t < pass->batch->tokens; t++) {
        if (pass->batch->ids[t] == c->pad_token_id)
            memset(dword + (size_t)rows[t] * hidden, 0, hidden * sizeof *dword);
    }
}

static void embed_backward(const struct qsc_bert_pass *pass, float *gradient, const float *branch)
{
    qsc_bert_workspace *ws = pass->ws;
    const struct qsc_bert_config *c = ws->plan->layout->config;
    const struct qsc_batch *b = pass->batch;
    struct qsc_bert_embedding_offsets o = qsc_bert_embedding_offsets(ws->plan->layout);
    const int32_t *rows = b->word_rows ? b->word_rows : b->ids;
    size_t n = (size_t)b->tokens * (size_t)c->hidden_size;
    for (size_t i = 0; branch && i < n; i++)
        ws->dresidual[i] += branch[i];
    struct qsc_dropout storage;
    qsc_bert_mask(pass, ws->dresidual, qsc_bert_dropout(pass, QSC_BERT_SITE_EMBEDDINGS, 0, &storage));
    qsc_layernorm_backward(ws->dresidual, NULL, gradient_at(pass, gradient, o.gamma),
                           gradient_at(pass, gradient, o.beta), ws->dresidual, NULL, ws->embedding_normal,
                           ws->embedding_rstd, NULL, 0, pass->weights->params + o.gamma, b->tokens,
                           c->hidden_size);
    qsc_bert_lap(ws, QSC_BERT_LAYERNORM_BACKWARD);
    qsc_embedding_backward(gradient, gradient_at(pass, gradient, o.position),
                           gradient_at(pass, gradient, o.type), ws->dresidual, rows, b->types, b->cu_seqlens,
                           b->sequences, c->hidden_size, pass->step->gradient.word_rows,
                           c->max_position_embeddings, c->type_vocab_size);
    forget_padding(pass, gradient, rows);
    qsc_bert_lap(ws, QSC_BERT_EMBEDDING_BACKWARD);
}

static int check_training(const struct qsc_bert_pass *pass)
{
    const struct qsc_bert_config *c = pass->ws->plan->layout->config;
    const struct qsc_batch *b = pass->batch;
    const struct qsc_bert_gradient *g = &pass->step->gradient;
    if (pass->ws->config.use != QSC_BERT_TRAINING || pass->weights->use != QSC_BERT_TRAINING)
        return EINVAL;
    if (!b->word_rows && g->first_layer < 0 && g->word_rows != c->vocab_size)
        return EINVAL;
    for (int t = 0; t < b->tokens; t++) {
        if (b->labels[t] != QSC_NO_LABEL && (b->labels[t] < 0 || b->labels[t] >= c->num_labels))
            return EINVAL;
        if (b->word_rows && g->first_layer < 0 && (b->word_rows[t] < 0 || b->word_rows[t] >= g->word_rows))
            return EINVAL;
    }
    return 0;
}

// Logits, the loss, and the gradients of the classifier; leaves that of the last layer's output in
// ws->dresidual.
static int head_backward(const struct qsc_bert_pass *pass, float *gradient, double *loss_sum)
{
    qsc_bert_workspace *ws = pass->ws;
    const struct qsc_bert_config *c = ws->plan->layout->config;
    const struct qsc_batch *b = pass->batch;
    int matrix = pass->weights->matrix_count - 1, rc;
    const struct qsc_bert_matrix *m = &pass->weights->matrices[matrix];
    struct qsc_dropout storage;
    const struct qsc_dropout *dropout = qsc_bert_dropout(pass, QSC_BERT_SITE_CLASSIFIER, 0, &storage);
    memcpy(ws->head, ws->layers[c->num_hidden_layers].hidden,
           (size_t)b->tokens * (size_t)c->hidden_size * sizeof(float));
    qsc_bert_mask(pass, ws->head, dropout);
    qsc_bert_lap(ws, QSC_BERT_HEAD);
    rc = qsc_linear_forward(m->plan, ws->logits, ws->head, m->packed, m->bias, b->tokens, ws->scratch);
    qsc_bert_lap(ws, QSC_BERT_LINEAR);
    if (rc)
        return rc;
    *loss_sum =
        qsc_cross_entropy(ws->logits, ws->logits, b->labels, pass->step->scale, b->tokens, c->num_labels);
    qsc_bert_lap(ws, QSC_BERT_HEAD);
    if ((rc = weight_gradient(pass, matrix, gradient, ws->logits, ws->head)))
        return rc;
    if (pass->step->gradient.first_layer >= c->num_hidden_layers)
        return 0;
    if ((rc = input_gradient(pass, matrix, ws->dresidual, ws->logits, b->tokens)))
        return rc;
    qsc_bert_mask(pass, ws->dresidual, dropout);
    qsc_bert_lap(ws, QSC_BERT_HEAD);
    return 0;
}

int qsc_bert_loss_backward(qsc_bert_workspace *ws, const qsc_bert_weights *weights,
                           const struct qsc_batch *batch, const struct qsc_bert_step *step, float *gradient,
                           double *loss_sum)
{
    struct qsc_bert_pass pass = {.ws = ws, .weights = weights, .batch = batch, .step = step};
    int layers = ws->plan->layout->config->num_hidden_layers, first = step->gradient.first_layer, rc;
    const float *branch = NULL; // the last layer's output has one user, all below have two
    qsc_bert_start_clock(ws);
    if ((rc = check_training(&pass)) || (rc = qsc_bert_encode(&pass)) ||
        (rc = head_backward(&pass, gradient, loss_sum)))
        return rc;
    for (int l = layers - 1; l >= 0 && l >= first; l--) {
        if ((rc = feed_forward_backward(&pass, l, gradient, branch)) ||
            (rc = attention_backward(&pass, l, gradient)))
            return rc;
        branch = ws->dbranch;
    }
    if (first < 0)
        embed_backward(&pass, gradient, branch);
    return 0;
}
