#include <quiesce/model/training_update.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pool.h>
#include <quiesce/kernels/optimizer.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    span_floats = 4 * QSC_SQUARES_BLOCK, // 64 KiB of each array: fits a core's cache beside its fellows
    span_squares = span_floats / QSC_SQUARES_BLOCK,
    spans_a_task = 4
};

static int bad_freeze(const char *freeze, struct qsc_error *err)
{
    return qsc_fail(err, EINVAL,
                    "freeze: \"%s\" is no list like embeddings,layer.0-3 of layers that the model has",
                    freeze);
}

// One item of the list; *next is set behind it.
static bool freeze_item(bool *trained, int layers, const char *item, const char **next)
{
    size_t length = strcspn(item, ",");
    *next = item + length;
    if (length == 10 && strncmp(item, "embeddings", length) == 0) {
        trained[0] = false;
        return true;
    }
    if (length < 7 || strncmp(item, "layer.", 6) != 0 || item[6] < '0' || item[6] > '9')
        return false;
    char *end;
    unsigned long first = strtoul(item + 6, &end, 10), last = first;
    if (*end == '-' && end[1] >= '0' && end[1] <= '9')
        last = strtoul(end + 1, &end, 10);
    if (end != item + length || first > last || last >= (unsigned long)layers)
        return false;
    for (unsigned long i = first; i <= last; i++)
        trained[1 + i] = false;
    return true;
}

static int read_freeze(bool *trained, int layers, const char *freeze, struct qsc_error *err)
{
    for (int i = 0; i < layers + 2; i++)
        trained[i] = true;
    for (const char *item = freeze; item;) {
        const char *next;
        if (!freeze_item(trained, layers, item, &next))
            return bad_freeze(freeze, err);
        item = *next ? next + 1 : NULL;
    }
    return 0;
}

static bool is_words(const struct qsc_bert_tensor *tensor)
{
    return tensor->offset == 0; // the layout begins with the word embeddings
}

// The floats of a span: of the word embeddings whole rows, so that a row's gradient is one piece.
static int span_size(const struct qsc_bert_tensor *tensor)
{
    if (!is_words(tensor))
        return span_floats;
    return tensor->cols > span_floats ? tensor->cols : span_floats / tensor->cols * tensor->cols;
}

// Lists the spans, or only counts them where spans is NULL.
static size_t list_spans(const struct qsc_training_update *update, struct qsc_training_span *spans)
{
    size_t count = 0;
    for (int i = 0; i < update->layout->count; i++) {
        const struct qsc_bert_tensor *tensor = &update->layout->tensors[i];
        size_t floats = qsc_bert_tensor_floats(tensor), size = (size_t)span_size(tensor);
        for (size_t done = 0; update->trained[1 + tensor->layer] && done < floats; done += size, count++) {
            if (spans)
                spans[count] = (struct qsc_training_span){
                    .offset = tensor->offset + done,
                    .floats = (int)(floats - done < size ? floats - done : size),
                    .decay = tensor->decay,
                    .words = is_words(tensor),
                };
        }
    }
    return count;
}

int qsc_training_update_init(struct qsc_training_update *update, const struct qsc_bert_layout *layout,
                             struct qsc_pool *pool, const char *freeze, int step_words, struct qsc_error *err)
{
    const struct qsc_bert_config *config = layout->config;
    int layers = config->num_hidden_layers, first = 0;
    *update = (struct qsc_training_update){.layout = layout, .pool = pool};
    update->trained = qsc_alloc((size_t)layers + 2);
    if (!update->trained)
        return qsc_fail(err, ENOMEM, "no memory to train %d layers", layers);
    int code = read_freeze(update->trained, layers, freeze, err);
    if (code) {
        qsc_training_update_fini(update);
        return code;
    }
    while (!update->trained[first])
        first++;
    update->gradient = qsc_bert_gradient_shape(layout, first - 1, first == 0 ? step_words : 0);
    size_t word_floats = (size_t)update->gradient.word_rows * (size_t)config->hidden_size;
    size_t row = (size_t)config->hidden_size > span_floats ? (size_t)config->hidden_size : span_floats;
    update->span_count = list_spans(update, NULL);
    update->word_squares = (word_floats + QSC_SQUARES_BLOCK - 1) / QSC_SQUARES_BLOCK;
    update->spans = qsc_alloc(update->span_count * sizeof *update->spans);
    update->squares = qsc_alloc((update->span_count * span_squares + update->word_squares) * sizeof(double));
    update->word_row = qsc_alloc((size_t)config->vocab_size * sizeof *update->word_row);
    update->zeros = qsc_alloc_zeroed(row, sizeof *update->zeros);
    if (!update->spans || !update->squares || !update->word_row || !update->zeros) {
        qsc_training_update_fini(update);
        return qsc_fail(err, ENOMEM, "no memory to train %zu parameters", layout->floats);
    }
    list_spans(update, update->spans);
    for (int i = 0; i < config->vocab_size; i++)
        update->word_row[i] = -1;
    return 0;
}

void qsc_training_update_fini(struct qsc_training_update *update)
{
    qsc_free(update->trained);
    qsc_free(update->spans);
    qsc_free(update->squares);
    qsc_free(update->word_row);
    qsc_free(update->zeros);
    *update = (struct qsc_training_update){0};
}

// What the tasks of one update read.
struct job {
    struct qsc_training_update *update;
    const struct qsc_training_change *change;
    struct qsc_adamw adamw;
    struct qsc_sgd sgd;
    float *params;
    qsc_bert_weights *weights;
};

static const float *dense_gradient(const struct job *job, size_t offset)
{
    const struct qsc_bert_gradient *shape = &job->update->gradient;
    return job->change->gradient +
           (size_t)shape->word_rows * (size_t)job->update->layout->config->hidden_size +
           (offset - shape->dense_begin);
}

static void square_spans(void *context, size_t low, size_t high)
{
    const struct job *job = context;
    for (size_t i = low; i < high; i++) {
        const struct qsc_training_span *span = &job->update->spans[i];
        double *sums = job->update->squares + i * span_squares;
        memset(sums, 0, span_squares * sizeof *sums);
        if (!span->words)
            qsc_squares(sums, dense_gradient(job, span->offset), (size_t)span->floats);
    }
}

double qsc_training_update_norm(struct qsc_training_update *update, const struct qsc_training_change *change)
{
    struct job job = {.update = update, .change = change};
    size_t dense = update->span_count * span_squares;
    qsc_parallel_for(update->pool, 0, update->span_count, spans_a_task, square_spans, &job);
    double *words = update->squares + dense, sum = 0;
    size_t rows = update->gradient.word_rows ? (size_t)change->windows->words : 0;
    size_t floats = rows * (size_t)update->layout->config->hidden_size;
    qsc_squares(words, change->gradient, floats);
    for (size_t i = 0; i < dense + (floats + QSC_SQUARES_BLOCK - 1) / QSC_SQUARES_BLOCK; i++)
        sum += update->squares[i];
    return sqrt(sum);
}

static void apply_range(const struct job *job, size_t offset, const float *gradient, size_t floats,
                        bool decay)
{
    const struct qsc_training_change *change = job->change;
    if (change->config->optimizer == QSC_OPTIMIZER_ADAMW) {
        struct qsc_adamw adamw = job->adamw;
        adamw.weight_decay = decay ? adamw.weight_decay : 0;
        qsc_adamw_step(job->params + offset, change->m + offset, change->v + offset, gradient, floats,
                       &adamw);
    } else {
        struct qsc_sgd sgd = job->sgd;
        sgd.weight_decay = decay ? sgd.weight_decay : 0;
        qsc_sgd_step(job->params + offset, change->m + offset, gradient, floats, &sgd);
    }
}

// Rows of words that the step does not hold have gradient 0 and still move on by their moments; runs of them
// are one range.
static void apply_words(const struct job *job, const struct qsc_training_span *span)
{
    size_t hidden = (size_t)job->update->layout->config->hidden_size;
    size_t first = span->offset / hidden, end = first + (size_t)span->floats / hidden;
    for (size_t row = first; row < end;) {
        int32_t place = job->update->word_row[row];
        size_t next = row + 1;
        while (place < 0 && next < end && job->update->word_row[next] < 0)
            next++;
        const float *gradient =
            place < 0 ? job->update->zeros : job->change->gradient + (size_t)place * hidden;
        apply_range(job, row * hidden, gradient, (next - row) * hidden, span->decay);
        row = next;
    }
}

static void apply_spans(void *context, size_t low, size_t high)
{
    const struct job *job = context;
    for (size_t i = low; i < high; i++) {
        const struct qsc_training_span *span = &job->update->spans[i];
        if (span->words)
            apply_words(job, span);
        else
            apply_range(job, span->offset, dense_gradient(job, span->offset), (size_t)span->floats,
                        span->decay);
    }
}

static void pack_matrices(void *context, size_t low, size_t high)
{
    const struct job *job = context;
    int layers = job->update->layout->config->num_hidden_layers;
    for (size_t i = low; i < high; i++) {
        int layer = (int)i / 4; // 4 matrices a layer, then the classifier's
        if (layer >= layers || job->update->trained[1 + layer])
            qsc_bert_weights_pack(job->weights, (int)i, (int)i + 1);
    }
}

void qsc_training_update_apply(struct qsc_training_update *update, const struct qsc_training_change *change,
                               double norm, qsc_bert_weights *weights)
{
    const struct qsc_trainer_config *config = change->config;
    // As torch.nn.utils.clip_grad_norm_ has it.
    double scale = config->clip > 0 ? fmin(1, config->clip / (norm + 1e-6)) : 1;
    struct job job = {
        .update = update,
        .change = change,
        .adamw = {change->learning_rate, config->beta1, config->beta2, config->epsilon, config->weight_decay,
                  change->step, scale},
        .sgd = {change->learning_rate, config->momentum, config->weight_decay, scale},
        .params = qsc_bert_weights_params(weights),
        .weights = weights,
    };
    const struct qsc_training_step *windows = change->windows;
    for (int i = 0; i < windows->words; i++)
        update->word_row[windows->word[i]] = i;
    qsc_parallel_for(update->pool, 0, update->span_count, spans_a_task, apply_spans, &job);
    for (int i = 0; i < windows->words; i++)
        update->word_row[windows->word[i]] = -1;
    qsc_parallel_for(update->pool, 0, (size_t)qsc_bert_weights_matrices(weights), 1, pack_matrices, &job);
}
