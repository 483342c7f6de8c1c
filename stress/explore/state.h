/* The program's memory as it was before main: its variables and thread-local variables, put back for each
 * execution. */
#ifndef QUIESCE_EXPLORE_STATE_H
#define QUIESCE_EXPLORE_STATE_H

#include "context.h"

/* Remembers it. Called once, from the thread whose storage `main` has. */
void qx_state_save(void);

/* Puts the program's variables back. */
void qx_state_restore(void);

/* Puts a thread's own variables into their first state. */
void qx_state_restore_thread(const struct qx_context *context);

#endif
