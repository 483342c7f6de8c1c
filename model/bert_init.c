#include <quiesce/kernels/random.h>
#include <quiesce/model/bert.h>

#include <string.h>

static bool is_norm_weight(const struct qsc_bert_tensor *t)
{
    return t->cols == 0 && strstr(t->name, "LayerNorm.weight");
}

void qsc_bert_init(float *params, const struct qsc_bert_layout *layout, uint64_t seed)
{
    const struct qsc_bert_config *c = layout->config;
    struct qsc_random key = {.seed = seed,
                             .step = UINT32_MAX}; // no training gets that far: dropout's streams are others
    for (int i = 0; i < layout->count; i++) {
        const struct qsc_bert_tensor *t = &layout->tensors[i];
        float *p = params + t->offset;
        size_t n = qsc_bert_tensor_floats(t);
        if (t->cols) {
            qsc_random_normal(p, &key, t->offset, n);
            for (size_t j = 0; j < n; j++)
                p[j] *= (float)c->initializer_range;
        } else {
            for (size_t j = 0; j < n; j++)
                p[j] = is_norm_weight(t) ? 1.0f : 0.0f;
        }
    }
    if (c->pad_token_id >= 0 && c->pad_token_id < c->vocab_size)
        memset(params + (size_t)c->pad_token_id * (size_t)c->hidden_size, 0,
               (size_t)c->hidden_size * sizeof(float));
}
