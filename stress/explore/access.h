/* The program's accesses to memory. */
#ifndef QUIESCE_EXPLORE_ACCESS_H
#define QUIESCE_EXPLORE_ACCESS_H

#include "graph.h"

/* Atomic accesses of the calling thread. `access` has size, order, rmw, await, value, site. A load, a
 * read-modify-write included, returns what it read. */
qx_value qx_load(void *address, struct qx_event access);
void qx_store(void *address, struct qx_event access);

/* The same, but the program itself makes the access as soon as it goes on: it finds this value, which qx_load
 * gave; it stores one that is not known yet. */
void qx_read_ahead(void *address, int size, qx_value value);
void qx_store_ahead(void *address, struct qx_event access);
/* The program has made it: memory is as it was meant to be. Called before anything else looks. */
void qx_catch_up(void);

/* For a checkpoint: what the run has done at its locations. */
void qx_access_keep(void);

void qx_fence(int order, const void *site);
void qx_plain(void *address, size_t size, bool write, const void *site);
/* A plain read whose value matters, as that of a copy does not: somebody must have written it. */
void qx_read(void *address, size_t size, const void *site);

#endif
