#include <quiesce/model/training_order.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/kernels/random.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

enum {
    order_site = 0x6f726465, // of the random stream; dropout's sites are small numbers
    batch_tokens = 256       // a micro-batch of that size keeps the matrix products busy and in the cache
};

int qsc_training_order_init(struct qsc_training_order *order, const struct qsc_dataset *data, uint64_t seed,
                            size_t step_windows, int vocab_size, struct qsc_error *err)
{
    if (step_windows > data->windows)
        step_windows = data->windows;
    *order = (struct qsc_training_order){.data = data, .seed = seed, .step_windows = step_windows};
    order->epoch_steps = (data->windows + step_windows - 1) / step_windows;
    size_t tokens = step_windows * (size_t)data->max_tokens;
    if (tokens > INT_MAX)
        return qsc_fail(err, EINVAL, "batch * accumulate: %zu windows of %d tokens are too many for one step",
                        step_windows, data->max_tokens);
    struct qsc_training_step *step = &order->step;
    order->windows = qsc_alloc(data->windows * sizeof *order->windows);
    order->numbers = qsc_alloc((size_t)vocab_size * sizeof *order->numbers);
    step->ids = qsc_alloc(tokens * sizeof *step->ids);
    step->labels = qsc_alloc(tokens * sizeof *step->labels);
    step->rows = qsc_alloc(tokens * sizeof *step->rows);
    step->word = qsc_alloc(tokens * sizeof *step->word);
    step->batch = qsc_alloc(step_windows * sizeof *step->batch);
    step->cu_seqlens = qsc_alloc(2 * step_windows * sizeof *step->cu_seqlens);
    if (!order->windows || !order->numbers || !step->ids || !step->labels || !step->rows || !step->word ||
        !step->batch || !step->cu_seqlens) {
        qsc_training_order_fini(order);
        return qsc_fail(err, ENOMEM, "no memory for steps of %zu tokens", tokens);
    }
    for (int i = 0; i < vocab_size; i++)
        order->numbers[i] = -1;
    return 0;
}

void qsc_training_order_fini(struct qsc_training_order *order)
{
    struct qsc_training_step *step = &order->step;
    qsc_free(order->windows);
    qsc_free(order->numbers);
    qsc_free(step->ids);
    qsc_free(step->labels);
    qsc_free(step->rows);
    qsc_free(step->word);
    qsc_free(step->batch);
    qsc_free(step->cu_seqlens);
    *order = (struct qsc_training_order){0};
}

// Fisher and Yates, drawing from a stream of the epoch's own.
static void shuffle(struct qsc_training_order *order, uint64_t epoch)
{
    const struct qsc_random key = {order->seed, (uint32_t)epoch, order_site};
    size_t n = order->data->windows;
    for (size_t i = 0; i < n; i++)
        order->windows[i] = (uint32_t)i;
    for (size_t i = n - 1; i > 0; i--) {
        uint32_t word, kept = order->windows[i];
        qsc_random_words(&word, &key, i, 1);
        size_t j = (size_t)((uint64_t)word * (i + 1) >> 32);
        order->windows[i] = order->windows[j];
        order->windows[j] = kept;
    }
    order->epoch = epoch + 1;
}

static size_t window_tokens(const struct qsc_dataset *data, uint32_t window)
{
    return data->first[window + 1] - data->first[window];
}

// A power of two, so that a step doubles its micro-batches and not some of them; at least two where there are
// two windows, so that two threads have work.
static size_t count_batches(size_t tokens, size_t windows)
{
    size_t count = 2;
    while (count * batch_tokens < tokens)
        count *= 2;
    while (count > windows)
        count /= 2;
    return count;
}

// Each window goes to the micro-batch in whose equal share of the tokens its middle lies.
static void cut(struct qsc_training_step *step, const struct qsc_dataset *data, const uint32_t *windows,
                size_t count)
{
    size_t parts = count_batches(step->tokens, count), before = 0, open_part = SIZE_MAX;
    int32_t *ends = step->cu_seqlens;
    step->batches = 0;
    for (size_t i = 0; i < count; i++) {
        size_t tokens = window_tokens(data, windows[i]);
        size_t part = (2 * before + tokens) * parts / (2 * step->tokens);
        if (part != open_part) {
            step->batch[step->batches++] = (struct qsc_batch){.ids = step->ids + before,
                                                              .labels = step->labels + before,
                                                              .word_rows = step->rows + before,
                                                              .cu_seqlens = ends,
                                                              .first_token = before};
            *ends++ = 0;
            open_part = part;
        }
        struct qsc_batch *batch = &step->batch[step->batches - 1];
        batch->tokens += (int)tokens;
        batch->sequences++;
        *ends++ = batch->tokens;
        before += tokens;
    }
}

void qsc_training_order_go(struct qsc_training_order *order, uint64_t number)
{
    const struct qsc_dataset *data = order->data;
    struct qsc_training_step *step = &order->step;
    uint64_t epoch = number / order->epoch_steps;
    size_t first = (size_t)(number % order->epoch_steps) * order->step_windows;
    size_t count = data->windows - first < order->step_windows ? data->windows - first : order->step_windows;
    if (order->epoch != epoch + 1)
        shuffle(order, epoch);
    step->tokens = step->labelled = 0;
    for (size_t i = first; i < first + count; i++) {
        size_t begin = data->first[order->windows[i]], tokens = window_tokens(data, order->windows[i]);
        memcpy(step->ids + step->tokens, data->ids + begin, tokens * sizeof *step->ids);
        memcpy(step->labels + step->tokens, data->labels + begin, tokens * sizeof *step->labels);
        for (size_t t = begin; t < begin + tokens; t++)
            step->labelled += data->labels[t] >= 0;
        step->tokens += tokens;
    }
    step->words = qsc_bert_number_words(step->rows, step->word, order->numbers, step->ids, (int)step->tokens);
    cut(step, data, order->windows + first, count);
}

struct qsc_training_bounds qsc_training_order_bounds(struct qsc_training_order *order, uint64_t steps)
{
    struct qsc_training_bounds bounds = {0};
    for (uint64_t i = 0; i < steps; i++) {
        const struct qsc_training_step *step = &order->step;
        qsc_training_order_go(order, i);
        if (step->words > bounds.words)
            bounds.words = step->words;
        if (step->batches > bounds.batches)
            bounds.batches = step->batches;
        for (size_t b = 0; b < step->batches; b++) {
            if (step->batch[b].tokens > bounds.batch_tokens)
                bounds.batch_tokens = step->batch[b].tokens;
        }
    }
    return bounds;
}
