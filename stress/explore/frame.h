/* The stack of main, which other threads may use as long as main has not ended. */
#ifndef QUIESCE_EXPLORE_FRAME_H
#define QUIESCE_EXPLORE_FRAME_H

#include <stddef.h>

/* Nobody has used it: a new execution begins. */
void qx_frame_begin(void);

/* The calling thread accesses these bytes, wherever they are. */
void qx_frame_touch(const void *address, size_t size, const void *site);

/* Main ends: a fault, unless it knows that the others have done with its variables. */
void qx_frame_end(void);

#endif
