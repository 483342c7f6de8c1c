/* Internal to the demo: the report's pictures. Each adds an <svg> element. */
#ifndef QUIESCE_MODEL_REPORT_PICTURES_H
#define QUIESCE_MODEL_REPORT_PICTURES_H

#include "text.h"

#include <quiesce/model/demo.h>

/* Each request of a fraction of a second by its latency, one panel to a guard, with the publishes marked. */
void qsc_picture_swaps(struct qsc_text *out, const struct qsc_demo_results *results);
/* The latencies of the readers while the model was trained, with the publishes marked. Returns 0 or ENOMEM.
 */
int qsc_picture_training_latency(struct qsc_text *out, const struct qsc_demo_results *results)
    __attribute__((warn_unused_result));
/* The four guards' distributions up to the 99.99th percentile: of whole requests, and of the wait for the
 * weights. */
void qsc_picture_requests(struct qsc_text *out, const struct qsc_demo_results *results);
void qsc_picture_waits(struct qsc_text *out, const struct qsc_demo_results *results);
/* Loss, and F1 beside what the readers saw of it. Return 0 or ENOMEM. */
int qsc_picture_loss(struct qsc_text *out, const struct qsc_demo_results *results)
    __attribute__((warn_unused_result));
int qsc_picture_f1(struct qsc_text *out, const struct qsc_demo_results *results)
    __attribute__((warn_unused_result));

#endif
