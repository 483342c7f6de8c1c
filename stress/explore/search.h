/* The search: every RC11-consistent execution once, after TruSt (Kokologiannakis, Marmanis, Gladstein,
 * Vafeiadis: Truly stateless, optimal dynamic partial order reduction, POPL 2022).
 *
 * Executions grow event by event. Where a load can read several stores, or a store can stand at several
 * places of its location's modification order, the choices are tried one after the other; a new store is also
 * offered to the loads that are already there, if they do not come before it. Such a revisit cuts out what
 * was added after the load, apart from what the store depends on, and is only made where each event that is
 * cut stands as it would have been added last: so each execution has exactly one way to be built, and nothing
 * is remembered but the way to the present one. */
#ifndef QUIESCE_EXPLORE_SEARCH_H
#define QUIESCE_EXPLORE_SEARCH_H

#include "graph.h"

/* The execution that is being built. Another one after qx_search_next(). */
struct qx_graph *qx_search_graph(void);

/* Starts from nothing but the main thread's beginning. */
void qx_search_begin(void);

/* New events at the end of a thread; the first of their choices is taken. `access` has location, size, order,
 * await, rmw, value and site. Each returns the number of the event; a read-modify-write that writes has its
 * store right behind its load. */
int qx_search_load(int thread, const struct qx_event *access);
int qx_search_store(int thread, const struct qx_event *access);
int qx_search_choose(int thread, int ways, const void *site); // 0 to ways - 1: the event's value

/* Goes on to the next execution to be run; false: there is none. */
bool qx_search_next(void);

/* What the present execution has in common with those of other frames. A frame of the search is a graph that
 * grows from what a revisit left; they stand on each other, and each has a number, which grows. */
uint64_t qx_search_frame(void);
struct qx_search_kin {
    int depth, kept;
};
struct qx_search_kin qx_search_kin(void);
/* The present execution has the same first events, so many, as that frame's last one, and then a changed one;
 * QX_NONE: the frame is gone. To be asked for one frame after the other, younger ones first. */
int qx_search_kept(struct qx_search_kin *kin, uint64_t frame);

/* Are there two pending decisions, so that the older one can be somebody else's? */
bool qx_search_divisible(void);
/* Of the pending decisions only the oldest one; all but that. */
void qx_search_keep_oldest(void);
void qx_search_drop_oldest(void);

#endif
