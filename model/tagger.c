#include <quiesce/model/tagger.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/pool.h>
#include <quiesce/model/window.h>

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

struct qsc_tagger {
    const qsc_tokenizer *tokenizer;
    const struct qsc_bert_config *config;
    int max_tokens, batch_tokens;
    int32_t outside; // label of a word without pieces
    qsc_bert_workspace *workspace;
    struct qsc_windows windows; // of the sentences on their way
    int32_t *cu_seqlens;        // (batch_tokens + 1)
    float *logits;              // (batch_tokens, num_labels)
};

static int check(const qsc_tokenizer *tokenizer, const struct qsc_bert_config *config, int max_tokens,
                 struct qsc_error *err)
{
    if (qsc_tokenizer_pieces(tokenizer) > config->vocab_size)
        return qsc_fail(err, EINVAL,
                        "the vocabulary has %d pieces, the model's config.json has vocab_size %d; take both "
                        "from one model",
                        qsc_tokenizer_pieces(tokenizer), config->vocab_size);
    if (qsc_tokenizer_cls(tokenizer) < 0 || qsc_tokenizer_sep(tokenizer) < 0)
        return qsc_fail(err, EINVAL, "the vocabulary has no [CLS] or no [SEP]; is it a BERT model's?");
    if (max_tokens < 3 || max_tokens > config->max_position_embeddings)
        return qsc_fail(err, EINVAL, "a window of %d tokens is out of range: 3 to the model's %d", max_tokens,
                        config->max_position_embeddings);
    return 0;
}

static int allocate(qsc_tagger *t, const qsc_bert_plan *plan, struct qsc_error *err)
{
    const size_t tokens = (size_t)t->batch_tokens, labels = (size_t)t->config->num_labels;
    t->cu_seqlens = qsc_alloc((tokens + 1) * sizeof *t->cu_seqlens);
    t->logits = qsc_alloc(tokens * labels * sizeof *t->logits);
    if (!t->cu_seqlens || !t->logits)
        return qsc_fail(err, ENOMEM, "out of memory for batches of %d tokens", t->batch_tokens);
    const struct qsc_bert_workspace_config config = {
        .max_tokens = t->batch_tokens, .max_sequence = t->max_tokens, .use = QSC_BERT_INFERENCE};
    return qsc_bert_workspace_create(&t->workspace, plan, &config, err);
}

int qsc_tagger_create(qsc_tagger **tagger, const qsc_tokenizer *tokenizer, const qsc_bert_plan *plan,
                      int max_tokens, int batch_tokens, struct qsc_error *err)
{
    const struct qsc_bert_config *config = qsc_bert_plan_layout(plan)->config;
    if (max_tokens == 0)
        max_tokens = config->max_position_embeddings;
    int status = check(tokenizer, config, max_tokens, err);
    if (status)
        return status;
    qsc_tagger *t = qsc_alloc_zeroed(1, sizeof *t);
    if (!t)
        return qsc_fail(err, ENOMEM, "out of memory for a tagger");
    t->tokenizer = tokenizer;
    t->config = config;
    t->max_tokens = max_tokens;
    t->batch_tokens = batch_tokens < max_tokens ? max_tokens : batch_tokens;
    const int outside = config->labels ? qsc_bert_config_label_id(config, "O") : -1;
    t->outside = outside < 0 ? 0 : outside;
    status = allocate(t, plan, err);
    if (status)
        qsc_tagger_destroy(t);
    else
        *tagger = t;
    return status;
}

void qsc_tagger_destroy(qsc_tagger *t)
{
    if (!t)
        return;
    if (t->workspace)
        qsc_bert_workspace_destroy(t->workspace);
    qsc_windows_fini(&t->windows);
    qsc_free(t->cu_seqlens);
    qsc_free(t->logits);
    qsc_free(t);
}

// The answers of words that the model does not see.
static void answer_unseen(const qsc_tagger *t, size_t words, const struct qsc_answers *answers)
{
    for (size_t i = 0; i < words; i++)
        answers->labels[i] = t->outside;
    if (answers->scores)
        memset(answers->scores, 0, words * sizeof *answers->scores);
    if (answers->logits)
        memset(answers->logits, 0, words * (size_t)t->config->num_labels * sizeof *answers->logits);
}

static void answer_word(const float *logits, int labels, size_t word, const struct qsc_answers *answers)
{
    int best = 0;
    for (int i = 1; i < labels; i++)
        if (logits[i] > logits[best])
            best = i;
    answers->labels[word] = best;
    if (answers->scores) {
        double sum = 0;
        for (int i = 0; i < labels; i++)
            sum += exp((double)logits[i] - (double)logits[best]);
        answers->scores[word] = (float)(1 / sum);
    }
    if (answers->logits)
        memcpy(answers->logits + word * (size_t)labels, logits, (size_t)labels * sizeof *logits);
}

// Packed windows: of a call's sentences, or of a dataset.
struct packed {
    const size_t *first;
    const int32_t *ids, *words;
};

// Where the batch that begins with window `begin` ends: as many windows as fit, at least one.
static size_t batch_end(const size_t *first, size_t begin, size_t count, int batch_tokens)
{
    size_t end = begin + 1;
    while (end < count && first[end + 1] - first[begin] <= (size_t)batch_tokens)
        end++;
    return end;
}

static int tag_batch(qsc_tagger *t, const qsc_bert_weights *weights, const struct packed *packed,
                     size_t begin, size_t end, const struct qsc_answers *answers)
{
    const size_t token = packed->first[begin];
    for (size_t w = begin; w <= end; w++)
        t->cu_seqlens[w - begin] = (int32_t)(packed->first[w] - token);
    const struct qsc_batch batch = {.tokens = t->cu_seqlens[end - begin],
                                    .sequences = (int)(end - begin),
                                    .ids = packed->ids + token,
                                    .cu_seqlens = t->cu_seqlens};
    const int status = qsc_bert_forward(t->workspace, weights, &batch, t->logits);
    if (status)
        return status;
    const int labels = t->config->num_labels;
    for (size_t i = 0; i < (size_t)batch.tokens; i++)
        if (packed->words[token + i] >= 0)
            answer_word(t->logits + i * (size_t)labels, labels, (size_t)packed->words[token + i], answers);
    return 0;
}

static int forward_failed(struct qsc_error *err, int status)
{
    return qsc_fail(err, status, "the forward pass failed: %s", strerror(status));
}

// Tags what is in t->windows and empties it.
static int tag_windows(qsc_tagger *t, const qsc_bert_weights *weights, const struct qsc_answers *answers)
{
    const struct packed packed = {t->windows.first, t->windows.ids, t->windows.words};
    for (size_t begin = 0; begin < t->windows.count;) {
        const size_t end = batch_end(packed.first, begin, t->windows.count, t->batch_tokens);
        const int status = tag_batch(t, weights, &packed, begin, end, answers);
        if (status)
            return status;
        begin = end;
    }
    qsc_windows_clear(&t->windows);
    return 0;
}

int qsc_tagger_tag(qsc_tagger *t, const qsc_bert_weights *weights, const struct qsc_sentences *sentences,
                   const struct qsc_answers *answers, struct qsc_error *err)
{
    if (sentences->count == 0)
        return 0;
    answer_unseen(t, sentences->first[sentences->count], answers);
    qsc_windows_clear(&t->windows);
    for (size_t s = 0; s < sentences->count; s++) {
        const size_t first = sentences->first[s];
        int status = qsc_windows_add(&t->windows, t->tokenizer, sentences->words + first,
                                     sentences->first[s + 1] - first, s, first, t->max_tokens, err);
        if (status)
            return status;
        if (t->windows.tokens < (size_t)t->batch_tokens && s + 1 < sentences->count)
            continue;
        status = tag_windows(t, weights, answers);
        if (status)
            return forward_failed(err, status);
    }
    return 0;
}

struct dataset_job {
    qsc_tagger *const *taggers;
    struct qsc_pool *pool; // NULL = the caller alone
    const qsc_bert_weights *weights;
    struct packed packed;
    const size_t *batches; // (batches + 1): windows
    const struct qsc_answers *answers;
    atomic_int status; // of a batch that failed; relaxed: the pool's join orders it before it is read
};

static void tag_batches(void *context, size_t begin, size_t end)
{
    struct dataset_job *job = context;
    qsc_tagger *tagger = job->taggers[job->pool ? qsc_pool_worker_index(job->pool) : 0];
    for (size_t b = begin; b < end; b++) {
        const int status =
            tag_batch(tagger, job->weights, &job->packed, job->batches[b], job->batches[b + 1], job->answers);
        if (status)
            atomic_store_explicit(&job->status, status, memory_order_relaxed);
    }
}

int qsc_tagger_tag_dataset(qsc_tagger *const *taggers, struct qsc_pool *pool, const qsc_bert_weights *weights,
                           const struct qsc_dataset *dataset, const struct qsc_answers *answers,
                           struct qsc_error *err)
{
    const qsc_tagger *t = taggers[0];
    if (dataset->max_tokens > t->max_tokens)
        return qsc_fail(err, EINVAL, "the data's windows have up to %d tokens, the tagger takes %d",
                        dataset->max_tokens, t->max_tokens);
    size_t *batches = qsc_alloc((dataset->windows + 1) * sizeof *batches);
    if (!batches)
        return qsc_fail(err, ENOMEM, "out of memory for %zu windows", dataset->windows);
    size_t count = 0;
    batches[0] = 0;
    while (batches[count] < dataset->windows) {
        batches[count + 1] = batch_end(dataset->first, batches[count], dataset->windows, t->batch_tokens);
        count++;
    }
    answer_unseen(t, dataset->words, answers);
    struct dataset_job job = {taggers, pool,    weights, {dataset->first, dataset->ids, dataset->word},
                              batches, answers, 0};
    if (pool)
        qsc_parallel_for(pool, 0, count, 1, tag_batches, &job);
    else
        tag_batches(&job, 0, count);
    qsc_free(batches);
    const int status = atomic_load_explicit(&job.status, memory_order_relaxed);
    return status ? forward_failed(err, status) : 0;
}
