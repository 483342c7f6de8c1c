/* quiesce train: fine-tunes a model, or trains one from random weights, and writes a Hugging Face directory.
 */
#include "commands.h"
#include "metrics.h"
#include "options.h"
#include "precision_option.h"
#include "progress.h"
#include "reports.h"

#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pool.h>
#include <quiesce/model/checkpoint.h>
#include <quiesce/model/evaluation.h>
#include <quiesce/model/trainer.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
    const char *model, *init, *vocab, *train, *valid, *test, *out, *metrics;
    bool uncased;
    int threads, optimizer, precision;
    double dropout; /* negative: as the model's config says */
    struct qsc_trainer_config config;
};

/* All that a run owns; all-zero bytes own nothing. */
struct session {
    const struct arguments *arguments;
    struct qsc_corpus train, valid, test;
    struct qsc_model model;
    struct qsc_bert_layout layout;
    qsc_bert_plan *plan;
    qsc_tokenizer *tokenizer;
    qsc_pool *pool;
    char *checkpoint; /* OUT.training.safetensors */
    struct qsc_metrics metrics;
    struct qsc_error metrics_err; /* empty, or why the metrics stopped the training */
    struct qsc_progress progress;
    bool progressing;
    struct qsc_error err;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The labels of all corpora, each once, in the order in which run_ner.py numbers them. NULL: no memory. */
static const char **collect_labels(const struct session *s, int *count)
{
    const struct qsc_corpus *const corpora[] = {&s->train, &s->valid, &s->test};
    size_t all = 0, used = 0;
    for (size_t c = 0; c < 3; c++)
        all += (size_t)corpora[c]->label_count;
    const char **labels = qsc_alloc(all * sizeof *labels);
    if (!labels)
        return NULL;
    all = 0;
    for (size_t c = 0; c < 3; c++) {
        for (int i = 0; i < corpora[c]->label_count; i++)
            labels[all++] = corpora[c]->names[i];
    }
    qsort(labels, all, sizeof *labels, compare_names);
    for (size_t i = 0; i < all; i++) {
        if (used == 0 || strcmp(labels[used - 1], labels[i]) != 0)
            labels[used++] = labels[i];
    }
    *count = (int)used;
    return labels;
}

static int load_corpora(struct session *s)
{
    const struct arguments *a = s->arguments;
    int code = qsc_conll_load(&s->train, a->train, &s->err);
    if (!code)
        code = qsc_conll_load(&s->valid, a->valid, &s->err);
    if (!code && a->test)
        code = qsc_conll_load(&s->test, a->test, &s->err);
    return code;
}

static int load_model(struct session *s)
{
    const struct arguments *a = s->arguments;
    int count = 0;
    const char **labels = collect_labels(s, &count);
    if (!labels)
        return qsc_fail(&s->err, ENOMEM, "%s: no memory for its labels", a->train);
    int code = a->model
                   ? qsc_model_load_for_training(&s->model, a->model, labels, count, a->config.seed, &s->err)
                   : qsc_model_create(&s->model, a->init, a->vocab, a->uncased, labels, count, a->config.seed,
                                      &s->err);
    qsc_free(labels);
    if (!code && a->dropout >= 0) {
        s->model.config.hidden_dropout_prob = a->dropout;
        s->model.config.attention_probs_dropout_prob = a->dropout;
        s->model.config.classifier_dropout = a->dropout;
    }
    return code;
}

static int prepare_model(struct session *s)
{
    const struct arguments *a = s->arguments;
    const struct qsc_pool_config pool = {.threads = a->threads};
    int code = qsc_tokenizer_create(&s->tokenizer, s->model.vocab, s->model.vocab_bytes, s->model.vocab_path,
                                    s->model.lowercase, &s->err);
    if (!code)
        code = qsc_bert_layout_create(&s->layout, &s->model.config, &s->err);
    if (!code)
        code = qsc_bert_plan_create(&s->plan, &s->layout, (enum qsc_precision)a->precision, &s->err);
    if (!code && (code = qsc_pool_create(&s->pool, &pool)) != 0)
        qsc_fail(&s->err, code, "cannot start %d threads: %s", a->threads, strerror(code));
    return code;
}

/* What belongs to an unfinished training stands beside OUT, so that OUT is never anything but a whole model.
 */
static char *name_beside_out(struct session *s, const char *suffix)
{
    const char *out = s->arguments->out;
    size_t length = strlen(out);
    while (length > 1 && out[length - 1] == '/')
        length--;
    char *name = qsc_alloc(length + strlen(suffix) + 1);
    if (!name) {
        qsc_fail(&s->err, ENOMEM, "%s: no memory for its name", out);
        return NULL;
    }
    memcpy(name, out, length);
    strcpy(name + length, suffix);
    return name;
}

static int open_outputs(struct session *s)
{
    const struct arguments *a = s->arguments;
    int code = qsc_model_save_check(a->out, &s->err);
    if (code)
        return code;
    s->checkpoint = name_beside_out(s, ".training.safetensors");
    if (!s->checkpoint)
        return ENOMEM;
    if (access(s->checkpoint, F_OK) == 0 && !a->config.resume)
        return qsc_fail(&s->err, EEXIST,
                        "%s: is an unfinished training; add --resume to go on with it, or delete it",
                        s->checkpoint);
    if (!a->metrics)
        return 0;
    char *mark = name_beside_out(s, ".training.metrics");
    return mark ? qsc_metrics_open(&s->metrics, a->metrics, mark, a->config.resume, &s->err) : ENOMEM;
}

static int on_step(void *context, const struct qsc_trainer_step *step)
{
    struct session *s = context;
    int code = s->progressing ? 0 : qsc_metrics_cut(&s->metrics, step->step, &s->metrics_err);
    if (!code)
        code = qsc_metrics_add(
            &s->metrics, &s->metrics_err,
            "{\"event\": \"step\", \"step\": %llu, \"steps\": %llu, \"epoch\": %.6g, \"loss\": %.9g, "
            "\"learning_rate\": %.9g, \"gradient_norm\": %.9g, \"tokens\": %zu, \"seconds\": %.6f}\n",
            (unsigned long long)step->step, (unsigned long long)step->steps, step->epoch, step->loss,
            step->learning_rate, step->gradient_norm, step->tokens, step->seconds);
    if (!s->progressing)
        qsc_progress_begin(&s->progress, stderr, "training", step->steps);
    s->progressing = true;
    char note[48];
    snprintf(note, sizeof note, "loss %.4f", step->loss);
    qsc_progress_update(&s->progress, step->step, note);
    return code ? code : interrupted ? EINTR : 0;
}

static int on_evaluation(void *context, const struct qsc_trainer_evaluation *e)
{
    struct session *s = context;
    qsc_progress_hide(&s->progress);
    fprintf(stderr, "step %llu, epoch %.2f: F1 %.4f (precision %.4f, recall %.4f), accuracy %.4f%s\n",
            (unsigned long long)e->step, e->epoch, e->entities.f1, e->entities.precision, e->entities.recall,
            e->accuracy, e->best ? ", the best so far" : "");
    if (*s->metrics_err.text)
        return 0; /* what stops the training has been told */
    return qsc_metrics_add(
        &s->metrics, &s->metrics_err,
        "{\"event\": \"evaluation\", \"step\": %llu, \"epoch\": %.6g, \"f1\": %.9g, \"precision\": %.9g, "
        "\"recall\": %.9g, \"accuracy\": %.9g, \"best\": %s, \"seconds\": %.6f}\n",
        (unsigned long long)e->step, e->epoch, e->entities.f1, e->entities.precision, e->entities.recall,
        e->accuracy, e->best ? "true" : "false", e->seconds);
}

static int train(struct session *s)
{
    struct qsc_trainer trainer = {
        .model = &s->model,
        .plan = s->plan,
        .tokenizer = s->tokenizer,
        .train = &s->train,
        .valid = &s->valid,
        .pool = s->pool,
        .config = s->arguments->config,
        .hooks = {.context = s, .step = on_step, .evaluation = on_evaluation},
    };
    trainer.config.checkpoint = s->checkpoint;
    struct qsc_trainer_result result;
    int code = qsc_train(&trainer, &result, &s->err);
    if (s->progressing && code)
        qsc_progress_hide(&s->progress);
    else if (s->progressing)
        qsc_progress_end(&s->progress, result.steps, NULL);
    if (*s->metrics_err.text)
        s->err = s->metrics_err;
    else if (code == EINTR)
        qsc_fail(&s->err, code, "stopped; the same command with --resume goes on");
    else if (code == EDOM)
        unlink(s->checkpoint); /* it leads nowhere else */
    if (code)
        return code;
    fprintf(stderr, "%llu steps%s; the weights after step %llu are kept: F1 %.4f\n",
            (unsigned long long)result.steps, result.stopped_early ? ", stopped early" : "",
            (unsigned long long)result.best_step, result.best_f1);
    return qsc_model_save(&s->model, s->arguments->out, &s->err);
}

static int test(struct session *s)
{
    qsc_bert_weights *weights;
    qsc_evaluation *evaluation = NULL;
    int code = qsc_bert_weights_create(&weights, s->plan, s->model.params, QSC_BERT_INFERENCE, &s->err);
    if (code)
        return code;
    code = qsc_evaluation_create(&evaluation, s->plan, s->tokenizer, &s->test, s->pool, &s->err);
    if (!code)
        code = qsc_evaluation_run(evaluation, weights, &s->err);
    if (!code) {
        const struct qsc_tagging tagging = qsc_evaluation_tagging(evaluation);
        code = qsc_reports_print(stdout, &tagging, &s->err);
    }
    qsc_evaluation_destroy(evaluation);
    qsc_bert_weights_destroy(weights);
    return code;
}

static void close_session(struct session *s)
{
    qsc_metrics_close(&s->metrics, s->checkpoint && access(s->checkpoint, F_OK) == 0);
    qsc_pool_destroy(s->pool);
    qsc_bert_plan_destroy(s->plan);
    qsc_bert_layout_destroy(&s->layout);
    qsc_tokenizer_destroy(s->tokenizer);
    qsc_model_fini(&s->model);
    qsc_corpus_fini(&s->train);
    qsc_corpus_fini(&s->valid);
    qsc_corpus_fini(&s->test);
    qsc_free(s->checkpoint);
}

static int run_session(const struct arguments *arguments)
{
    struct session s = {.arguments = arguments};
    int code = qsc_bert_check_use((enum qsc_precision)arguments->precision, QSC_BERT_TRAINING, &s.err);
    if (!code)
        code = load_corpora(&s);
    if (!code)
        code = load_model(&s);
    if (!code)
        code = prepare_model(&s);
    if (!code)
        code = open_outputs(&s);
    if (!code)
        code = train(&s);
    if (!code && arguments->test)
        code = test(&s);
    if (code) {
        qsc_complain("%s", s.err.text);
    } else {
        qsc_metrics_close(&s.metrics, false);
        unlink(s.checkpoint); /* last, so that whatever was killed before can be resumed */
    }
    close_session(&s);
    return code ? QSC_EXIT_FAILURE : QSC_EXIT_OK;
}

static bool parse(struct arguments *a, int argc, char **argv, int *status)
{
    static const char *const optimizers[] = {"adamw", "sgd", NULL};
    struct qsc_trainer_config *c = &a->config;
    const struct qsc_option options[] = {
        {"model", QSC_OPTION_TEXT, &a->model, "DIR", "fine-tune this Hugging Face directory", 0, 0, NULL,
         false},
        {"init", QSC_OPTION_TEXT, &a->init, "CONFIG.json", "or: random weights of this shape", 0, 0, NULL,
         false},
        {"vocab", QSC_OPTION_TEXT, &a->vocab, "FILE", "with --init: vocab.txt", 0, 0, NULL, false},
        {"uncased", QSC_OPTION_FLAG, &a->uncased, NULL, "with --init: lower case, accents off", 0, 0, NULL,
         false},
        {"train", QSC_OPTION_TEXT, &a->train, "FILE", "training data in CoNLL format", 0, 0, NULL, true},
        {"valid", QSC_OPTION_TEXT, &a->valid, "FILE", "validation data: chooses the best weights", 0, 0, NULL,
         true},
        {"test", QSC_OPTION_TEXT, &a->test, "FILE", "test data: reported on at the end", 0, 0, NULL, false},
        {"out", QSC_OPTION_TEXT, &a->out, "DIR", "where the model is written", 0, 0, NULL, true},
        {"lr", QSC_OPTION_REAL, &c->learning_rate, "X", "highest learning rate", 0, 1000, NULL, false},
        {"epochs", QSC_OPTION_INT, &c->epochs, "N", "passes over the training data", 1, 1e6, NULL, false},
        {"batch", QSC_OPTION_INT, &c->batch, "N", "sentences of a step", 1, 1e6, NULL, false},
        {"accumulate", QSC_OPTION_INT, &c->accumulate, "N", "batches of a step", 1, 1e6, NULL, false},
        {"max-length", QSC_OPTION_INT, &c->max_length, "N", "tokens of a training window", 8, 1e6, NULL,
         false},
        {"optimizer", QSC_OPTION_CHOICE, &a->optimizer, NULL, "what moves the weights", 0, 0, optimizers,
         false},
        {"weight-decay", QSC_OPTION_REAL, &c->weight_decay, "X", "none on biases and LayerNorm", 0, 1000,
         NULL, false},
        {"momentum", QSC_OPTION_REAL, &c->momentum, "X", "of sgd", 0, 0.999999, NULL, false},
        {"warmup", QSC_OPTION_REAL, &c->warmup, "X", "share of the steps with a rising rate", 0, 1, NULL,
         false},
        {"clip", QSC_OPTION_REAL, &c->clip, "X", "bound of the gradient's norm, 0 = none", 0, 1e30, NULL,
         false},
        {"dropout", QSC_OPTION_REAL, &a->dropout, "X", "-1 = as the model's config.json says", -1, 0.999,
         NULL, false},
        {"freeze", QSC_OPTION_TEXT, &c->freeze, "LIST", "not trained: embeddings,layer.0-3", 0, 0, NULL,
         false},
        {"patience", QSC_OPTION_INT, &c->patience, "N",
         "evaluations without a better F1 until the training stops, 0 = never", 0, 1e9, NULL, false},
        {"eval-every", QSC_OPTION_INT, &c->evaluate_every, "N",
         "steps between evaluations, 0 = once an epoch", 0, 1e9, NULL, false},
        {"seed", QSC_OPTION_U64, &c->seed, "N", "of order, dropout and random weights", 0, 0, NULL, false},
        QSC_OPTION_PRECISION(&a->precision),
        {"threads", QSC_OPTION_INT, &a->threads, "N", "0 = one a processor; the result does not depend on it",
         0, QSC_OPTION_THREADS_MAX, NULL, false},
        {"resume", QSC_OPTION_FLAG, &c->resume, NULL, "go on from OUT.training.safetensors, if it is there",
         0, 0, NULL, false},
        {"checkpoint-every", QSC_OPTION_INT, &c->checkpoint_every, "N", "steps between checkpoints", 1, 1e9,
         NULL, false},
        {"metrics", QSC_OPTION_TEXT, &a->metrics, "FILE",
         "append a JSON line for each step and evaluation; --resume repeats none", 0, 0, NULL, false},
        {.name = NULL},
    };
    if (!qsc_options_parse(&qsc_train_command, options, argc, argv, status))
        return false;
    c->optimizer = a->optimizer ? QSC_OPTIMIZER_SGD : QSC_OPTIMIZER_ADAMW;
    *status = QSC_EXIT_USAGE;
    if (!a->model == !a->init) {
        qsc_complain("train: give either --model DIR or --init CONFIG.json with --vocab FILE");
        return false;
    }
    if (!a->init != !a->vocab || (a->uncased && !a->init)) {
        qsc_complain("train: --vocab%s with --init, and only then; a --model has its own",
                     a->uncased ? " and --uncased go" : " goes");
        return false;
    }
    return true;
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {.dropout = -1};
    int status;
    qsc_trainer_defaults(&arguments.config);
    if (!parse(&arguments, argc, argv, &status))
        return status;
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is then an error of write(2), which we can report */
    return run_session(&arguments);
}

const struct qsc_command qsc_train_command = {
    .name = "train",
    .usage = "(--model DIR | --init CONFIG.json --vocab FILE) --train FILE --valid FILE --out DIR [OPTIONS]",
    .summary = "fine-tune a BERT token classifier, or train one from random weights",
    .details =
        "Writes config.json, vocab.txt, tokenizer_config.json and model.safetensors to OUT, as transformers "
        "does.\n"
        "The same data, options and seed give the same bytes on any number of threads, for any split of\n"
        "batch * accumulate, and after an interruption and --resume.",
    .run = run,
};
