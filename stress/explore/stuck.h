/* Nobody can go on: what that is called. */
#ifndef QUIESCE_EXPLORE_STUCK_H
#define QUIESCE_EXPLORE_STUCK_H

#include "machine.h"

void qx_stuck_name(struct qx_failure *failure);

/* Is it one of those faults, of which each stopped thread has a part? */
bool qx_stuck_is(enum qx_fault fault);

#endif
