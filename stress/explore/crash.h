/* The program's crashes, as faults of the execution they happen in; and a thread that computes without an
 * end. */
#ifndef QUIESCE_EXPLORE_CRASH_H
#define QUIESCE_EXPLORE_CRASH_H

#include <stdint.h>

/* Takes SIGSEGV and its like over, and SIGALRM. */
void qx_crash_watch(void);

/* A number that grows once a second. */
uint64_t qx_ticks(void);

#endif
