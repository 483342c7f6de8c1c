/* quiesce tag: the words of each line of standard input with their labels, in the order of the lines. */
#include "commands.h"
#include "json_text.h"
#include "lines.h"
#include "loaded.h"
#include "options.h"
#include "precision_option.h"
#include "sentences.h"

#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pool.h>
#include <quiesce/concurrency/snapshot.h>
#include <quiesce/model/tagger.h>

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_LINES = 512,
    BATCH_BYTES = 1 << 18,
    TASK_LINES = 16,
    FORWARD_TOKENS = 256, /* their activations stay in a core's cache */
};

struct form {
    bool json, logits;
};

/* The model behind a snapshot cell: every answer carries the id of the version it came from. */
struct service {
    struct qsc_loaded loaded;
    qsc_snapshot versions;
    bool has_versions;
    qsc_pool *pool;
    qsc_tagger **taggers; /* (threads) */
    int threads;
};

static void service_fini(struct service *s)
{
    for (int i = 0; s->taggers && i < s->threads; i++)
        qsc_tagger_destroy(s->taggers[i]);
    qsc_free(s->taggers);
    qsc_pool_destroy(s->pool);
    if (s->has_versions)
        (void)!qsc_snapshot_fini(&s->versions); /* EBUSY cannot be: no pin is left */
    qsc_loaded_fini(&s->loaded);
}

static int publish(struct service *s, struct qsc_error *err)
{
    int status = qsc_snapshot_init(&s->versions, NULL);
    s->has_versions = status == 0;
    if (status == 0)
        status =
            qsc_snapshot_publish(&s->versions, s->loaded.weights, qsc_bert_weights_bytes(s->loaded.weights),
                                 qsc_bert_weights_destroy, NULL);
    if (status)
        return qsc_fail(err, status, "cannot publish the model: %s", strerror(status));
    s->loaded.weights = NULL; /* the cell's now */
    return 0;
}

static int make_taggers(struct service *s, struct qsc_error *err)
{
    s->threads = qsc_pool_threads(s->pool);
    s->taggers = qsc_alloc_zeroed((size_t)s->threads, sizeof(qsc_tagger *));
    if (!s->taggers)
        return qsc_fail(err, ENOMEM, "out of memory for %d taggers", s->threads);
    int status = 0;
    for (int i = 0; i < s->threads && status == 0; i++)
        status =
            qsc_tagger_create(&s->taggers[i], s->loaded.tokenizer, s->loaded.plan, 0, FORWARD_TOKENS, err);
    return status;
}

static int service_init(struct service *s, const char *model, enum qsc_precision precision, int threads,
                        struct qsc_error *err)
{
    int status = qsc_loaded_init(&s->loaded, model, precision, err);
    if (status == 0)
        status = publish(s, err);
    if (status == 0) {
        status = qsc_pool_create(&s->pool, &(struct qsc_pool_config){.threads = threads});
        if (status)
            status = qsc_fail(err, status, "cannot start %d threads: %s", threads, strerror(status));
    }
    if (status == 0)
        status = make_taggers(s, err);
    return status;
}

/* ---- tagging */

struct job {
    struct service *service;
    const qsc_bert_weights *weights;
    const struct qsc_sentence_batch *batch;
    struct qsc_answers answers; /* of all words of the batch */
    int labels;
    atomic_int status; /* of a task that failed; relaxed: the pool's join orders it before it is read */
};

static void tag_lines(void *context, size_t begin, size_t end)
{
    struct job *job = context;
    const struct qsc_sentence_batch *batch = job->batch;
    const size_t word = batch->first[begin];
    size_t first[TASK_LINES + 1];
    for (size_t i = begin; i <= end; i++)
        first[i - begin] = batch->first[i] - word;
    const struct qsc_sentences sentences = {end - begin, first, batch->text + word};
    const struct qsc_answers answers = {
        job->answers.labels + word, job->answers.scores ? job->answers.scores + word : NULL,
        job->answers.logits ? job->answers.logits + word * (size_t)job->labels : NULL};
    qsc_tagger *tagger = job->service->taggers[qsc_pool_worker_index(job->service->pool)];
    const int status = qsc_tagger_tag(tagger, job->weights, &sentences, &answers, NULL);
    if (status)
        atomic_store_explicit(&job->status, status, memory_order_relaxed);
}

/* Tags the batch with the version that is current now. */
static int tag_batch(struct service *s, struct qsc_sentence_batch *batch, const struct qsc_answers *answers,
                     uint64_t *version)
{
    qsc_pin pin;
    const int status = qsc_snapshot_pin(&s->versions, &pin);
    if (status)
        return status;
    struct job job = {s, pin.version->object, batch, *answers, s->loaded.model.config.num_labels, 0};
    qsc_parallel_for(s->pool, 0, batch->lines, TASK_LINES, tag_lines, &job);
    *version = pin.version->id;
    qsc_snapshot_unpin(&pin);
    return atomic_load_explicit(&job.status, memory_order_relaxed);
}

/* ---- printing */

/* JSON has no word for what is not finite. */
static void print_number(float x)
{
    if (isfinite(x))
        printf("%.9g", (double)x);
    else
        fputs("null", stdout);
}

static void print_json_word(const struct qsc_bert_config *config, const struct qsc_sentence_batch *batch,
                            const struct qsc_answers *answers, size_t i)
{
    const char *tag = config->labels[answers->labels[i]];
    fputs("{\"text\": ", stdout);
    qsc_json_print_string(stdout, batch->text[i], strlen(batch->text[i]));
    printf(", \"start\": %" PRId32 ", \"end\": %" PRId32 ", \"tag\": ", batch->word[i].start,
           batch->word[i].end);
    qsc_json_print_string(stdout, tag, strlen(tag));
    fputs(", \"score\": ", stdout);
    print_number(answers->scores[i]);
    if (answers->logits) {
        fputs(", \"logits\": [", stdout);
        for (int k = 0; k < config->num_labels; k++) {
            fputs(k ? ", " : "", stdout);
            print_number(answers->logits[i * (size_t)config->num_labels + (size_t)k]);
        }
        putchar(']');
    }
    putchar('}');
}

static void print_line(const struct service *s, const struct qsc_sentence_batch *batch,
                       const struct qsc_answers *answers, struct form form, uint64_t version, size_t line)
{
    const struct qsc_bert_config *config = &s->loaded.model.config;
    if (form.json)
        printf("{\"version\": %" PRIu64 ", \"words\": [", version);
    for (size_t i = batch->first[line]; i < batch->first[line + 1]; i++) {
        const bool later = i > batch->first[line];
        fputs(later ? (form.json ? ", " : " ") : "", stdout);
        if (form.json)
            print_json_word(config, batch, answers, i);
        else
            printf("%s/%s", batch->text[i], config->labels[answers->labels[i]]);
    }
    puts(form.json ? "]}" : "");
}

/* Tags and prints what the batch holds, and empties it. */
static int answer(struct service *s, struct qsc_sentence_batch *batch, struct form form,
                  struct qsc_error *err)
{
    if (batch->lines == 0)
        return 0;
    qsc_sentences_seal(batch);
    const size_t labels = (size_t)s->loaded.model.config.num_labels;
    struct qsc_answers answers = {qsc_alloc(batch->words * sizeof *answers.labels), NULL, NULL};
    if (form.json)
        answers.scores = qsc_alloc(batch->words * sizeof *answers.scores);
    if (form.logits)
        answers.logits = qsc_alloc(batch->words * labels * sizeof *answers.logits);
    int status = ENOMEM;
    uint64_t version = 0;
    if (answers.labels && (answers.scores || !form.json) && (answers.logits || !form.logits))
        status = tag_batch(s, batch, &answers, &version);
    if (status)
        qsc_fail(err, status, "cannot tag %zu words: %s", batch->words, strerror(status));
    for (size_t line = 0; status == 0 && line < batch->lines; line++)
        print_line(s, batch, &answers, form, version, line);
    qsc_free(answers.labels);
    qsc_free(answers.scores);
    qsc_free(answers.logits);
    qsc_sentences_clear(batch);
    return status;
}

/* ---- reading */

/* Reads lines into the batch until it is full, nobody is known to write more, or there is no more to read:
   then *end says why (ENODATA at the end of input). Returns false where what was read last is at fault and
   was complained about. */
static bool fill(struct qsc_lines *lines, struct qsc_sentence_batch *batch, int *end)
{
    while (batch->lines < BATCH_LINES && batch->byte_count < BATCH_BYTES) {
        const char *line;
        size_t bytes, bad_byte;
        if (batch->lines > 0 && !qsc_lines_waiting(lines))
            return true;
        *end = qsc_lines_next(lines, &line, &bytes);
        if (*end == ENODATA)
            return true;
        if (*end) {
            qsc_lines_complain(lines, *end);
            return false;
        }
        const int status = qsc_sentences_add(batch, line, bytes, &bad_byte);
        if (status == EILSEQ)
            qsc_complain("standard input:%" PRIu64 ": byte %zu is %s; is the input text in UTF-8?",
                         lines->number, bad_byte, line[bad_byte - 1] ? "not UTF-8" : "NUL");
        else if (status)
            qsc_complain("standard input:%" PRIu64 ": %s", lines->number, strerror(status));
        if (status)
            return false;
    }
    return true;
}

static int serve(struct service *s, struct form form)
{
    struct qsc_lines lines = {.descriptor = STDIN_FILENO};
    struct qsc_sentence_batch batch = {0};
    int result = QSC_EXIT_OK, end = 0;
    while (end != ENODATA && result == QSC_EXIT_OK) {
        if (!fill(&lines, &batch, &end))
            result = QSC_EXIT_FAILURE; /* what stands before the fault is answered all the same */
        struct qsc_error err;
        if (answer(s, &batch, form, &err)) {
            qsc_complain("standard input:%" PRIu64 ": %s", lines.number, err.text);
            result = QSC_EXIT_FAILURE;
        }
        if (fflush(stdout))
            result = QSC_EXIT_FAILURE; /* main says so */
    }
    qsc_sentences_fini(&batch);
    qsc_lines_fini(&lines);
    return result;
}

static int run(int argc, char **argv)
{
    const char *model = NULL;
    struct form form = {false, false};
    int threads = 0, precision = QSC_F32;
    const struct qsc_option options[] = {
        {.name = "model",
         .kind = QSC_OPTION_TEXT,
         .target = &model,
         .value = "DIR",
         .required = true,
         .help = "Hugging Face model directory"},
        {.name = "json", .kind = QSC_OPTION_FLAG, .target = &form.json, .help = "one JSON object a line"},
        {.name = "logits",
         .kind = QSC_OPTION_FLAG,
         .target = &form.logits,
         .help = "with --json: the logits of each word's first piece too"},
        QSC_OPTION_PRECISION(&precision),
        {.name = "threads",
         .kind = QSC_OPTION_INT,
         .target = &threads,
         .value = "N",
         .min = 0,
         .max = QSC_OPTION_THREADS_MAX,
         .help = "threads; 0 is one for each processor"},
        {.name = NULL},
    };
    int status;
    if (!qsc_options_parse(&qsc_tag_command, options, argc, argv, &status))
        return status;
    if (form.logits && !form.json) {
        qsc_complain("--logits needs --json");
        return QSC_EXIT_USAGE;
    }
    struct service service = {.has_versions = false};
    struct qsc_error err;
    if (service_init(&service, model, (enum qsc_precision)precision, threads, &err)) {
        qsc_complain("%s", err.text);
        status = QSC_EXIT_FAILURE;
    } else {
        status = serve(&service, form);
    }
    service_fini(&service);
    return status;
}

const struct qsc_command qsc_tag_command = {
    .name = "tag",
    .usage = "--model DIR [OPTIONS]",
    .summary = "tag the words of lines on standard input",
    .details =
        "Words are separated by white space. Prints word/TAG word/TAG ... for each line, or with --json\n"
        "{\"version\", \"words\": [{\"text\", \"start\", \"end\", \"tag\", \"score\"}, ...]}, start and end "
        "in code points.",
    .run = run,
};
