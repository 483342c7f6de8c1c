#include "trainer_fixture.h"

#include <math.h>
#include <quiesce/concurrency/snapshot.h>
#include <quiesce/model/dataset.h>

TestSuite(trainer, .init = scratch_make, .fini = scratch_remove);

static const int variants[][3] = {{2, 2, 4}, {3, 1, 8}, {1, 8, 1}, {2, 8, 1}, {4, 8, 1}, {1, 4, 2}};
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { BF16_VARIANTS = 2 }; // the threads run the same code as in f32, and ten times as long
#else
enum { BF16_VARIANTS = sizeof variants / sizeof *variants };
#endif

static void expect_same_bits(enum qsc_precision precision, int count)
{
    struct setting s;
    open_setting(&s, 60);
    set_precision(&s, precision);
    must_train(&s);
    float *expected = copy_params(&s);
    cr_assert_not(same_params(&s, s.start));
    for (int i = 0; i < count; i++) {
        open_pool(&s, variants[i][0]);
        s.trainer.config.batch = variants[i][1];
        s.trainer.config.accumulate = variants[i][2];
        must_train(&s);
        cr_assert(same_params(&s, expected), "%s, %d threads, batch %d, accumulate %d",
                  qsc_precision_names[precision], variants[i][0], variants[i][1], variants[i][2]);
    }
    s.trainer.config.seed = 2;
    must_train(&s);
    cr_assert_not(same_params(&s, expected), "the seed does nothing");
    free(expected);
    close_setting(&s);
}

Test(trainer, threads_and_splits_do_not_change_a_bit)
{
    expect_same_bits(QSC_F32, sizeof variants / sizeof *variants);
    expect_same_bits(QSC_BF16, BF16_VARIANTS);
}

struct curve {
    double first_loss, last_loss, f1;
    uint64_t steps, evaluations;
};

static int note_step(void *context, const struct qsc_trainer_step *step)
{
    struct curve *curve = context;
    cr_assert_eq(step->step, ++curve->steps);
    if (step->step == 1)
        curve->first_loss = step->loss;
    curve->last_loss = step->loss;
    return 0;
}

static int note_evaluation(void *context, const struct qsc_trainer_evaluation *evaluation)
{
    struct curve *curve = context;
    curve->f1 = evaluation->entities.f1;
    curve->evaluations++;
    return 0;
}

Test(trainer, both_optimisers_and_bf16_learn)
{
    struct setting s;
    open_setting(&s, 240);
    drop_nothing(&s); /* so small a model would learn for long with it */
    /* Begun from BERT's 0.02 it learns by luck only, which is another on each processor: F1 0.55 to 0.92 with
       six seeds, and 0.91 to 1 with this. */
    s.model.config.initializer_range = .2;
    qsc_bert_init(s.start, &s.layout, 3);
    struct curve curve = {0};
    s.trainer.hooks =
        (struct qsc_trainer_hooks){.context = &curve, .step = note_step, .evaluation = note_evaluation};
    s.trainer.config.epochs = 20;
    s.trainer.config.max_length = 24; /* all positions that evaluation will use */
    s.trainer.config.patience = 0;
    s.trainer.config.learning_rate = 1e-2;
    must_train(&s);
    cr_assert_eq(curve.steps, s.result.steps);
    cr_assert_eq(curve.evaluations, 20);
    cr_assert(fabs(curve.first_loss - log(3)) < .6, "an untrained loss of %g", curve.first_loss);
    cr_assert_lt(curve.last_loss, .3, "loss %g", curve.last_loss);
    cr_assert_gt(s.result.best_f1, .8, "F1 %g", s.result.best_f1);

    curve = (struct curve){0};
    set_precision(&s, QSC_BF16);
    must_train(&s);
    cr_assert_lt(curve.last_loss, .3, "bf16: loss %g", curve.last_loss);
    cr_assert_gt(s.result.best_f1, .8, "bf16: F1 %g", s.result.best_f1);
    set_precision(&s, QSC_F32);

    curve = (struct curve){0};
    s.trainer.config.optimizer = QSC_OPTIMIZER_SGD;
    s.trainer.config.learning_rate = .5;
    must_train(&s);
    cr_assert_lt(curve.last_loss, .75 * curve.first_loss, "loss %g, then %g", curve.first_loss,
                 curve.last_loss);
    close_setting(&s);
}

struct versions {
    uint64_t count, steps[256];
    float *params[256];
    const struct setting *setting;
    int last, refuse_every;
};

static int keep_version(void *context, qsc_bert_weights *version, uint64_t step, bool last)
{
    struct versions *kept = context;
    if (kept->refuse_every && step % (uint64_t)kept->refuse_every == 1)
        return EAGAIN;
    size_t bytes = kept->setting->model.floats * sizeof(float);
    kept->params[kept->count] = malloc(bytes);
    memcpy(kept->params[kept->count], qsc_bert_weights_params_const(version), bytes);
    kept->steps[kept->count++] = step;
    kept->last += last;
    qsc_bert_weights_destroy(version);
    return 0;
}

static void forget_versions(struct versions *kept)
{
    for (uint64_t i = 0; i < kept->count; i++)
        free(kept->params[i]);
    kept->count = 0;
    kept->last = 0;
}

/* The validation labels are wrong on purpose: the better the model, the worse its F1, so the best evaluation
 * is an early one. */
Test(trainer, early_stopping_brings_the_best_weights_back)
{
    struct setting s;
    open_setting(&s, 60);
    for (size_t w = 0; w < s.valid.words; w++) {
        if (s.valid.labels[w] != 2)
            s.valid.labels[w] = w % 3 == 0 ? 0 : 1;
    }
    struct versions kept = {.setting = &s};
    s.trainer.hooks = (struct qsc_trainer_hooks){.context = &kept, .publish = keep_version};
    s.trainer.config.epochs = 7;
    s.trainer.config.evaluate_every = 1;
    s.trainer.config.patience = 4;
    s.trainer.config.learning_rate = 2e-2;
    must_train(&s);
    cr_assert(s.result.stopped_early);
    cr_assert_eq(s.result.steps, s.result.best_step + 4);
    cr_assert_eq(kept.steps[s.result.best_step], s.result.best_step);
    cr_assert(same_params(&s, kept.params[s.result.best_step]), "not the weights of the best evaluation");
    cr_assert_not(same_params(&s, kept.params[s.result.steps]));
    cr_assert(same_params(&s, kept.params[kept.count - 1]), "the last version is not the result");
    cr_assert_eq(kept.last, 1);
    forget_versions(&kept);
    s.trainer.config.patience = 0;
    must_train(&s);
    cr_assert_not(s.result.stopped_early);
    forget_versions(&kept);
    close_setting(&s);
}

Test(trainer, versions_are_published_every_few_steps)
{
    struct setting s;
    open_setting(&s, 60);
    struct versions kept = {.setting = &s};
    s.trainer.hooks = (struct qsc_trainer_hooks){.context = &kept, .publish = keep_version};
    s.trainer.config.publish_every = 3;
    must_train(&s);
    cr_assert_eq(kept.count, 1 + s.result.steps / 3 + 1);
    cr_assert_eq(s.result.versions, kept.count);
    cr_assert_eq(memcmp(kept.params[0], s.start, s.model.floats * sizeof(float)), 0,
                 "not the starting weights first");
    for (uint64_t i = 0; i + 1 < kept.count; i++)
        cr_assert_eq(kept.steps[i], 3 * i);
    forget_versions(&kept);
    kept.refuse_every = 3;
    s.trainer.config.publish_every = 1;
    must_train(&s);
    cr_assert_lt(s.result.versions, s.result.steps, "a refused version was counted");
    cr_assert_gt(s.result.versions, s.result.steps / 2);
    forget_versions(&kept);
    close_setting(&s);
}

Test(trainer, a_snapshot_takes_the_versions)
{
    struct setting s;
    open_setting(&s, 60);
    qsc_snapshot cell;
    cr_assert_eq(qsc_snapshot_init(&cell, &(struct qsc_snapshot_config){.max_live_versions = 2}), 0);
    s.trainer.hooks =
        (struct qsc_trainer_hooks){.context = &cell, .publish = qsc_trainer_publish_to_snapshot};
    must_train(&s);
    cr_assert_geq(s.result.versions, 2);
    qsc_pin pin;
    cr_assert_eq(qsc_snapshot_pin(&cell, &pin), 0);
    cr_assert(same_params(&s, qsc_bert_weights_params_const(pin.version->object)),
              "not the result stands there");
    cr_assert_eq(pin.version->bytes, qsc_bert_weights_bytes(pin.version->object));
    qsc_snapshot_unpin(&pin);
    cr_assert_eq(qsc_snapshot_fini(&cell), 0);
    close_setting(&s);
}

static bool layer_changed(const struct setting *s, int layer)
{
    size_t begin = qsc_bert_layer_begin(&s->layout, layer), end = qsc_bert_layer_begin(&s->layout, layer + 1);
    return memcmp(s->model.params + begin, s->start + begin, (end - begin) * sizeof(float)) != 0;
}

Test(trainer, frozen_layers_stay)
{
    static const struct {
        const char *list;
        bool frozen[4]; /* embeddings, layers 0 to 2 */
    } cases[] = {
        {NULL, {false, false, false, false}},
        {"embeddings", {true, false, false, false}},
        {"embeddings,layer.0-1", {true, true, true, false}},
        {"layer.1", {false, false, true, false}},
        {"layer.2,embeddings", {true, false, false, true}},
        {"embeddings,layer.0-2", {true, true, true, true}},
    };
    struct setting s;
    open_setting(&s, 30);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s.trainer.config.freeze = cases[i].list;
        must_train(&s);
        for (int layer = -1; layer < 3; layer++)
            cr_assert_eq(layer_changed(&s, layer), !cases[i].frozen[layer + 1], "%s, layer %d", cases[i].list,
                         layer);
        cr_assert(layer_changed(&s, 3), "the classifier is always trained");
    }
    static const char *const wrong[] = {"",          "layer",     "layer.",   "layer.3",
                                        "layer.0-3", "layer.2-1", "layer.1x", "embedding",
                                        "layer.0,,", ",",         "layer.-1", "classifier"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        s.trainer.config.freeze = wrong[i];
        cr_assert_eq(train_again(&s), EINVAL, "accepted: \"%s\"", wrong[i]);
        cr_assert_not_null(strstr(error.text, "freeze"));
    }
    close_setting(&s);
}

/* The gradient of all the training data as one batch. */
static float *whole_gradient(struct setting *s, double *loss)
{
    struct qsc_dataset data;
    cr_assert_eq(qsc_dataset_create(&data, s->tokenizer, &s->train, labels, 3, 12, s->pool, &error), 0);
    int32_t *ends = malloc((data.windows + 1) * sizeof *ends);
    for (size_t w = 0; w <= data.windows; w++)
        ends[w] = (int32_t)data.first[w];
    const struct qsc_batch batch = {.tokens = (int)data.tokens,
                                    .sequences = (int)data.windows,
                                    .ids = data.ids,
                                    .labels = data.labels,
                                    .cu_seqlens = ends};
    const struct qsc_bert_step step = {
        .scale = 1.0f / (float)data.labelled,
        .gradient = qsc_bert_gradient_shape(&s->layout, -1, s->model.config.vocab_size)};
    const struct qsc_bert_workspace_config sizes = {.max_tokens = batch.tokens, .use = QSC_BERT_TRAINING};
    qsc_bert_workspace *workspace;
    qsc_bert_weights *weights;
    cr_assert_eq(qsc_bert_workspace_create(&workspace, s->plan, &sizes, &error), 0);
    cr_assert_eq(qsc_bert_weights_create(&weights, s->plan, s->start, QSC_BERT_TRAINING, &error), 0);
    cr_assert_eq(step.gradient.floats, s->layout.floats);
    float *gradient = malloc(s->layout.floats * sizeof *gradient);
    cr_assert_eq(qsc_bert_loss_backward(workspace, weights, &batch, &step, gradient, loss), 0);
    *loss /= (double)data.labelled;
    qsc_bert_weights_destroy(weights);
    qsc_bert_workspace_destroy(workspace);
    free(ends);
    qsc_dataset_fini(&data);
    return gradient;
}

static int note_one(void *context, const struct qsc_trainer_step *step)
{
    *(struct qsc_trainer_step *)context = *step;
    return 0;
}

/* One step of plain gradient descent over all data is start - rate * (gradient + decay * start). */
Test(trainer, one_step_is_what_the_gradient_says)
{
    struct setting s;
    struct qsc_trainer_step seen = {0};
    open_setting(&s, 60);
    drop_nothing(&s);
    double loss, norm = 0;
    float *gradient = whole_gradient(&s, &loss);
    for (size_t i = 0; i < s.layout.floats; i++)
        norm += (double)gradient[i] * (double)gradient[i];
    norm = sqrt(norm);
    s.trainer.valid = NULL;
    s.trainer.hooks = (struct qsc_trainer_hooks){.context = &seen, .step = note_one};
    struct qsc_trainer_config *config = &s.trainer.config;
    config->optimizer = QSC_OPTIMIZER_SGD;
    config->momentum = 0;
    config->warmup = 0;
    config->epochs = 1;
    config->batch = 1000;
    config->learning_rate = .5;
    config->weight_decay = .1;
    for (int clipped = 0; clipped < 2; clipped++) {
        config->clip = clipped ? .25 * norm : 0;
        must_train(&s);
        cr_assert_eq(s.result.steps, 1);
        cr_assert(fabs(seen.loss - loss) < 1e-5 * loss, "loss %g, not %g", seen.loss, loss);
        cr_assert(fabs(seen.gradient_norm - norm) < 1e-5 * norm, "norm %g, not %g", seen.gradient_norm, norm);
        for (int t = 0; t < s.layout.count; t++) {
            const struct qsc_bert_tensor *tensor = &s.layout.tensors[t];
            for (size_t i = tensor->offset; i < tensor->offset + qsc_bert_tensor_floats(tensor); i++) {
                double step = gradient[i] * (clipped ? .25 : 1) + (tensor->decay ? .1 * s.start[i] : 0);
                cr_assert(fabs(s.model.params[i] - (s.start[i] - .5 * step)) < 1e-6, "%s[%zu]", tensor->name,
                          i - tensor->offset);
            }
        }
    }
    free(gradient);
    close_setting(&s);
}

Test(trainer, the_learning_rate_rises_and_falls)
{
    struct setting s;
    struct qsc_trainer_step seen;
    open_setting(&s, 30);
    s.trainer.hooks = (struct qsc_trainer_hooks){.context = &seen, .step = note_one};
    s.trainer.config.epochs = 1;
    s.trainer.config.warmup = .5;
    must_train(&s);
    double steps = (double)seen.steps, falling = steps - ceil(steps / 2);
    cr_assert_gt(falling, 1);
    cr_assert(fabs(seen.learning_rate - 5e-3 / falling) < 1e-12, "the last step has %g", seen.learning_rate);
    s.trainer.config.warmup = 1;
    must_train(&s);
    cr_assert(fabs(seen.learning_rate - 5e-3 * (steps - 1) / steps) < 1e-12, "the last step has %g",
              seen.learning_rate);
    close_setting(&s);
}

Test(trainer, a_loss_that_is_not_finite_ends_the_training)
{
    struct setting s;
    open_setting(&s, 60);
    s.trainer.config.learning_rate = 1e3;
    s.trainer.config.optimizer = QSC_OPTIMIZER_SGD;
    s.trainer.config.clip = 0;
    s.trainer.config.weight_decay = 1e3;
    s.trainer.config.epochs = 20;
    cr_assert_eq(train_again(&s), EDOM, "%s", error.text);
    cr_assert_not_null(strstr(error.text, "lower the learning rate"), "%s", error.text);
    cr_assert(same_params(&s, s.start));
    close_setting(&s);
}

Test(trainer, settings_out_of_range_are_refused)
{
    struct setting s;
    open_setting(&s, 30);
    const struct qsc_trainer_config good = s.trainer.config;
    struct qsc_trainer_config *config = &s.trainer.config;
    static const char *const because[] = {
        "learning rate", "clip",  "beta2",      "momentum",      "warmup",
        "epochs",        "batch", "max length", "publish every", "checkpoint every"};
    static const double wrong[] = {NAN, -1, 1.5, 1.5, 1.5, 0, 0, 7, 0, 0};
    for (size_t i = 0; i < sizeof because / sizeof *because; i++) {
        *config = good;
        double *const reals[] = {&config->learning_rate, &config->clip, &config->beta2, &config->momentum,
                                 &config->warmup};
        int *const ints[] = {&config->epochs, &config->batch, &config->max_length, &config->publish_every,
                             &config->checkpoint_every};
        if (i < 5)
            *reals[i] = wrong[i];
        else
            *ints[i - 5] = (int)wrong[i];
        cr_assert_eq(train_again(&s), EINVAL, "accepted a wrong %s", because[i]);
        cr_assert_not_null(strstr(error.text, because[i]), "expected \"%s\", got: %s", because[i],
                           error.text);
    }
    *config = good;
    config->max_length = 100; /* longer than the model's positions */
    must_train(&s);
    close_setting(&s);
}

Test(trainer, a_label_the_model_does_not_know_is_refused)
{
    struct setting s;
    open_setting(&s, 30);
    struct qsc_corpus other;
    static const char text[] = "a O\nb B-ORG\n\n";
    cr_assert_eq(qsc_conll_parse(&other, text, strlen(text), "other.txt", &error), 0);
    s.trainer.train = &other;
    cr_assert_eq(train_again(&s), EINVAL);
    cr_assert_not_null(strstr(error.text, "other.txt"), "%s", error.text);
    s.trainer.train = &s.train;
    s.trainer.valid = &other;
    cr_assert_eq(train_again(&s), EINVAL);
    cr_assert_not_null(strstr(error.text, "B-ORG"), "%s", error.text);
    qsc_corpus_fini(&other);
    close_setting(&s);
}

static int drop_version(void *context, qsc_bert_weights *version, uint64_t step, bool last)
{
    (void)context;
    (void)step;
    (void)last;
    qsc_bert_weights_destroy(version);
    return 0;
}

static int train_in_little_memory(void *context)
{
    struct setting *s = context;
    unlink(s->trainer.config.checkpoint);
    return train_again(s);
}

Test(trainer, every_allocation_may_fail)
{
    struct setting s;
    char path[600];
    failing_left = LONG_MAX;
    failing_install();
    open_setting(&s, 12);
    strcpy(path, in_scratch("checkpoint"));
    s.trainer.hooks.publish = drop_version;
    s.trainer.config.epochs = 1;
    s.trainer.config.checkpoint = path;
    cr_assert_gt(fail_each_allocation(train_in_little_memory, &s), 50);
    close_setting(&s);
}
