/* The file of `train --metrics`: a line an event, as if a training that was killed and resumed had never
 * stopped. */
#ifndef QUIESCE_TOOLS_METRICS_H
#define QUIESCE_TOOLS_METRICS_H

#include <quiesce/model/error.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* All-zero bytes are metrics that nobody wants: the calls below then do nothing. */
struct qsc_metrics {
    const char *path; /* the caller's */
    FILE *file;
    char *mark;     /* OUT.training.metrics: where in the file the lines of this training begin */
    uint64_t begin; /* that place, in bytes */
    bool regular;   /* a file proper, which can be cut; not a pipe or a device */
    bool created;   /* it was not there before */
};

/*
 * Opens path for appending and puts a note of where it ends now into `mark`, which becomes the metrics'. With
 * `resume` and such a note the lines of the training before go on: the note stays.
 * Returns 0, or the errno code of what failed; the metrics are then closed, nothing new is left.
 */
int qsc_metrics_open(struct qsc_metrics *metrics, const char *path, char *mark, bool resume,
                     struct qsc_error *err) __attribute__((warn_unused_result));

/* Takes away the lines of this training from `step` on, which is about to be made again, and what a kill left
   of a line. Returns 0 or an errno code. */
int qsc_metrics_cut(struct qsc_metrics *metrics, uint64_t step, struct qsc_error *err)
    __attribute__((warn_unused_result));

/* Appends a line, and writes it at once: whoever watches the file sees it, and a full disk is noticed.
   Returns 0 or an errno code. */
int qsc_metrics_add(struct qsc_metrics *metrics, struct qsc_error *err, const char *format, ...)
    __attribute__((warn_unused_result, format(printf, 3, 4)));

/* Closes the file. The note stays where the training can be resumed; a file that was made for nothing goes.
 */
void qsc_metrics_close(struct qsc_metrics *metrics, bool resumable);

#endif
