/* The serving load: reader threads answer questions without a pause from the current version of a model while
 * a publisher replaces it again and again, under each of the four guards of guard.h in turn.
 *
 * Every answer is checked: its fingerprint, taken over all its bits, must be the one that the version it
 * claims gave to this question when nothing else was running. An answer made of two versions, or from freed
 * weights, cannot pass.
 *
 * docs/demo.md defines each figure. The guards take turns in short rounds, so that whatever else the machine
 * does hits all of them alike. Readers and publisher each have a processor of their own, if there are two:
 * otherwise the scheduler would be measured, and not the guard. */
#ifndef QUIESCE_MODEL_SERVING_H
#define QUIESCE_MODEL_SERVING_H

#include <quiesce/model/guard.h>
#include <quiesce/model/histogram.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is served. */
struct qsc_serving_model {
    void *context;
    int sources;   /* versions are built from sources 0, 1, ... sources-1, 0, ...: at least 2 */
    int questions; /* the fixed cycle which every reader goes through: at least 1 */
    /* Builds a version from a source, with all state derived from it. Runs on the publisher's thread. 0 or an
     * errno code. */
    int (*build)(void *context, int source, void **object, uint64_t *bytes);
    /* Ends a version, on whatever thread the guard does so. */
    void (*destroy)(void *object);
    /* Answers a question from a version, on reader's thread; fingerprints all bits of the answer. 0 or an
     * errno code. */
    int (*answer)(void *context, int reader, const void *object, int question, uint64_t *fingerprint);
};

struct qsc_serving_config {
    uint64_t seed;          /* of the publisher's pauses */
    int rounds;             /* of each guard */
    int readers;            /* 0: one processor is left to the publisher */
    double latency_seconds; /* of a round in which latencies are taken */
    double crowd_seconds;   /* of a round with one reader to every processor, in which requests are counted */
    double interval_ms;     /* between two publishes, on average */
    double window_ms;       /* a swap window lasts so long from the start of a publish */
    struct qsc_snapshot_config bounds;
    void (*progress)(void *context, int done, int total,
                     enum qsc_guard_kind kind); /* or NULL: after each round */
    void *progress_context;
};

/* One request: [begin, acquired) it waited for its weights, [acquired, end) it was answered. CLOCK_MONOTONIC.
 */
struct qsc_serving_request {
    uint64_t begin_ns, acquired_ns, end_ns;
    bool wait_preempted; /* the kernel took the processor away between begin and acquired */
    bool preempted;      /* between begin and end */
};

/* One swap: [build, begin) the version was built, [begin, end) the publish call, at gone the replaced one was
 * destroyed. */
struct qsc_serving_swap {
    uint64_t build_ns, begin_ns, end_ns, gone_ns;
};

/* What happened in one round, for plots. */
struct qsc_serving_trace {
    uint64_t from_ns, to_ns;
    struct qsc_serving_request *requests; /* reader after reader, each in the order of time */
    size_t request_count;
    struct qsc_serving_swap *swaps; /* in the order of time */
    size_t swap_count;
};

/* The figures of one guard over all its rounds. */
struct qsc_serving_figures {
    double requests_per_s;  /* with one reader to every processor: median of the rounds */
    double p50_us, p99_us;  /* of a request: medians of the rounds */
    double p999_us, max_us; /* over all rounds */
    /* In swap windows; in none, nor while a version is built; while one is built: medians of the rounds.
     * Requests from which the kernel took the processor are told apart: they are counted below, and in the
     * figures of `all`. */
    double p99_swap_us, p99_quiet_us, p99_build_us;
    double p99_swap_all_us, p99_quiet_all_us;
    double publish_stall_us; /* longest wait for weights that overlaps a publish, preempted ones apart */
    double quiet_wait_us;    /* longest wait for weights that overlaps none, preempted ones apart */
    double publish_p50_us, publish_max_us; /* of the publish call: how long the publisher was held up */
    double gone_p50_us, gone_max_us;       /* from the publish until the replaced version was destroyed */
    uint64_t requests, swap_requests, quiet_requests; /* with latencies taken, preempted ones included */
    uint64_t preempted_swap_requests, preempted_quiet_requests;
    uint64_t preempted_waits; /* waits in which the kernel took the processor away */
    double preempted_wait_us; /* the longest of them */
    uint64_t unrecorded;      /* requests answered after a reader's record was full */
    uint64_t answers, mixed_answers;
    uint64_t versions; /* published */
    uint64_t refused;  /* publishes that had to be repeated because the bound was reached */
    uint64_t live_versions_max, live_bytes_max;
    struct qsc_histogram latency, wait; /* over all rounds */
    struct qsc_serving_trace trace;     /* of the last round with latencies */
};

struct qsc_serving_results {
    int processors, readers;
    bool pinned; /* every thread was held to its processor */
    struct qsc_serving_figures guards[QSC_GUARD_KINDS];
};

/* Runs the load.
 * Returns: 0; EINVAL (a configuration out of range, or two sources that answer a question alike, so that a
 * mixture could pass), ENOMEM, EAGAIN (no thread), or what the model's functions return. *results is then all
 * zero. Blocks: for rounds * 4 * (latency_seconds + crowd_seconds) and some more. Progress: blocking. Memory
 * order: a version's build happens before its answers, those before its destroy. Threads: one. The caller
 * becomes the publisher; its processor affinity is restored. */
int qsc_serving_run(const struct qsc_serving_model *model, const struct qsc_serving_config *config,
                    struct qsc_serving_results *results) __attribute__((warn_unused_result));

/* Frees the traces. Returns: nothing. Does not block. */
void qsc_serving_results_fini(struct qsc_serving_results *results);

/* How many processors this process may use. */
int qsc_serving_processors(void);

#ifdef __cplusplus
}
#endif

#endif
