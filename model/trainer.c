#include <quiesce/model/trainer.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/gradbuf.h>
#include <quiesce/concurrency/pool.h>
#include <quiesce/concurrency/snapshot.h>
#include <quiesce/model/dataset.h>
#include <quiesce/model/evaluation.h>
#include <quiesce/model/training_order.h>
#include <quiesce/model/training_state.h>
#include <quiesce/model/training_update.h>

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { last_version_wait = 10 }; // seconds until a reader that holds on to old versions is an error

// Everything a training owns while it runs.
struct training {
    const struct qsc_trainer *given;
    const struct qsc_bert_layout *layout;
    int threads;
    struct qsc_dataset data;
    struct qsc_training_order order;
    struct qsc_training_update update;
    struct qsc_training_state state;
    struct qsc_training_identity identity;
    qsc_evaluation *evaluation;      // NULL without validation data
    qsc_bert_weights *weights;       // the one version that the training writes
    qsc_bert_workspace **workspaces; // (threads)
    qsc_gradbuf gradients;
    bool has_gradients;
    double *losses; // (micro-batches of a step): sums over their tokens
    int *codes;     // (micro-batches of a step)
    uint64_t steps, evaluate_every;
    struct qsc_trainer_result *result;
    struct qsc_error *err;
};

void qsc_trainer_defaults(struct qsc_trainer_config *config)
{
    *config = (struct qsc_trainer_config){
        .learning_rate = 2e-5,
        .weight_decay = .01,
        .beta1 = .9,
        .beta2 = .999,
        .epsilon = 1e-8,
        .momentum = .9,
        .clip = 1,
        .warmup = .1,
        .epochs = 5,
        .batch = 16,
        .accumulate = 1,
        .max_length = 128,
        .seed = 1,
        .patience = 3,
        .publish_every = 1,
        .checkpoint_every = 500,
    };
}

int qsc_trainer_publish_to_snapshot(void *snapshot, qsc_bert_weights *version, uint64_t step, bool last)
{
    (void)step;
    uint64_t bytes = qsc_bert_weights_bytes(version);
    if (!last)
        return qsc_snapshot_publish(snapshot, version, bytes, qsc_bert_weights_destroy, NULL);
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += last_version_wait;
    int code =
        qsc_snapshot_publish_until(snapshot, version, bytes, qsc_bert_weights_destroy, &deadline, NULL);
    return code == EINPROGRESS ? 0 : code; // published; an older version is still being read
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int check_config(const struct qsc_trainer *given, struct qsc_error *err)
{
    const struct qsc_trainer_config *c = &given->config;
    const struct {
        const char *name;
        double value, low, high;
    } bounds[] = {
        {"learning rate", c->learning_rate, 0, 1e3},
        {"weight decay", c->weight_decay, 0, 1e3},
        {"beta1", c->beta1, 0, 1 - 1e-9},
        {"beta2", c->beta2, 0, 1 - 1e-9},
        {"epsilon", c->epsilon, 1e-30, 1},
        {"momentum", c->momentum, 0, 1 - 1e-9},
        {"clip", c->clip, 0, 1e30},
        {"warmup", c->warmup, 0, 1},
        {"epochs", c->epochs, 1, 1e6},
        {"batch", c->batch, 1, 1e6},
        {"accumulate", c->accumulate, 1, 1e6},
        {"max length", c->max_length, 8, 1e9},
        {"evaluate every", c->evaluate_every, 0, 1e9},
        {"patience", c->patience, 0, 1e9},
        {"publish every", c->publish_every, 1, 1e9},
        {"checkpoint every", c->checkpoint_every, 1, 1e9},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        if (!(bounds[i].value >= bounds[i].low && bounds[i].value <= bounds[i].high))
            return qsc_fail(err, EINVAL, "training: %s is %g; it must lie in %g..%g", bounds[i].name,
                            bounds[i].value, bounds[i].low, bounds[i].high);
    }
    return 0;
}

static uint64_t hash_dataset(const struct qsc_dataset *data)
{
    uint64_t hash = qsc_training_hash(QSC_HASH_START, data->first, (data->windows + 1) * sizeof *data->first);
    hash = qsc_training_hash(hash, data->ids, data->tokens * sizeof *data->ids);
    return qsc_training_hash(hash, data->labels, data->tokens * sizeof *data->labels);
}

static uint64_t hash_corpus(const struct qsc_corpus *corpus)
{
    uint64_t hash =
        qsc_training_hash(QSC_HASH_START, corpus->first, (corpus->sentences + 1) * sizeof *corpus->first);
    for (size_t w = 0; w < corpus->words; w++) {
        const char *label = corpus->names[corpus->labels[w]];
        hash = qsc_training_hash(hash, corpus->text[w], strlen(corpus->text[w]) + 1);
        hash = qsc_training_hash(hash, label, strlen(label) + 1);
    }
    return hash;
}

// Everything that the bits of the result depend on; not threads, nor how batch * accumulate is split.
static void identify(struct training *t)
{
    const struct qsc_trainer_config *c = &t->given->config;
    const struct qsc_bert_config *b = &t->given->model->config;
    struct qsc_training_identity *identity = &t->identity;
    qsc_training_identity_number(identity, "learning rate", c->learning_rate);
    qsc_training_identity_number(identity, "weight decay", c->weight_decay);
    if (c->optimizer == QSC_OPTIMIZER_ADAMW) {
        qsc_training_identity_text(identity, "optimizer", "adamw");
        qsc_training_identity_number(identity, "beta1", c->beta1);
        qsc_training_identity_number(identity, "beta2", c->beta2);
        qsc_training_identity_number(identity, "epsilon", c->epsilon);
    } else {
        qsc_training_identity_text(identity, "optimizer", "sgd");
        qsc_training_identity_number(identity, "momentum", c->momentum);
    }
    qsc_training_identity_text(identity, "precision",
                               qsc_precision_names[qsc_bert_plan_precision(t->given->plan)]);
    qsc_training_identity_number(identity, "clipping", c->clip);
    qsc_training_identity_number(identity, "warm-up", c->warmup);
    qsc_training_identity_number(identity, "number of epochs", c->epochs);
    qsc_training_identity_number(identity, "batch * accumulate", (double)c->batch * c->accumulate);
    qsc_training_identity_number(identity, "evaluation interval", c->evaluate_every);
    qsc_training_identity_number(identity, "patience", c->patience);
    qsc_training_identity_text(identity, "freeze list", c->freeze ? c->freeze : "");
    qsc_training_identity_hash(identity, "seed", c->seed);
    qsc_training_identity_number(identity, "hidden dropout", b->hidden_dropout_prob);
    qsc_training_identity_number(identity, "attention dropout", b->attention_probs_dropout_prob);
    qsc_training_identity_number(identity, "classifier dropout", b->classifier_dropout);
    qsc_training_identity_hash(
        identity, "model",
        qsc_training_hash(QSC_HASH_START, t->given->model->params, t->layout->floats * sizeof(float)));
    qsc_training_identity_hash(identity, "training data", hash_dataset(&t->data));
    qsc_training_identity_hash(identity, "validation data",
                               t->given->valid ? hash_corpus(t->given->valid) : 0);
}

static int make_workspaces(struct training *t, int batch_tokens)
{
    const struct qsc_bert_workspace_config config = {
        .max_tokens = batch_tokens, .max_sequence = t->data.max_tokens, .use = QSC_BERT_TRAINING};
    int code = 0;
    t->workspaces = qsc_alloc_zeroed((size_t)t->threads, sizeof(qsc_bert_workspace *));
    if (!t->workspaces)
        return qsc_fail(t->err, ENOMEM, "no memory for %d workspaces", t->threads);
    for (int i = 0; i < t->threads && !code; i++)
        code = qsc_bert_workspace_create(&t->workspaces[i], t->given->plan, &config, t->err);
    return code;
}

static int make_buffers(struct training *t)
{
    const struct qsc_trainer_config *c = &t->given->config;
    struct qsc_training_bounds bounds = qsc_training_order_bounds(&t->order, t->steps);
    int code =
        qsc_training_update_init(&t->update, t->layout, t->given->pool, c->freeze, bounds.words, t->err);
    if (code)
        return code;
    code = make_workspaces(t, bounds.batch_tokens);
    if (code)
        return code;
    t->losses = qsc_alloc(bounds.batches * sizeof *t->losses);
    t->codes = qsc_alloc(bounds.batches * sizeof *t->codes);
    size_t shards = bounds.batches < (size_t)t->threads ? bounds.batches : (size_t)t->threads;
    code = t->losses && t->codes
               ? qsc_gradbuf_init(&t->gradients, t->update.gradient.floats, (uint32_t)shards)
               : ENOMEM;
    if (code)
        return qsc_fail(t->err, code, "no memory for gradients of %zu parameters", t->update.gradient.floats);
    t->has_gradients = true;
    return 0;
}

static int prepare(struct training *t)
{
    const struct qsc_trainer *given = t->given;
    const struct qsc_trainer_config *c = &given->config;
    const struct qsc_model *model = given->model;
    int positions = model->config.max_position_embeddings;
    int window = c->max_length < positions ? c->max_length : positions;
    int code = qsc_dataset_create(&t->data, given->tokenizer, given->train,
                                  (const char *const *)model->config.labels, model->config.num_labels, window,
                                  given->pool, t->err);
    if (!code)
        code = qsc_training_order_init(&t->order, &t->data, c->seed, (size_t)c->batch * (size_t)c->accumulate,
                                       model->config.vocab_size, t->err);
    if (code)
        return code;
    t->steps = (uint64_t)c->epochs * t->order.epoch_steps;
    t->evaluate_every = c->evaluate_every ? (uint64_t)c->evaluate_every : t->order.epoch_steps;
    code = make_buffers(t);
    if (!code && given->valid)
        code = qsc_evaluation_create(&t->evaluation, given->plan, given->tokenizer, given->valid, given->pool,
                                     t->err);
    if (!code)
        code = qsc_bert_weights_create(&t->weights, given->plan, model->params, QSC_BERT_TRAINING, t->err);
    if (!code)
        code = qsc_training_state_init(&t->state, qsc_bert_weights_params(t->weights), t->layout->floats,
                                       c->optimizer == QSC_OPTIMIZER_ADAMW, given->valid != NULL, t->err);
    return code;
}

static void release(struct training *t)
{
    qsc_training_state_fini(&t->state);
    qsc_bert_weights_destroy(t->weights);
    qsc_evaluation_destroy(t->evaluation);
    if (t->has_gradients)
        qsc_gradbuf_fini(&t->gradients);
    for (int i = 0; t->workspaces && i < t->threads; i++)
        qsc_bert_workspace_destroy(t->workspaces[i]);
    qsc_free(t->workspaces);
    qsc_free(t->losses);
    qsc_free(t->codes);
    qsc_training_update_fini(&t->update);
    qsc_training_order_fini(&t->order);
    qsc_dataset_fini(&t->data);
}

// One micro-batch: a task of the pool.
static void run_batch(void *context, size_t index, size_t end)
{
    (void)end; // index + 1
    struct training *t = context;
    const struct qsc_training_step *windows = &t->order.step;
    const struct qsc_bert_step step = {
        .seed = t->given->config.seed,
        .step = t->state.step,
        .dropout = true,
        .scale = windows->labelled ? 1.0f / (float)windows->labelled : 0,
        .gradient = t->update.gradient,
    };
    float *gradient;
    t->codes[index] = qsc_gradbuf_begin(&t->gradients, (uint32_t)index, &gradient);
    if (t->codes[index])
        return; // ECANCELED: another one failed
    t->codes[index] = qsc_bert_loss_backward(t->workspaces[qsc_pool_worker_index(t->given->pool)], t->weights,
                                             &windows->batch[index], &step, gradient, &t->losses[index]);
    if (t->codes[index])
        qsc_gradbuf_abort(&t->gradients);
    else
        qsc_gradbuf_commit(&t->gradients, (uint32_t)index);
}

// Forward and backward over the step's windows: the sum of the gradients, which the caller releases, and the
// mean loss.
static int run_batches(struct training *t, float **gradient, double *loss)
{
    const struct qsc_training_step *windows = &t->order.step;
    int code = qsc_gradbuf_open(&t->gradients, (uint32_t)windows->batches);
    if (code)
        return qsc_fail(t->err, code, "training: step %llu cannot begin",
                        (unsigned long long)t->state.step + 1);
    qsc_parallel_for(t->given->pool, 0, windows->batches, 1, run_batch, t);
    *loss = 0;
    for (size_t i = 0; i < windows->batches; i++) {
        if (t->codes[i] && t->codes[i] != ECANCELED)
            code = t->codes[i];
        *loss += t->losses[i];
    }
    *loss = windows->labelled ? *loss / (double)windows->labelled : 0;
    if (!code)
        code = qsc_gradbuf_wait(&t->gradients, gradient);
    return code ? qsc_fail(t->err, code, "training: step %llu failed: %s",
                           (unsigned long long)t->state.step + 1, strerror(code))
                : 0;
}

// Rises from 0 over the warm-up and falls to 0 at the end; step counts from 0. As transformers'
// get_linear_schedule_with_warmup.
static double learning_rate(const struct training *t)
{
    const struct qsc_trainer_config *c = &t->given->config;
    double step = (double)t->state.step, steps = (double)t->steps, warmup = ceil(c->warmup * steps);
    if (step < warmup)
        return c->learning_rate * step / warmup;
    return c->learning_rate * (steps - step) / fmax(1, steps - warmup);
}

static double epochs_done(const struct training *t)
{
    return (double)t->state.step / (double)t->order.epoch_steps;
}

// One optimiser step, and the hook that tells of it.
static int run_step(struct training *t, int *stop)
{
    double begin = seconds();
    qsc_training_order_go(&t->order, t->state.step);
    struct qsc_trainer_step event = {.steps = t->steps, .tokens = t->order.step.tokens};
    float *gradient;
    int code = run_batches(t, &gradient, &event.loss);
    if (code)
        return code;
    event.learning_rate = learning_rate(t);
    const struct qsc_training_change change = {
        .config = &t->given->config,
        .windows = &t->order.step,
        .learning_rate = event.learning_rate,
        .step = t->state.step + 1,
        .gradient = gradient,
        .m = t->state.m,
        .v = t->state.v,
    };
    event.gradient_norm = qsc_training_update_norm(&t->update, &change);
    if (isfinite(event.loss) && isfinite(event.gradient_norm))
        qsc_training_update_apply(&t->update, &change, event.gradient_norm, t->weights);
    else
        code = qsc_fail(t->err, EDOM,
                        "training: the loss is no longer finite at step %llu; lower the learning rate",
                        (unsigned long long)t->state.step + 1);
    qsc_gradbuf_release(&t->gradients);
    if (code)
        return code;
    event.step = ++t->state.step;
    event.epoch = epochs_done(t);
    event.seconds = seconds() - begin;
    const struct qsc_trainer_hooks *hooks = &t->given->hooks;
    *stop = hooks->step ? hooks->step(hooks->context, &event) : 0;
    return 0;
}

static int publish(struct training *t, const float *params, bool last)
{
    const struct qsc_trainer_hooks *hooks = &t->given->hooks;
    if (!hooks->publish)
        return 0;
    qsc_bert_weights *version;
    int code = qsc_bert_weights_create(&version, t->given->plan, params, QSC_BERT_INFERENCE, t->err);
    if (code)
        return code;
    code = hooks->publish(hooks->context, version, t->state.step, last);
    if (!code) {
        t->result->versions++;
        return 0;
    }
    qsc_bert_weights_destroy(version);
    return code == EAGAIN ? 0
                          : qsc_fail(t->err, code, "training: step %llu cannot be published: %s",
                                     (unsigned long long)t->state.step, strerror(code));
}

// Scores the weights as they are and keeps them if they are the best so far.
static int evaluate(struct training *t, int *stop)
{
    double begin = seconds();
    struct qsc_training_state *state = &t->state;
    int code = qsc_evaluation_run(t->evaluation, t->weights, t->err);
    if (code)
        return code;
    struct qsc_trainer_evaluation event = {.step = state->step, .epoch = epochs_done(t)};
    const struct qsc_tagging tagging = qsc_evaluation_tagging(t->evaluation);
    code = qsc_report_entities(&event.entities, &tagging, t->err);
    if (code)
        return code;
    event.accuracy = qsc_evaluation_accuracy(t->evaluation);
    // While not one entity is found the later weights are the better ones: the loss falls long before.
    event.best = event.entities.f1 > state->best_f1 || state->best_f1 <= 0;
    if (event.best) {
        memcpy(state->best, state->params, state->floats * sizeof *state->best);
        state->best_f1 = event.entities.f1;
        state->best_step = state->step;
        state->stale = 0;
    } else {
        state->stale++;
    }
    event.seconds = seconds() - begin;
    const struct qsc_trainer_hooks *hooks = &t->given->hooks;
    code = hooks->evaluation ? hooks->evaluation(hooks->context, &event) : 0;
    if (!*stop) // the step's own hook comes first
        *stop = code;
    return 0;
}

static bool is_over(const struct training *t)
{
    int patience = t->given->config.patience;
    return t->state.step >= t->steps || (patience > 0 && t->state.stale >= (uint64_t)patience);
}

// Step after step. What a hook wants stopped is stopped only once this step's evaluation is done and the
// checkpoint written, so that a resumed training sees the same evaluations.
static int run(struct training *t)
{
    const struct qsc_trainer_config *c = &t->given->config;
    int code = publish(t, t->state.params, false), stop = 0;
    while (!code && !stop && !is_over(t)) {
        code = run_step(t, &stop);
        if (code)
            return code;
        uint64_t step = t->state.step;
        bool due = t->evaluation && (step % t->evaluate_every == 0 || step == t->steps);
        if (due)
            code = evaluate(t, &stop);
        if (!code && c->checkpoint &&
            (due || stop || step % (uint64_t)c->checkpoint_every == 0 || step == t->steps))
            code = qsc_training_state_save(&t->state, &t->identity, c->checkpoint, t->err);
        if (!code && !stop && step % (uint64_t)c->publish_every == 0)
            code = publish(t, t->state.params, false);
    }
    return code   ? code
           : stop ? qsc_fail(t->err, stop, "training: stopped after step %llu of %llu",
                             (unsigned long long)t->state.step, (unsigned long long)t->steps)
                  : 0;
}

static int resume(struct training *t)
{
    const char *path = t->given->config.checkpoint;
    identify(t);
    if (!path || !t->given->config.resume)
        return 0;
    struct qsc_training_state *state = &t->state;
    int code = qsc_training_state_load(state, &t->identity, path, t->err);
    if (code == ENOENT)
        return 0;
    if (!code)
        qsc_bert_weights_pack(t->weights, 0, qsc_bert_weights_matrices(t->weights));
    return code;
}

static int finish(struct training *t)
{
    const struct qsc_training_state *state = &t->state;
    const float *params = state->best_step ? state->best : state->params;
    int code = publish(t, params, true);
    if (code)
        return code;
    memcpy(t->given->model->params, params, state->floats * sizeof *params);
    t->result->steps = state->step;
    t->result->best_step = state->best_step ? state->best_step : state->step;
    t->result->best_f1 = state->best_step ? state->best_f1 : 0;
    t->result->stopped_early = state->step < t->steps;
    return 0;
}

int qsc_train(const struct qsc_trainer *trainer, struct qsc_trainer_result *result, struct qsc_error *err)
{
    int code = check_config(trainer, err);
    if (code)
        return code;
    *result = (struct qsc_trainer_result){0};
    struct training t = {.given = trainer,
                         .layout = qsc_bert_plan_layout(trainer->plan),
                         .threads = qsc_pool_threads(trainer->pool),
                         .result = result,
                         .err = err};
    code = prepare(&t);
    if (!code)
        code = resume(&t);
    if (!code)
        code = run(&t);
    if (!code)
        code = finish(&t);
    release(&t);
    return code;
}
