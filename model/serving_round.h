/* Internal to the serving load: one round, that is one guard, its readers and its publisher for a fraction of
 * a second. */
#ifndef QUIESCE_MODEL_SERVING_ROUND_H
#define QUIESCE_MODEL_SERVING_ROUND_H

#include <quiesce/model/serving.h>

#include <sched.h>

/* The processors that threads are held to: readers to the first ones, the publisher to the last. */
struct qsc_serving_places {
    cpu_set_t allowed; /* as it was, for the end */
    int processors;
    bool pinned; /* so far every thread could be held to its processor */
};

struct qsc_serving_round {
    const struct qsc_serving_model *model;
    const struct qsc_serving_config *config;
    const uint64_t *expected; /* (sources, questions): the fingerprints of the answers */
    struct qsc_serving_places *places;
    uint64_t random;
    enum qsc_guard_kind kind;
    int readers;
    double seconds;

    struct qsc_serving_trace trace; /* out: the caller frees it by qsc_serving_trace_fini */
    uint64_t answers, mixed, unrecorded, refused, live_versions_max, live_bytes_max;
};

/* Runs the round; the caller is the publisher. Returns 0 or an errno code; nothing is left to free then. */
int qsc_serving_round_run(struct qsc_serving_round *round) __attribute__((warn_unused_result));

void qsc_serving_trace_fini(struct qsc_serving_trace *trace);

void qsc_serving_places_init(struct qsc_serving_places *places);
/* Holds the calling thread to the n-th allowed processor, counted round and round. */
void qsc_serving_places_hold(struct qsc_serving_places *places, int n);
/* Lets the calling thread go wherever it might at first. */
void qsc_serving_places_leave(const struct qsc_serving_places *places);

#endif
