#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/bert_workspace.h>

#include <errno.h>
#include <time.h>

enum { LINE = 64, LINE_FLOATS = LINE / sizeof(float), SLICE = QSC_BERT_SLICE };

const char *const qsc_bert_kernel_names[QSC_BERT_KERNELS] = {
    "linear", "linear backward", "attention", "attention backward", "layernorm", "layernorm backward",
    "gelu",   "gelu backward",   "embedding", "embedding backward", "head",
};

// Buffers one after the other; a first round with base NULL only adds their sizes up, so that no size is
// written twice.
struct arena {
    float *base;
    size_t floats;
};

static float *take(struct arena *a, size_t rows, size_t columns)
{
    float *p = a->base ? a->base + a->floats : NULL;
    a->floats += (rows * columns + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
    return p;
}

static size_t scratch_floats(const struct qsc_bert_plan *plan, int max_sequence)
{
    const struct qsc_bert_config *c = plan->layout->config;
    size_t floats = qsc_attention_scratch_floats(max_sequence, c->hidden_size / c->num_attention_heads);
    for (int i = 0; i < QSC_BERT_PRODUCTS; i++) {
        size_t product = (qsc_linear_scratch_bytes(plan->products[i]) + sizeof(float) - 1) / sizeof(float);
        floats = product > floats ? product : floats;
    }
    return floats;
}

static void place_training(qsc_bert_workspace *ws, struct arena *a, const struct qsc_bert_config *c,
                           size_t tokens)
{
    size_t hidden = (size_t)c->hidden_size, inner = (size_t)c->intermediate_size;
    for (int l = 0; l < c->num_hidden_layers; l++) {
        ws->layers[l] = (struct qsc_bert_activations){
            .hidden = take(a, tokens, hidden),
            .qkv = take(a, tokens, 3 * hidden),
            .context = take(a, tokens, hidden),
            .lse = take(a, tokens, (size_t)c->num_attention_heads),
            .middle = take(a, tokens, hidden),
            .inner = take(a, tokens, inner),
            .active = take(a, tokens, inner),
            .normal = {take(a, tokens, hidden), take(a, tokens, hidden)},
            .rstd = {take(a, tokens, 1), take(a, tokens, 1)},
        };
    }
    ws->layers[c->num_hidden_layers] = (struct qsc_bert_activations){.hidden = take(a, tokens, hidden)};
    ws->embedding_normal = take(a, tokens, hidden);
    ws->embedding_rstd = take(a, tokens, 1);
    ws->logits = take(a, tokens, (size_t)c->num_labels);
    ws->head = take(a, tokens, hidden);
    ws->dresidual = take(a, tokens, hidden);
    ws->dbranch = take(a, tokens, hidden);
    ws->dproduct = take(a, tokens, hidden);
    ws->dqkv = take(a, tokens, 3 * hidden);
    ws->dinner = take(a, tokens, inner);
}

static void place_inference(qsc_bert_workspace *ws, struct arena *a, const struct qsc_bert_config *c,
                            size_t tokens)
{
    size_t hidden = (size_t)c->hidden_size, slice = tokens < SLICE ? tokens : SLICE;
    struct qsc_bert_activations shared = {
        .hidden = take(a, tokens, hidden),
        .qkv = take(a, tokens, 3 * hidden),
        .context = take(a, tokens, hidden),
        .middle = take(a, tokens, hidden),
        .inner = take(a, slice, (size_t)c->intermediate_size),
    };
    shared.active = shared.inner;
    shared.normal[0] = shared.normal[1] = take(a, tokens, hidden);
    for (int l = 0; l <= c->num_hidden_layers; l++)
        ws->layers[l] = shared;
}

static void place(qsc_bert_workspace *ws, struct arena *a)
{
    const struct qsc_bert_config *c = ws->plan->layout->config;
    size_t tokens = (size_t)ws->config.max_tokens;
    ws->scratch = take(a, 1, scratch_floats(ws->plan, ws->config.max_sequence));
    if (ws->config.use == QSC_BERT_TRAINING)
        place_training(ws, a, c, tokens);
    else
        place_inference(ws, a, c, tokens);
}

int qsc_bert_workspace_create(qsc_bert_workspace **ws, const qsc_bert_plan *plan,
                              const struct qsc_bert_workspace_config *config, struct qsc_error *err)
{
    const struct qsc_bert_config *c = plan->layout->config;
    struct qsc_bert_workspace_config own = *config;
    if (own.max_sequence == 0)
        own.max_sequence = c->max_position_embeddings;
    if (own.max_tokens < 1 || own.max_sequence < 1 || own.max_sequence > c->max_position_embeddings)
        return qsc_fail(err, EINVAL,
                        "workspace: %d tokens in sequences of %d do not fit a model of %d positions",
                        own.max_tokens, own.max_sequence, c->max_position_embeddings);
    size_t header =
        sizeof(qsc_bert_workspace) + ((size_t)c->num_hidden_layers + 1) * sizeof(struct qsc_bert_activations);
    qsc_bert_workspace *w = qsc_alloc_zeroed(1, header);
    if (!w)
        return qsc_fail(err, ENOMEM, "no memory for a workspace");
    w->plan = plan;
    w->config = own;
    struct arena sizes = {0};
    place(w, &sizes);
    struct arena memory = {.base = qsc_alloc_aligned(sizes.floats * sizeof(float), LINE)};
    if (!memory.base) {
        qsc_free(w);
        return qsc_fail(err, ENOMEM, "no memory for the activations of %d tokens: %zu bytes", own.max_tokens,
                        sizes.floats * sizeof(float));
    }
    place(w, &memory);
    w->memory = memory.base;
    w->bytes = header + memory.floats * sizeof(float);
    *ws = w;
    return 0;
}

void qsc_bert_workspace_destroy(qsc_bert_workspace *ws)
{
    if (!ws)
        return;
    qsc_free(ws->memory);
    qsc_free(ws);
}

uint64_t qsc_bert_workspace_bytes(const qsc_bert_workspace *ws)
{
    return ws->bytes;
}

const float *qsc_bert_workspace_hidden(const qsc_bert_workspace *ws, int i)
{
    return ws->layers[i].hidden;
}

// The thread's own time: what other programs take from it is no kernel's.
static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void qsc_bert_workspace_profile(qsc_bert_workspace *ws, struct qsc_bert_profile *profile)
{
    ws->profile = profile;
}

void qsc_bert_start_clock(qsc_bert_workspace *ws)
{
    if (ws->profile)
        ws->mark = now_ns();
}

void qsc_bert_lap_slow(qsc_bert_workspace *ws, enum qsc_bert_kernel kernel)
{
    uint64_t now = now_ns();
    ws->profile->ns[kernel] += now - ws->mark;
    ws->mark = now;
}
