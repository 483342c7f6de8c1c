#include <quiesce/model/dataset.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pool.h>
#include <quiesce/model/window.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { RUN_SENTENCES = 64, MAX_TOKENS_MIN = 8 };

// A run of sentences, tokenised by one task.
struct run {
    struct qsc_windows windows;
    int status;
    struct qsc_error err;
};

struct job {
    const qsc_tokenizer *tokenizer;
    const struct qsc_corpus *corpus;
    int max_tokens;
    struct run *runs;
};

static void tokenise_run(void *context, size_t begin, size_t end)
{
    const struct job *job = context;
    const struct qsc_corpus *corpus = job->corpus;
    struct run *run = &job->runs[begin / RUN_SENTENCES];
    for (size_t s = begin; s < end && run->status == 0; s++) {
        const size_t first = corpus->first[s];
        run->status = qsc_windows_add(&run->windows, job->tokenizer, corpus->text + first,
                                      corpus->first[s + 1] - first, s, first, job->max_tokens, &run->err);
    }
}

static int32_t find_label(const char *name, const char *const *labels, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, labels[i]) == 0)
            return i;
    return -1;
}

static int unknown_label(const struct qsc_corpus *corpus, int label, const char *const *labels, int count,
                         struct qsc_error *err)
{
    char known[512] = "";
    size_t length = 0;
    for (int i = 0; i < count && length + strlen(labels[i]) + 3 < sizeof known; i++)
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "", labels[i]);
    return qsc_fail(err, EINVAL, "%s:%zu: the model does not know the label '%.80s'; its %d labels are %s",
                    corpus->path, corpus->name_lines[label], corpus->names[label], count, known);
}

// model[i] becomes the model's id of the corpus's label i.
static int map_labels(int32_t *model, const struct qsc_corpus *corpus, const char *const *labels, int count,
                      struct qsc_error *err)
{
    for (int i = 0; i < corpus->label_count; i++) {
        model[i] = find_label(corpus->names[i], labels, count);
        if (model[i] < 0)
            return unknown_label(corpus, i, labels, count, err);
    }
    return 0;
}

static int reserve(struct qsc_dataset *d, const struct run *runs, size_t run_count)
{
    for (size_t r = 0; r < run_count; r++) {
        d->windows += runs[r].windows.count;
        d->tokens += runs[r].windows.tokens;
    }
    d->first = qsc_alloc((d->windows + 1) * sizeof *d->first);
    d->sentence = qsc_alloc(d->windows * sizeof *d->sentence);
    d->ids = qsc_alloc(d->tokens * sizeof *d->ids);
    d->labels = qsc_alloc(d->tokens * sizeof *d->labels);
    d->word = qsc_alloc(d->tokens * sizeof *d->word);
    return d->first && d->sentence && d->ids && d->labels && d->word ? 0 : ENOMEM;
}

// Puts the runs together in their order.
static int join_runs(struct qsc_dataset *d, const struct job *job, size_t run_count, const int32_t *model)
{
    if (reserve(d, job->runs, run_count))
        return ENOMEM;
    size_t window = 0, token = 0;
    for (size_t r = 0; r < run_count; r++) {
        const struct qsc_windows *w = &job->runs[r].windows;
        for (size_t i = 0; i < w->count; i++) {
            const int length = (int)(w->first[i + 1] - w->first[i]);
            if (d->max_tokens < length)
                d->max_tokens = length;
            d->sentence[window] = w->sentence[i];
            d->first[window++] = token + w->first[i];
        }
        for (size_t i = 0; i < w->tokens; i++, token++) {
            d->ids[token] = w->ids[i];
            d->word[token] = w->words[i];
            d->labels[token] = w->words[i] < 0 ? -100 : model[job->corpus->labels[w->words[i]]];
            d->labelled += w->words[i] >= 0;
        }
    }
    d->first[window] = token;
    d->words = job->corpus->words;
    return 0;
}

static int create(struct qsc_dataset *d, struct job *job, int32_t *model, size_t run_count,
                  struct qsc_pool *pool, struct qsc_error *err)
{
    qsc_parallel_for(pool, 0, job->corpus->sentences, RUN_SENTENCES, tokenise_run, job);
    for (size_t r = 0; r < run_count; r++)
        if (job->runs[r].status)
            return qsc_fail(err, job->runs[r].status, "%s: %s", job->corpus->path, job->runs[r].err.text);
    if (join_runs(d, job, run_count, model))
        return qsc_fail(err, ENOMEM, "%s: out of memory for %zu tokens", job->corpus->path, d->tokens);
    return 0;
}

int qsc_dataset_create(struct qsc_dataset *dataset, const qsc_tokenizer *tokenizer,
                       const struct qsc_corpus *corpus, const char *const *labels, int label_count,
                       int max_tokens, struct qsc_pool *pool, struct qsc_error *err)
{
    *dataset = (struct qsc_dataset){0};
    if (max_tokens < MAX_TOKENS_MIN)
        return qsc_fail(err, EINVAL, "a window of %d tokens is too short (at least %d)", max_tokens,
                        MAX_TOKENS_MIN);
    if (qsc_tokenizer_cls(tokenizer) < 0 || qsc_tokenizer_sep(tokenizer) < 0)
        return qsc_fail(err, EINVAL, "the vocabulary has no [CLS] or no [SEP]; is it a BERT model's?");
    const size_t run_count = (corpus->sentences + RUN_SENTENCES - 1) / RUN_SENTENCES;
    struct job job = {tokenizer, corpus, max_tokens, qsc_alloc_zeroed(run_count, sizeof *job.runs)};
    int32_t *model = qsc_alloc((size_t)corpus->label_count * sizeof *model);
    int status;
    if (!job.runs || !model)
        status =
            qsc_fail(err, ENOMEM, "%s: out of memory for %zu sentences", corpus->path, corpus->sentences);
    else
        status = map_labels(model, corpus, labels, label_count, err);
    if (status == 0)
        status = create(dataset, &job, model, run_count, pool, err);
    for (size_t r = 0; job.runs && r < run_count; r++)
        qsc_windows_fini(&job.runs[r].windows);
    qsc_free(job.runs);
    qsc_free(model);
    if (status)
        qsc_dataset_fini(dataset);
    return status;
}

void qsc_dataset_fini(struct qsc_dataset *dataset)
{
    qsc_free(dataset->first);
    qsc_free(dataset->sentence);
    qsc_free(dataset->ids);
    qsc_free(dataset->labels);
    qsc_free(dataset->word);
    *dataset = (struct qsc_dataset){0};
}
