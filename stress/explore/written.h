/* Which bytes of the heap the program has written. A bit for each byte; and a new block is full of garbage,
 * by which code that nobody instrumented is known to have written what no bit tells of. */
#ifndef QUIESCE_EXPLORE_WRITTEN_H
#define QUIESCE_EXPLORE_WRITTEN_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the heap's bits, once. False: there is none. */
bool qx_written_reserve(const char *heap, size_t size);

/* These bytes are a new block's. */
void qx_written_new(char *start, size_t size);

/* For a checkpoint: what is known of these bytes. */
void qx_written_keep(const char *start, size_t size);

/* The program writes these bytes of the heap. */
void qx_written_note(const void *address, size_t size);

/* Bytes of the heap were copied: the copy is as written as they are. */
void qx_written_copy(const void *to, const void *from, size_t size);

/* Has nobody written any of these bytes of a block that ends at `end`? */
bool qx_written_never(const void *address, size_t size, const char *end);

#endif
