#include "serving_figures.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <stdlib.h>

/* The time around a request, as its latency is counted. */
enum class { QUIET, BUILD, SWAP };

struct classified {
    enum class class;
    bool during_publish; /* the wait for the weights overlaps [begin, gone) of a swap */
};

/* One round's requests. */
struct round_latencies {
    struct qsc_histogram all;
    struct qsc_histogram of_class[SWAP + 1];    /* preempted ones included */
    struct qsc_histogram undisturbed[SWAP + 1]; /* those from which the kernel did not take the processor */
};

int qsc_serving_tally_init(struct qsc_serving_tally *tally, int rounds)
{
    *tally = (struct qsc_serving_tally){0};
    for (int i = 0; i < QSC_SERVING_MEDIANS; i++) {
        tally->values[i] = qsc_alloc_zeroed((size_t)rounds, sizeof *tally->values[i]);
        if (!tally->values[i]) {
            qsc_serving_tally_fini(tally);
            return ENOMEM;
        }
    }
    return 0;
}

void qsc_serving_tally_fini(struct qsc_serving_tally *tally)
{
    for (int i = 0; i < QSC_SERVING_MEDIANS; i++)
        qsc_free(tally->values[i]);
    *tally = (struct qsc_serving_tally){0};
}

static bool inside(uint64_t time, uint64_t from, uint64_t to)
{
    return time >= from && time < to;
}

/* A request's class is decided by when it begins, and windows have one length: if long requests, or late
 * ends, drew requests into the windows, then whatever else slows requests down would be blamed on the swaps.
 * The wait for the weights is different: there the longest is sought that has to do with a publish at all. */
static struct classified classify(const struct qsc_serving_request *request,
                                  const struct qsc_serving_trace *trace, uint64_t window_ns)
{
    struct classified result = {QUIET, false};
    for (size_t i = 0; i < trace->swap_count; i++) {
        const struct qsc_serving_swap *swap = &trace->swaps[i];
        uint64_t gone_ns = swap->gone_ns > swap->end_ns ? swap->gone_ns : swap->end_ns;
        if (request->begin_ns < gone_ns && request->acquired_ns > swap->begin_ns)
            result.during_publish = true;
        if (inside(request->begin_ns, swap->begin_ns, swap->begin_ns + window_ns))
            result.class = SWAP;
        else if (result.class == QUIET && inside(request->begin_ns, swap->build_ns, swap->begin_ns))
            result.class = BUILD;
    }
    return result;
}

static double to_us(uint64_t ns)
{
    return (double)ns / 1e3;
}

static void raise_to(double *maximum, double value)
{
    *maximum = value > *maximum ? value : *maximum;
}

static void tally_wait(struct qsc_serving_figures *figures, const struct qsc_serving_request *request,
                       bool during_publish)
{
    uint64_t wait = request->acquired_ns - request->begin_ns;
    qsc_histogram_add(&figures->wait, wait);
    if (request->wait_preempted) {
        figures->preempted_waits++;
        raise_to(&figures->preempted_wait_us, to_us(wait));
    } else {
        raise_to(during_publish ? &figures->publish_stall_us : &figures->quiet_wait_us, to_us(wait));
    }
}

static void note(struct qsc_serving_tally *tally, enum qsc_serving_median which, double value)
{
    tally->values[which][tally->counts[which]++] = value;
}

/* A round without a request of a class says nothing about it. */
static void note_quantile(struct qsc_serving_tally *tally, enum qsc_serving_median which,
                          const struct qsc_histogram *histogram, double q)
{
    if (histogram->count)
        note(tally, which, to_us(qsc_histogram_quantile(histogram, q)));
}

int qsc_serving_tally_latencies(struct qsc_serving_tally *tally, struct qsc_serving_figures *figures,
                                const struct qsc_serving_trace *trace, double window_ms)
{
    struct round_latencies *round = qsc_alloc_zeroed(1, sizeof *round);
    if (!round)
        return ENOMEM;
    for (size_t i = 0; i < trace->request_count; i++) {
        const struct qsc_serving_request *request = &trace->requests[i];
        struct classified seen = classify(request, trace, (uint64_t)(window_ms * 1e6));
        qsc_histogram_add(&round->all, request->end_ns - request->begin_ns);
        qsc_histogram_add(&round->of_class[seen.class], request->end_ns - request->begin_ns);
        if (!request->preempted)
            qsc_histogram_add(&round->undisturbed[seen.class], request->end_ns - request->begin_ns);
        tally_wait(figures, request, seen.during_publish);
    }
    note_quantile(tally, QSC_SERVING_P50, &round->all, 0.5);
    note_quantile(tally, QSC_SERVING_P99, &round->all, 0.99);
    note_quantile(tally, QSC_SERVING_P99_SWAP, &round->undisturbed[SWAP], 0.99);
    note_quantile(tally, QSC_SERVING_P99_QUIET, &round->undisturbed[QUIET], 0.99);
    note_quantile(tally, QSC_SERVING_P99_BUILD, &round->undisturbed[BUILD], 0.99);
    note_quantile(tally, QSC_SERVING_P99_SWAP_ALL, &round->of_class[SWAP], 0.99);
    note_quantile(tally, QSC_SERVING_P99_QUIET_ALL, &round->of_class[QUIET], 0.99);
    qsc_histogram_merge(&figures->latency, &round->all);
    figures->swap_requests += round->of_class[SWAP].count;
    figures->quiet_requests += round->of_class[QUIET].count;
    figures->preempted_swap_requests += round->of_class[SWAP].count - round->undisturbed[SWAP].count;
    figures->preempted_quiet_requests += round->of_class[QUIET].count - round->undisturbed[QUIET].count;
    qsc_free(round);
    for (size_t i = 1; i < trace->swap_count; i++) { /* the first replaced nothing */
        const struct qsc_serving_swap *swap = &trace->swaps[i];
        qsc_histogram_add(&tally->publish, swap->end_ns - swap->begin_ns);
        qsc_histogram_add(&tally->gone, swap->gone_ns - swap->begin_ns);
    }
    return 0;
}

void qsc_serving_tally_crowd(struct qsc_serving_tally *tally, const struct qsc_serving_round *round)
{
    double seconds = (double)(round->trace.to_ns - round->trace.from_ns) / 1e9;
    note(tally, QSC_SERVING_RATE, (double)round->trace.request_count / seconds);
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(struct qsc_serving_tally *tally, enum qsc_serving_median which)
{
    double *values = tally->values[which];
    int count = tally->counts[which];
    if (count == 0)
        return 0;
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void qsc_serving_tally_finish(struct qsc_serving_tally *tally, struct qsc_serving_figures *figures)
{
    figures->requests_per_s = median(tally, QSC_SERVING_RATE);
    figures->p50_us = median(tally, QSC_SERVING_P50);
    figures->p99_us = median(tally, QSC_SERVING_P99);
    figures->p99_swap_us = median(tally, QSC_SERVING_P99_SWAP);
    figures->p99_quiet_us = median(tally, QSC_SERVING_P99_QUIET);
    figures->p99_build_us = median(tally, QSC_SERVING_P99_BUILD);
    figures->p99_swap_all_us = median(tally, QSC_SERVING_P99_SWAP_ALL);
    figures->p99_quiet_all_us = median(tally, QSC_SERVING_P99_QUIET_ALL);
    figures->p999_us = to_us(qsc_histogram_quantile(&figures->latency, 0.999));
    figures->max_us = to_us(figures->latency.max_ns);
    figures->requests = figures->latency.count;
    figures->publish_p50_us = to_us(qsc_histogram_quantile(&tally->publish, 0.5));
    figures->publish_max_us = to_us(tally->publish.max_ns);
    figures->gone_p50_us = to_us(qsc_histogram_quantile(&tally->gone, 0.5));
    figures->gone_max_us = to_us(tally->gone.max_ns);
}
