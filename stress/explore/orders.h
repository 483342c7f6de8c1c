/* The memory orders in the program's source: which were reached, and, each weakened by one step in turn,
 * which were needed. */
#ifndef QUIESCE_EXPLORE_ORDERS_H
#define QUIESCE_EXPLORE_ORDERS_H

#include "graph.h"

#include <stdbool.h>

enum qx_access {
    QX_ACCESS_LOAD,
    QX_ACCESS_STORE,
    QX_ACCESS_RMW,
    QX_ACCESS_FAILURE,
    QX_ACCESS_FENCE,
    QX_ACCESS_UNSEEN
};

/* The order that an access at this site shall have; it stands with this one in the source. QX_ACCESS_FAILURE:
 * of a compare-exchange that fails. QX_ACCESS_UNSEEN: an instruction of which the explorer is not told. */
int qx_order(enum qx_access access, int order, const void *site);

/* A plain access of the program. */
void qx_reach(const void *site);

/* From now on note what is reached. */
void qx_orders_record(void);

/* One order of the source, weakened. */
struct qx_mutant {
    char line[200]; // "function, file:line"
    enum qx_access access;
    int order, weaker;
};

/* All weakenings of what was reached; they stay valid. */
const struct qx_mutant *qx_orders_mutants(int *n);

/* From now on this one is in force; NULL: none. */
void qx_orders_weaken(const struct qx_mutant *mutant);

const char *qx_order_name(int order);
const char *qx_access_name(enum qx_access access);

/* Prints what was reached, how often, and what was not. */
void qx_orders_print(void);

#endif
