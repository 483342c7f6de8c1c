/* The stacks of threads, which others may use as long as their thread has not ended. */
#ifndef QUIESCE_EXPLORE_FRAME_H
#define QUIESCE_EXPLORE_FRAME_H

#include <stddef.h>

/* The calling thread accesses these bytes, wherever they are. */
void qx_frame_touch(const void *address, size_t size, const void *site);

/* The calling thread ends: a fault, unless it knows that the others have done with its variables. */
void qx_frame_end(void);

#endif
