/* Why an execution is allowed: what orders a load and the store it reads, and what does not order a newer one
 * before it. */
#ifndef QUIESCE_EXPLORE_WHY_H
#define QUIESCE_EXPLORE_WHY_H

#include "graph.h"

#include <stddef.h>

/* Does load e learn, by what it reads, what the store's thread did before? */
bool qx_why_synchronises(const struct qx_graph *g, int e);

/* Says in words why load e may read its store; empty where it reads the newest and is ordered behind it. */
void qx_why_load(const struct qx_graph *g, int e, char *text, size_t size);

/* Says in words why the first `time` events of a thread are not ordered before event e of another, where a
 * single edge would do; else empty. */
void qx_why_unordered(const struct qx_graph *g, int thread, uint32_t time, int e, char *text, size_t size);

#endif
