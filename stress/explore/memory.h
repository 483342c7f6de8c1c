/* The explorer's own memory, apart from everything the program under test sees. */
#ifndef QUIESCE_EXPLORE_MEMORY_H
#define QUIESCE_EXPLORE_MEMORY_H

#include <stddef.h>

/* A block of `size` bytes that begins with the `old_size` bytes at `block`, which is given back. Where there
 * is no memory the program ends with one line that says so. */
void *qx_grow(void *block, size_t old_size, size_t size);
/* The same, all zero, and shared with every process that is made from this one. */
void *qx_grow_shared(size_t size);
void qx_release_memory(void *block, size_t size);

#endif
