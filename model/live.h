/* Readers that ask a model questions all the time while it is being trained, each answer from the version
 * that is current at that moment.
 *
 * The first answer that a reader gets from a version is asked for again from the same version, held by its
 * pin, after a newer one has been published: it must come out the same, bit for bit. Weights that were
 * overwritten, freed or mixed in between cannot do that. */
#ifndef QUIESCE_MODEL_LIVE_H
#define QUIESCE_MODEL_LIVE_H

#include <quiesce/concurrency/snapshot.h>
#include <quiesce/model/asker.h>
#include <quiesce/model/histogram.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_live_config {
    qsc_snapshot *cell; /* of qsc_bert_weights */
    const qsc_tokenizer *tokenizer;
    const qsc_bert_plan *plan;
    const struct qsc_corpus *questions;
    const int32_t *gold; /* (words of the questions): the right labels, as the model numbers them */
    int readers;
    double pause_ms; /* of a reader after each answer: the processors are for the training */
};

/* One question and its answer; CLOCK_MONOTONIC. */
struct qsc_live_request {
    uint64_t begin_ns, acquired_ns, end_ns;
    uint64_t version;
    uint32_t words, right; /* words with the right label among them */
};

struct qsc_live_results {
    uint64_t answers, rechecked, mixed;
    uint64_t versions;   /* different ones that answered */
    uint64_t unrecorded; /* answers after a reader's record was full */
    struct qsc_histogram latency, wait;
    struct qsc_live_request *requests; /* reader after reader, each in the order of time */
    size_t request_count;
};

typedef struct qsc_live qsc_live;

/* Starts the readers. Before the first publication they wait.
 * Returns: 0; EINVAL, ENOMEM as qsc_asker_init, EAGAIN (no thread): nothing is left. Does not block. Threads:
 * one. */
int qsc_live_start(qsc_live **live, const struct qsc_live_config *config, struct qsc_error *err)
    __attribute__((warn_unused_result));

/* Stops the readers, which gives all their pins back, and frees everything but the results.
 * Returns: 0; what a reader failed with: *results is then all zero. Blocks: for the answers in progress.
 * Threads: one. */
int qsc_live_stop(qsc_live *live, struct qsc_live_results *results, struct qsc_error *err)
    __attribute__((warn_unused_result));

void qsc_live_results_fini(struct qsc_live_results *results);

#ifdef __cplusplus
}
#endif

#endif
