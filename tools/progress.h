/* How far a long job is: a bar that redraws itself on a terminal, a plain line now and then elsewhere. */
#ifndef QUIESCE_TOOLS_PROGRESS_H
#define QUIESCE_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct qsc_progress {
    FILE *out;
    bool terminal;
    const char *what;
    uint64_t total;
    int64_t begin_ns, shown_ns;
};

/*
 * Starts the display of a job of `total` units (0: unknown, a count is shown in the bar's place) on `out`,
 * usually stderr, so that results on standard output can be piped on. `what` must live until the end of the
 * job.
 */
void qsc_progress_begin(struct qsc_progress *progress, FILE *out, const char *what, uint64_t total);

/*
 * `done` units are behind us; `note` (or NULL) says what matters now: "loss 0.41". Cheap enough for every
 * step: at most ten times a second is anything drawn on a terminal, at most every two seconds elsewhere. One
 * thread only.
 */
void qsc_progress_update(struct qsc_progress *progress, uint64_t done, const char *note);

/* Ends the job: the last line stays, with the time it took and `note` (or NULL). */
void qsc_progress_end(struct qsc_progress *progress, uint64_t done, const char *note);

/* Takes the bar off the terminal, so that a line may be printed in its place; the next update draws it again.
 */
void qsc_progress_hide(struct qsc_progress *progress);

#endif
