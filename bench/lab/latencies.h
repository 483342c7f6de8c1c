/* How long the passes of a thread waited for the lock, each wait that began within the time of the run; one
 * that did not end within it counts as far as it went.
 *
 * In a closed loop a thread asks anew when it has finished the pass before: while the lock stalls it asks
 * for nothing, and the stall is one long wait among many short ones, however many would have come
 * (coordinated omission, G. Tene). In an open loop each pass has a time at which it was to begin, drawn
 * beforehand, and its wait counts from then. */
#ifndef QUIESCE_LAB_LATENCIES_H
#define QUIESCE_LAB_LATENCIES_H

#include <quiesce/model/histogram.h>

struct lab_latencies {
    struct qsc_histogram asked; /* from asking to having the lock */
    /* Of the open loop: */
    struct qsc_histogram intended; /* from when the pass was to begin to having the lock */
    struct qsc_histogram woken;    /* by how much the thread came late by itself, its last pass long over */
    uint64_t missed;               /* passes that were to begin and had not when the time was over */
};

#endif
