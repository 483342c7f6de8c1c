/* The program's accesses to memory. */
#ifndef QUIESCE_EXPLORE_ACCESS_H
#define QUIESCE_EXPLORE_ACCESS_H

#include "graph.h"

/* Atomic accesses of the calling thread. `access` has size, order, rmw, await, value, site. A load, a
 * read-modify-write included, returns what it read. */
qx_value qx_load(void *address, struct qx_event access);
void qx_store(void *address, struct qx_event access);
void qx_fence(int order, const void *site);
void qx_plain(void *address, size_t size, bool write, const void *site);
/* A plain read whose value matters, as that of a copy does not: somebody must have written it. */
void qx_read(void *address, size_t size, const void *site);

#endif
