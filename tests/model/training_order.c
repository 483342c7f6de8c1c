#include "support.h"

#include <quiesce/model/training_order.h>

TestSuite(training_order);

enum { windows = 103, vocab = 50 };

static struct qsc_error error;
static size_t first[windows + 1];
static int32_t ids[windows * 40], labels[windows * 40];

/* Windows of 3 to 39 tokens; the first id of each tells its number by what stands in labels. */
static struct qsc_dataset make_data(void)
{
    struct qsc_dataset data = {
        .windows = windows, .first = first, .ids = ids, .labels = labels, .max_tokens = 39};
    size_t tokens = 0;
    for (int w = 0; w < windows; w++) {
        first[w] = tokens;
        int length = 3 + w * 7 % 37;
        for (int t = 0; t < length; t++, tokens++) {
            ids[tokens] = (int32_t)((tokens * 31 + tokens / 7) % vocab);
            labels[tokens] = t == 1 ? w : -100;
        }
    }
    first[windows] = data.tokens = tokens;
    return data;
}

static void begin(struct qsc_training_order *order, const struct qsc_dataset *data, uint64_t seed,
                  size_t step_windows)
{
    cr_assert_eq(qsc_training_order_init(order, data, seed, step_windows, vocab, &error), 0, "%s",
                 error.text);
}

/* The windows of the current step, by the labels their second tokens carry. */
static int list_windows(const struct qsc_training_step *step, int *list)
{
    int count = 0;
    for (size_t t = 0; t < step->tokens; t++) {
        if (step->labels[t] >= 0)
            list[count++] = step->labels[t];
    }
    return count;
}

Test(training_order, an_epoch_takes_every_window_once)
{
    struct qsc_dataset data = make_data();
    struct qsc_training_order order;
    begin(&order, &data, 5, 8);
    cr_assert_eq(order.epoch_steps, 13);
    int moved = 0, differs = 0, before[windows] = {0};
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        int seen[windows] = {0}, list[windows], count = 0;
        for (uint64_t step = 0; step < 13; step++) {
            qsc_training_order_go(&order, epoch * 13 + step);
            cr_assert_eq(order.step.labelled, step < 12 ? 8 : 7);
            count += list_windows(&order.step, list + count);
        }
        cr_assert_eq(count, windows);
        for (int i = 0; i < windows; i++) {
            seen[list[i]]++;
            moved += list[i] != i;
            differs += list[i] != before[i];
            before[i] = list[i];
        }
        for (int w = 0; w < windows; w++)
            cr_assert_eq(seen[w], 1, "window %d", w);
    }
    cr_assert_gt(moved, 280, "not shuffled");
    cr_assert_gt(differs, 280, "every epoch has the same order");
    qsc_training_order_fini(&order);
}

Test(training_order, a_step_depends_on_seed_and_number_only)
{
    struct qsc_dataset data = make_data();
    struct qsc_training_order a, b, c;
    begin(&a, &data, 5, 8);
    begin(&b, &data, 5, 8);
    begin(&c, &data, 6, 8);
    for (uint64_t step = 0; step < 40; step++)
        qsc_training_order_go(&a, step);
    qsc_training_order_go(&a, 20);
    qsc_training_order_go(&b, 20);
    qsc_training_order_go(&c, 20);
    cr_assert_eq(a.step.tokens, b.step.tokens);
    cr_assert_eq(memcmp(a.step.ids, b.step.ids, a.step.tokens * sizeof(int32_t)), 0);
    cr_assert(a.step.tokens != c.step.tokens ||
              memcmp(a.step.ids, c.step.ids, a.step.tokens * sizeof(int32_t)) != 0);
    qsc_training_order_fini(&a);
    qsc_training_order_fini(&b);
    qsc_training_order_fini(&c);
}

static bool is_power_of_two(size_t n)
{
    return (n & (n - 1)) == 0;
}

/* Micro-batches follow each other without a gap, hold whole windows and about equally many tokens. */
Test(training_order, micro_batches_cover_the_step)
{
    struct qsc_dataset data = make_data();
    struct qsc_training_order order;
    static const size_t sizes[] = {1, 2, 3, 8, 50, 103, 1000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        begin(&order, &data, 9, sizes[i]);
        struct qsc_training_bounds bounds = qsc_training_order_bounds(&order, 2 * order.epoch_steps);
        for (uint64_t s = 0; s < 2 * order.epoch_steps; s++) {
            qsc_training_order_go(&order, s);
            const struct qsc_training_step *step = &order.step;
            uint64_t tokens = 0;
            int sequences = 0;
            for (size_t b = 0; b < step->batches; b++) {
                const struct qsc_batch *batch = &step->batch[b];
                cr_assert_eq(batch->first_token, tokens);
                cr_assert_eq(batch->ids, step->ids + tokens);
                cr_assert_eq(batch->cu_seqlens[0], 0);
                cr_assert_eq(batch->cu_seqlens[batch->sequences], batch->tokens);
                cr_assert_leq((size_t)batch->tokens, step->tokens / step->batches + 2 * 39);
                cr_assert_leq(batch->tokens, bounds.batch_tokens);
                for (int q = 0; q < batch->sequences; q++) /* whole windows: the second token has the label */
                    cr_assert_geq(batch->labels[batch->cu_seqlens[q] + 1], 0);
                tokens += (uint64_t)batch->tokens;
                sequences += batch->sequences;
            }
            cr_assert_eq(tokens, step->tokens);
            cr_assert_eq((size_t)sequences, step->labelled);
            cr_assert(step->labelled < 2 || step->batches >= 2, "one task for two threads");
            cr_assert(is_power_of_two(step->batches) || step->labelled < 8);
            cr_assert_leq(step->batches, bounds.batches);
            cr_assert_leq(step->words, bounds.words);
            for (size_t t = 0; t < step->tokens; t++)
                cr_assert_eq(step->word[step->rows[t]], step->ids[t]);
        }
        qsc_training_order_fini(&order);
    }
}

Test(training_order, a_step_too_large_is_refused)
{
    struct qsc_dataset data = make_data();
    data.windows = (size_t)1 << 30;
    struct qsc_training_order order;
    cr_assert_eq(qsc_training_order_init(&order, &data, 1, data.windows, vocab, &error), EINVAL);
}

static int make_and_go(void *context)
{
    struct qsc_training_order order;
    int code = qsc_training_order_init(&order, context, 1, 8, vocab, &error);
    if (code)
        return code;
    qsc_training_order_go(&order, 3);
    qsc_training_order_fini(&order);
    return 0;
}

Test(training_order, every_allocation_may_fail)
{
    struct qsc_dataset data = make_data();
    cr_assert_eq(fail_each_allocation(make_and_go, &data), 8);
}
