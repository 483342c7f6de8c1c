/* Locks and other objects of pthread between their init and their destroy. A mark at the object's end says
 * that it was destroyed: whoever uses the memory for something else, or initialises it by a constant, takes
 * that away. */
#ifndef QUIESCE_EXPLORE_OBJECTS_H
#define QUIESCE_EXPLORE_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

/* An init function was called. `once`: no object of this kind is initialised again before it is destroyed. */
void qx_object_begin(void *object, size_t size, const char *name, bool once, const void *site);

/* A fault if it was destroyed, in whatever order. */
void qx_object_use(const void *object, size_t size, const char *name, const void *site);

/* Destroyed: a fault, unless the thread knows that the others have done with it. A use of it by others has
 * left its trace in the object's first word. */
void qx_object_end(void *object, size_t size, const char *name, const void *site);

#endif
