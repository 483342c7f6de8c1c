/* Internal to the serving load: from what happened in the rounds to the figures of a guard. */
#ifndef QUIESCE_MODEL_SERVING_FIGURES_H
#define QUIESCE_MODEL_SERVING_FIGURES_H

#include "serving_round.h"

/* Figures of single rounds, whose median is taken at the end. */
enum qsc_serving_median {
    QSC_SERVING_P50,
    QSC_SERVING_P99,
    QSC_SERVING_P99_SWAP,
    QSC_SERVING_P99_QUIET,
    QSC_SERVING_P99_BUILD,
    QSC_SERVING_P99_SWAP_ALL,
    QSC_SERVING_P99_QUIET_ALL,
    QSC_SERVING_RATE,
    QSC_SERVING_MEDIANS
};

struct qsc_serving_tally {
    double *values[QSC_SERVING_MEDIANS]; /* (rounds) */
    int counts[QSC_SERVING_MEDIANS];
    struct qsc_histogram publish, gone;
};

/* Returns 0 or ENOMEM. */
int qsc_serving_tally_init(struct qsc_serving_tally *tally, int rounds) __attribute__((warn_unused_result));
void qsc_serving_tally_fini(struct qsc_serving_tally *tally);

/* Counts a round in which latencies were taken. Returns 0 or ENOMEM. */
int qsc_serving_tally_latencies(struct qsc_serving_tally *tally, struct qsc_serving_figures *figures,
                                const struct qsc_serving_trace *trace, double window_ms)
    __attribute__((warn_unused_result));

/* Counts a round with one reader to every processor. */
void qsc_serving_tally_crowd(struct qsc_serving_tally *tally, const struct qsc_serving_round *round);

/* Takes the medians. */
void qsc_serving_tally_finish(struct qsc_serving_tally *tally, struct qsc_serving_figures *figures);

#endif
