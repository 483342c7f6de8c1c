/* The explorer's own memory, apart from everything the program under test sees. */
#ifndef QUIESCE_EXPLORE_MEMORY_H
#define QUIESCE_EXPLORE_MEMORY_H

#include <stddef.h>

/* A block of `size` bytes that begins with the `old_size` bytes at `block`, which is given back; what follows
 * them is zero. Where there is no memory the program ends with one line that says so. */
void *qx_grow(void *block, size_t old_size, size_t size);
/* A new one, shared with every process that is made from this one. */
void *qx_shared_memory(size_t size);
void qx_release_memory(void *block, size_t size);

/* Room for n elements: the block, or a longer one that begins with its *capacity elements. What is new is
 * zero. */
static inline void *qx_room(void *block, int *capacity, int n, size_t element)
{
    if (n <= *capacity)
        return block;
    int old = *capacity, longer = 2 * old > n ? 2 * old : n;
    *capacity = longer < 16 ? 16 : longer;
    return qx_grow(block, (size_t)old * element, (size_t)*capacity * element);
}

#endif
