// Parity with PyTorch in float64, recorded by scripts/golden_bert.py.
#include "bert_fixture.h"

#include <quiesce/kernels/optimizer.h>
#include <quiesce/model/safetensors.h>

#include <stdio.h>

enum { EVERY = 11 }; // what the longer records keep of a flat vector

static qsc_safetensors *golden(const struct model_case *m)
{
    char path[512];
    struct qsc_error err = {0};
    qsc_safetensors *file = NULL;
    snprintf(path, sizeof path, "%s/bert/%s.safetensors", QSC_GOLDEN, m->name);
    cr_assert_eq(qsc_safetensors_open(&file, path, &err), 0, "%s", err.text);
    return file;
}

static float *expected(const qsc_safetensors *file, const char *name, size_t floats)
{
    struct qsc_error err = {0};
    const struct qsc_tensor_info *info = qsc_safetensors_find(file, name);
    cr_assert(info && info->elements == floats, "%s", name);
    float *x = malloc(floats * sizeof *x);
    cr_assert_eq(qsc_safetensors_read_floats(file, info, x, &err), 0, "%s", err.text);
    return x;
}

static void expect_near(const qsc_safetensors *file, const char *name, const float *x, size_t n,
                        double tolerance)
{
    float *want = expected(file, name, n);
    double worst = share_of_largest(x, want, n);
    cr_assert_lt(worst, tolerance, "%s: %g", name, worst);
    free(want);
}

// attention.self.key.bias has the gradient 0, since softmax ignores what is added to a whole row: what is
// computed for it is rounding.
static bool is_key_bias(const struct qsc_bert_tensor *t)
{
    return strstr(t->name, "key.bias") != NULL;
}

// Tensor by tensor, as a share of each tensor's largest value; of every `every`-th element of the flat
// vector.
static void expect_tensors_near(const struct qsc_bert_layout *layout, const float *x, const float *want,
                                size_t every, double tolerance, const char *what)
{
    for (int i = 0; i < layout->count; i++) {
        const struct qsc_bert_tensor *t = &layout->tensors[i];
        double worst = 0, largest = 1e-30;
        for (size_t j = (t->offset + every - 1) / every * every; j < t->offset + qsc_bert_tensor_floats(t);
             j += every) {
            double d = fabs((double)x[j] - (double)want[j / every]);
            worst = d <= worst ? worst : isnan(d) ? INFINITY : d;
            largest = fmax(largest, fabs((double)want[j / every]));
        }
        if (!is_key_bias(t))
            cr_assert_lt(worst / largest, tolerance, "%s of %s: %g", what, t->name, worst / largest);
    }
}

static void check_states_and_gradients(const struct model_case *m)
{
    struct fixture f;
    fixture_make(&f, m, QSC_BERT_TRAINING);
    qsc_safetensors *file = golden(m);
    struct qsc_bert_step step = fixture_step(&f, false);
    float *gradient = malloc(step.gradient.floats * sizeof *gradient),
          *logits = malloc((size_t)(f.batch.tokens * m->labels) * sizeof *logits);
    memset(gradient, 0xFF, step.gradient.floats * sizeof *gradient); // NaN: every element must be written
    double loss;
    cr_assert_eq(qsc_bert_loss_backward(f.ws, f.weights, &f.batch, &step, gradient, &loss), 0);
    for (int i = 0; i <= m->layers; i++) {
        char name[32];
        snprintf(name, sizeof name, "hidden.%d", i);
        expect_near(file, name, qsc_bert_workspace_hidden(f.ws, i), (size_t)(f.batch.tokens * m->hidden),
                    1e-5);
    }
    float mean = (float)(loss / f.labelled);
    expect_near(file, "loss", &mean, 1, 1e-5);
    float *want = expected(file, "gradient", f.layout.floats);
    expect_tensors_near(&f.layout, gradient, want, 1, 1e-4, "gradient");
    cr_assert_eq(qsc_bert_forward(f.ws, f.weights, &f.batch, logits), 0);
    expect_near(file, "logits", logits, (size_t)(f.batch.tokens * m->labels), 1e-5);
    free(want);
    free(gradient);
    free(logits);
    qsc_safetensors_close(file);
    fixture_discard(&f);
}

Test(bert, states_logits_loss_and_gradients_equal_pytorch)
{
    check_states_and_gradients(&odd);
    check_states_and_gradients(&even);
}

static void check_dropout(const struct model_case *m)
{
    struct fixture f;
    fixture_make(&f, m, QSC_BERT_TRAINING);
    qsc_safetensors *file = golden(m);
    struct qsc_bert_step step = fixture_step(&f, true);
    float *gradient = malloc(step.gradient.floats * sizeof *gradient);
    double loss;
    cr_assert_eq(qsc_bert_loss_backward(f.ws, f.weights, &f.batch, &step, gradient, &loss), 0);
    float mean = (float)(loss / f.labelled);
    expect_near(file, "dropout.loss", &mean, 1, 1e-5);
    float *want = expected(file, "dropout.gradient.every_11th", (f.layout.floats + EVERY - 1) / EVERY);
    expect_tensors_near(&f.layout, gradient, want, EVERY, 1e-4, "gradient");
    free(want);
    free(gradient);
    qsc_safetensors_close(file);
    fixture_discard(&f);
}

Test(bert, dropout_with_the_same_masks_equals_pytorch)
{
    check_dropout(&odd);
    check_dropout(&even);
}

static double norm_of(const float *x, size_t n)
{
    double *sums = malloc((n / QSC_SQUARES_BLOCK + 1) * sizeof *sums), total = 0;
    qsc_squares(sums, x, n);
    for (size_t b = 0; b < (n + QSC_SQUARES_BLOCK - 1) / QSC_SQUARES_BLOCK; b++)
        total += sums[b];
    free(sums);
    return sqrt(total);
}

static void adamw(struct fixture *f, float *m, float *v, const float *gradient, int step, double norm)
{
    struct qsc_adamw o = {
        .learning_rate = 2e-3 * (step < 4 ? (step + 1) / 4.0 : (20 - step) / 16.0),
        .beta1 = 0.9,
        .beta2 = 0.999,
        .epsilon = 1e-8,
        .step = (uint64_t)step + 1,
        .gradient_scale = fmin(1, 1 / (norm + 1e-6)),
    };
    float *params = qsc_bert_weights_params(f->weights);
    for (int i = 0; i < f->layout.count; i++) {
        const struct qsc_bert_tensor *t = &f->layout.tensors[i];
        o.weight_decay = t->decay ? 0.05 : 0;
        qsc_adamw_step(params + t->offset, m + t->offset, v + t->offset, gradient + t->offset,
                       qsc_bert_tensor_floats(t), &o);
    }
    qsc_bert_weights_pack(f->weights, 0, qsc_bert_weights_matrices(f->weights));
}

static void check_steps(const struct model_case *m)
{
    enum { STEPS = 20 };
    struct fixture f;
    fixture_make(&f, m, QSC_BERT_TRAINING);
    qsc_safetensors *file = golden(m);
    struct qsc_bert_step step = fixture_step(&f, false);
    size_t n = f.layout.floats;
    float *gradient = malloc(n * sizeof *gradient), *first = calloc(n, sizeof *first),
          *second = calloc(n, sizeof *second);
    float losses[STEPS], norms[STEPS];
    for (int s = 0; s < STEPS; s++) {
        double loss;
        cr_assert_eq(qsc_bert_loss_backward(f.ws, f.weights, &f.batch, &step, gradient, &loss), 0);
        double norm = norm_of(gradient, n);
        losses[s] = (float)(loss / f.labelled);
        norms[s] = (float)norm;
        adamw(&f, first, second, gradient, s, norm);
    }
    expect_near(file, "steps.loss", losses, STEPS, 1e-5);
    expect_near(file, "steps.norm", norms, STEPS, 1e-4);
    float *want = expected(file, "steps.parameters.every_11th", (n + EVERY - 1) / EVERY);
    // Adam divides by the root of a squared gradient: where that is near 0, rounding becomes a step.
    expect_tensors_near(&f.layout, qsc_bert_weights_params(f.weights), want, EVERY, 1e-4, "parameters");
    free(want);
    free(gradient);
    free(first);
    free(second);
    qsc_safetensors_close(file);
    fixture_discard(&f);
}

Test(bert, twenty_adamw_steps_equal_pytorch)
{
    check_steps(&odd);
    check_steps(&even);
}
