/* An exploration shared among processes: one that has nothing left to do is replaced by a copy of a busy one,
 * which gives it the oldest of its pending decisions. Nothing has to be handed over, and memory stays bounded
 * by the depth. */
#ifndef QUIESCE_EXPLORE_JOBS_H
#define QUIESCE_EXPLORE_JOBS_H

#include <stdbool.h>

/* An exploration begins, in at most so many processes. */
void qx_jobs_begin(int jobs);

/* Between two executions: gives a part of the search away, if a process is idle. */
void qx_jobs_share(void);

/* Makes `n` processes of this one, at once. */
void qx_jobs_split(int n);

/* This process is at its end: a copy ends here. The first one waits for the others; `wait` is called now and
 * then. Returns false if one of them died. */
bool qx_jobs_end(void (*wait)(void));

#endif
