/* What a program leaves behind at its end: blocks of the heap that nothing points to any more, and threads
 * that nobody waits for. */
#ifndef QUIESCE_EXPLORE_LEAKS_H
#define QUIESCE_EXPLORE_LEAKS_H

#include "machine.h"

/* The execution is complete, and `ended` if main has returned or exit was called. True: something is left,
 * and the failure says what. */
bool qx_leaks_find(bool ended, struct qx_failure *failure);

#endif
