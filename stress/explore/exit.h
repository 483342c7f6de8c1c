/* How a program ends, and what it has noted to be done then. */
#ifndef QUIESCE_EXPLORE_EXIT_H
#define QUIESCE_EXPLORE_EXIT_H

/* Takes over the program's functions that the C library would run at the end of the process. Called once,
 * before main and before the program's memory is saved. */
void qx_exit_take_over(void);

/* Nothing is noted but what was before main: a new execution begins. */
void qx_exit_begin(void);
void qx_exit_keep(void); // for a checkpoint

/* What exit does: runs what was noted, in the calling thread. */
void qx_exit(int status, const void *site) __attribute__((noreturn));

#endif
