/* The program's memory as it was before main: its variables and thread-local variables, put back for each
 * execution. */
#ifndef QUIESCE_EXPLORE_STATE_H
#define QUIESCE_EXPLORE_STATE_H

#include "context.h"

#include <stdbool.h>

/* Remembers it. Called once, from the thread whose storage `main` has. */
void qx_state_save(void);

/* Puts the program's variables back. */
void qx_state_restore(void);

/* Is it in the program itself, rather than in a library? */
bool qx_state_holds(const void *address);

/* Calls visit() for the program's variables, or for those of its libraries, the explorer's aside. */
void qx_state_visit(bool libraries, void (*visit)(const void *start, size_t size));

/* Calls visit() for a thread's own variables. */
void qx_state_visit_thread(const struct qx_context *context, void (*visit)(const void *start, size_t size));

/* For a checkpoint: the program's variables; a thread's own. */
void qx_state_keep(void);
void qx_state_keep_thread(const struct qx_context *context);

/* Puts a thread's own variables into their first state. */
void qx_state_restore_thread(const struct qx_context *context);

#endif
