#include <quiesce/model/live.h>

#include <errno.h>
#include <pthread.h>
#include <quiesce/concurrency/alloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RECORDS = 1 << 17 /* of a reader */ };

/* An answer that waits to be asked for again. */
struct kept {
    qsc_pin pin;
    size_t question;
    uint64_t fingerprint;
};

struct reader {
    pthread_t thread;
    qsc_live *live;
    int number;
    struct qsc_asker asker;
    struct kept kept;
    uint64_t answers, rechecked, mixed;
    struct qsc_live_request *requests; /* (RECORDS) */
    struct qsc_error error;
    int code;
};

struct qsc_live {
    struct qsc_live_config config;
    bool stop;
    int started;
    struct reader readers[];
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void pause_ms(double ms)
{
    struct timespec span = {(time_t)(ms / 1e3), (long)((ms - 1e3 * (double)(time_t)(ms / 1e3)) * 1e6)};
    nanosleep(&span, NULL); /* a signal only makes the pause shorter */
}

static uint32_t count_right(const struct reader *reader, size_t question)
{
    const int32_t *gold = reader->live->config.gold + reader->live->config.questions->first[question];
    uint32_t right = 0;
    for (size_t i = 0; i < qsc_asker_words(&reader->asker, question); i++)
        right += reader->asker.labels[i] == gold[i];
    return right;
}

/* Asks the kept question again from its version, which is no longer the current one. */
static int recheck(struct reader *reader)
{
    uint64_t fingerprint = 0;
    int code = qsc_asker_ask(&reader->asker, reader->kept.pin.version->object, reader->kept.question,
                             &fingerprint, &reader->error);
    reader->rechecked += !code;
    reader->mixed += !code && fingerprint != reader->kept.fingerprint;
    qsc_snapshot_unpin(&reader->kept.pin);
    return code;
}

static void record(struct reader *reader, const struct qsc_live_request *request)
{
    if (reader->answers < RECORDS)
        reader->requests[reader->answers] = *request;
    reader->answers++;
}

/* One request. ENOENT: there is no version yet. */
static int ask(struct reader *reader, size_t question)
{
    struct qsc_live_request request = {.begin_ns = now_ns()};
    qsc_pin pin;
    uint64_t fingerprint = 0;
    int code = qsc_snapshot_pin(reader->live->config.cell, &pin);
    request.acquired_ns = now_ns();
    if (code)
        return qsc_fail(&reader->error, code, "a reader could not pin a version: %s", strerror(code));
    code = qsc_asker_ask(&reader->asker, pin.version->object, question, &fingerprint, &reader->error);
    request.end_ns = now_ns();
    if (!code) {
        request.version = pin.version->id;
        request.words = (uint32_t)qsc_asker_words(&reader->asker, question);
        request.right = count_right(reader, question);
        record(reader, &request);
    }
    if (!code && reader->kept.pin.version && reader->kept.pin.version->id != pin.version->id)
        code = recheck(reader);
    if (!code && !reader->kept.pin.version)
        reader->kept = (struct kept){pin, question, fingerprint};
    else
        qsc_snapshot_unpin(&pin);
    return code;
}

static void *ask_on(void *argument)
{
    struct reader *reader = argument;
    const struct qsc_live_config *config = &reader->live->config;
    size_t questions = config->questions->sentences;
    size_t question =
        (size_t)reader->number * questions / (size_t)config->readers; /* apart from each other */
    while (!__atomic_load_n(&reader->live->stop, __ATOMIC_RELAXED) && !reader->code) {
        reader->code = ask(reader, question);
        if (reader->code == ENOENT)
            reader->code = 0;
        else
            question = (question + 1) % questions;
        pause_ms(config->pause_ms);
    }
    qsc_snapshot_unpin(&reader->kept.pin);
    return NULL;
}

static void destroy(qsc_live *live)
{
    for (int i = 0; i < live->config.readers; i++) {
        qsc_asker_fini(&live->readers[i].asker);
        qsc_free(live->readers[i].requests);
    }
    qsc_free(live);
}

static void join(qsc_live *live)
{
    __atomic_store_n(&live->stop, true, __ATOMIC_RELAXED); /* the join orders what is read after it */
    for (int i = 0; i < live->started; i++)
        pthread_join(live->readers[i].thread, NULL);
}

static int start_reader(qsc_live *live, int number, struct qsc_error *err)
{
    struct reader *reader = &live->readers[number];
    reader->live = live;
    reader->number = number;
    const struct qsc_live_config *config = &live->config;
    int code = qsc_asker_init(&reader->asker, config->tokenizer, config->plan, config->questions, err);
    if (code)
        return code;
    reader->requests = qsc_alloc(RECORDS * sizeof *reader->requests);
    if (!reader->requests)
        return qsc_fail(err, ENOMEM, "out of memory for the record of a reader");
    code = pthread_create(&reader->thread, NULL, ask_on, reader);
    if (code)
        return qsc_fail(err, code,
                        "cannot start a reader's thread; is the limit of threads reached (ulimit -u)?");
    live->started++;
    return 0;
}

int qsc_live_start(qsc_live **live, const struct qsc_live_config *config, struct qsc_error *err)
{
    qsc_live *made = qsc_alloc_zeroed(1, sizeof *made + (size_t)config->readers * sizeof made->readers[0]);
    if (!made)
        return qsc_fail(err, ENOMEM, "out of memory for %d readers", config->readers);
    made->config = *config;
    int code = 0;
    for (int i = 0; i < config->readers && !code; i++)
        code = start_reader(made, i, err);
    if (code) {
        join(made);
        destroy(made);
        return code;
    }
    *live = made;
    return 0;
}

static int compare_versions(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static int count_versions(struct qsc_live_results *results)
{
    uint64_t *versions = qsc_alloc((results->request_count + 1) * sizeof *versions);
    if (!versions)
        return ENOMEM;
    for (size_t i = 0; i < results->request_count; i++)
        versions[i] = results->requests[i].version;
    qsort(versions, results->request_count, sizeof *versions, compare_versions);
    for (size_t i = 0; i < results->request_count; i++)
        results->versions += i == 0 || versions[i] != versions[i - 1];
    qsc_free(versions);
    return 0;
}

static int collect(const qsc_live *live, struct qsc_live_results *results)
{
    size_t total = 0;
    for (int i = 0; i < live->config.readers; i++)
        total += live->readers[i].answers < RECORDS ? live->readers[i].answers : RECORDS;
    results->requests = qsc_alloc((total + 1) * sizeof *results->requests);
    if (!results->requests)
        return ENOMEM;
    for (int i = 0; i < live->config.readers; i++) {
        const struct reader *reader = &live->readers[i];
        results->answers += reader->answers;
        results->rechecked += reader->rechecked;
        results->mixed += reader->mixed;
        for (size_t k = 0; k < reader->answers && k < RECORDS; k++) {
            const struct qsc_live_request *request = &reader->requests[k];
            qsc_histogram_add(&results->latency, request->end_ns - request->begin_ns);
            qsc_histogram_add(&results->wait, request->acquired_ns - request->begin_ns);
            results->requests[results->request_count++] = *request;
        }
    }
    results->unrecorded = results->answers - results->request_count;
    return count_versions(results);
}

int qsc_live_stop(qsc_live *live, struct qsc_live_results *results, struct qsc_error *err)
{
    *results = (struct qsc_live_results){0};
    join(live);
    int code = 0;
    for (int i = 0; i < live->config.readers && !code; i++) {
        code = live->readers[i].code;
        if (code && err)
            *err = live->readers[i].error;
    }
    if (!code && collect(live, results) != 0)
        code = qsc_fail(err, ENOMEM, "out of memory for the readers' record");
    if (code)
        qsc_live_results_fini(results);
    destroy(live);
    return code;
}

void qsc_live_results_fini(struct qsc_live_results *results)
{
    qsc_free(results->requests);
    *results = (struct qsc_live_results){0};
}
