#include "bert_fixture.h"

#include <errno.h>

static float *gradient_of(struct fixture *f, const struct qsc_bert_step *step, double *loss)
{
    float *gradient = malloc(step->gradient.floats * sizeof *gradient);
    memset(gradient, 0xFF, step->gradient.floats * sizeof *gradient); // NaN: every element must be written
    cr_assert_eq(qsc_bert_loss_backward(f->ws, f->weights, &f->batch, step, gradient, loss), 0);
    return gradient;
}

Test(bert_backward, frozen_layers_leave_the_others_gradients_as_they_were)
{
    struct fixture f;
    fixture_make(&f, &odd, QSC_BERT_TRAINING);
    struct qsc_bert_step all = fixture_step(&f, true);
    double loss, other;
    float *whole = gradient_of(&f, &all, &loss);
    for (int first = 0; first <= odd.layers; first++) {
        struct qsc_bert_step step = all;
        step.gradient = qsc_bert_gradient_shape(&f.layout, first, f.config.vocab_size);
        cr_assert_eq(step.gradient.word_rows, 0);
        cr_assert_eq(step.gradient.floats, f.layout.floats - qsc_bert_layer_begin(&f.layout, first));
        float *part = gradient_of(&f, &step, &other);
        cr_assert_eq(loss, other);
        cr_assert_eq(memcmp(part, whole + step.gradient.dense_begin, step.gradient.floats * sizeof *part), 0,
                     "first layer %d", first);
        free(part);
    }
    free(whole);
    fixture_discard(&f);
}

Test(bert_backward, a_row_for_each_word_that_occurs_is_enough)
{
    struct fixture f;
    fixture_make(&f, &odd, QSC_BERT_TRAINING);
    f.ids[3] = f.config.pad_token_id;
    struct qsc_bert_step step = fixture_step(&f, false);
    double loss;
    float *whole = gradient_of(&f, &step, &loss);
    int32_t rows[64], words[64], numbers[61];
    memset(numbers, 0xFF, sizeof numbers);
    int distinct = qsc_bert_number_words(rows, words, numbers, f.ids, f.batch.tokens);
    step.gradient = qsc_bert_gradient_shape(&f.layout, -1, distinct);
    f.batch.word_rows = rows;
    float *compact = gradient_of(&f, &step, &loss);
    size_t hidden = 36, table = 61 * hidden;
    for (int r = 0; r < distinct; r++) {
        cr_assert_eq(
            memcmp(compact + (size_t)r * hidden, whole + (size_t)words[r] * hidden, hidden * sizeof(float)),
            0);
        numbers[words[r]] = r;
    }
    for (int w = 0; w < 61; w++) {
        for (size_t i = 0; i < hidden; i++)
            cr_assert((numbers[w] >= 0 && w != f.config.pad_token_id) || whole[(size_t)w * hidden + i] == 0,
                      "word %d", w);
    }
    cr_assert_eq(
        memcmp(compact + (size_t)distinct * hidden, whole + table, (f.layout.floats - table) * sizeof(float)),
        0);
    free(whole);
    free(compact);
    fixture_discard(&f);
}

// As the logits are; the gradient of the key's bias is 0 but for rounding and cannot be compared.
Test(bert_backward, bf16_gradients_are_near_those_of_f32)
{
    for (int i = 0; i < 2; i++) {
        const struct model_case *m = i ? &odd : &even, rounded = in_precision(m, QSC_BF16);
        struct fixture f, g;
        fixture_make(&f, m, QSC_BERT_TRAINING);
        fixture_make(&g, &rounded, QSC_BERT_TRAINING);
        struct qsc_bert_step step = fixture_step(&f, true);
        double loss, other;
        float *exact = gradient_of(&f, &step, &loss), *near = gradient_of(&g, &step, &other);
        cr_assert(loss != other && fabs(other - loss) < 0.01 * loss, "%s: loss %g, not %g", m->name, other,
                  loss);
        for (int t = 0; t < f.layout.count; t++) {
            const struct qsc_bert_tensor *tensor = &f.layout.tensors[t];
            if (strstr(tensor->name, "key.bias"))
                continue;
            double share = share_of_largest(near + tensor->offset, exact + tensor->offset,
                                            qsc_bert_tensor_floats(tensor));
            cr_assert(share < 0.05, "%s, %s: %g", m->name, tensor->name, share);
        }
        free(exact);
        free(near);
        fixture_discard(&f);
        fixture_discard(&g);
    }
}

// Two halves of a batch, each numbered where it stands in the step, give the loss and (but for the order of
// additions) the gradient of the whole.
Test(bert_backward, micro_batches_add_up_to_the_batch)
{
    struct fixture f;
    fixture_make(&f, &odd, QSC_BERT_TRAINING);
    struct qsc_bert_step step = fixture_step(&f, true);
    double loss, halves[2];
    float *whole = gradient_of(&f, &step, &loss), *sum = NULL;
    struct qsc_batch all = f.batch;
    int cut = 3;
    for (int half = 0; half < 2; half++) {
        int first = half ? cut : 0, last = half ? all.sequences : cut, begin = f.starts[first];
        int32_t starts[8];
        for (int s = first; s <= last; s++)
            starts[s - first] = f.starts[s] - begin;
        f.batch = (struct qsc_batch){.tokens = starts[last - first],
                                     .sequences = last - first,
                                     .ids = f.ids + begin,
                                     .types = f.types + begin,
                                     .labels = f.labels + begin,
                                     .cu_seqlens = starts,
                                     .first_token = (uint64_t)begin};
        float *part = gradient_of(&f, &step, &halves[half]);
        for (size_t i = 0; sum && i < step.gradient.floats; i++)
            sum[i] += part[i];
        if (sum)
            free(part);
        else
            sum = part;
    }
    cr_assert_float_eq(halves[0] + halves[1], loss, 1e-6);
    cr_assert_lt(share_of_largest(sum, whole, step.gradient.floats), 1e-6);
    free(sum);
    free(whole);
    fixture_discard(&f);
}

Test(bert_backward, dropout_follows_seed_and_step)
{
    struct fixture f;
    fixture_make(&f, &odd, QSC_BERT_TRAINING);
    struct qsc_bert_step step = fixture_step(&f, true), other = step;
    double a, b;
    free(gradient_of(&f, &step, &a));
    free(gradient_of(&f, &step, &b));
    cr_assert_eq(a, b);
    other.step++;
    free(gradient_of(&f, &other, &b));
    cr_assert_neq(a, b);
    other = step;
    other.seed++;
    free(gradient_of(&f, &other, &b));
    cr_assert_neq(a, b);
    fixture_discard(&f);
}

Test(bert_backward, refuses_what_it_was_not_planned_for)
{
    struct fixture f, g;
    fixture_make(&f, &odd, QSC_BERT_TRAINING);
    fixture_make(&g, &odd, QSC_BERT_INFERENCE);
    struct qsc_bert_step step = fixture_step(&f, false);
    float *gradient = malloc(step.gradient.floats * sizeof *gradient);
    double loss;
    cr_assert_eq(qsc_bert_loss_backward(g.ws, f.weights, &f.batch, &step, gradient, &loss), EINVAL);
    cr_assert_eq(qsc_bert_loss_backward(f.ws, g.weights, &f.batch, &step, gradient, &loss), EINVAL);
    f.labels[5] = 5;
    cr_assert_eq(qsc_bert_loss_backward(f.ws, f.weights, &f.batch, &step, gradient, &loss), EINVAL);
    f.labels[5] = -1;
    cr_assert_eq(qsc_bert_loss_backward(f.ws, f.weights, &f.batch, &step, gradient, &loss), EINVAL);
    f.labels[5] = -100;
    step.gradient.word_rows = 7; // the vocabulary's rows are asked for, and have no place
    cr_assert_eq(qsc_bert_loss_backward(f.ws, f.weights, &f.batch, &step, gradient, &loss), EINVAL);
    free(gradient);
    fixture_discard(&f);
    fixture_discard(&g);
}
