/* The program's heap before main: its content is put back for each execution as its variables are. */
#ifndef QUIESCE_EXPLORE_EARLY_H
#define QUIESCE_EXPLORE_EARLY_H

#include <stdbool.h>
#include <stddef.h>

/* NULL: there is no more, or main has begun. */
void *qx_early_allocate(size_t size, size_t alignment);
bool qx_early_owns(const void *block);
size_t qx_early_size(const void *block);

/* Main begins. What is to be kept lies between the two. */
void qx_early_close(char **start, char **end);

#endif
