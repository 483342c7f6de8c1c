/* Where in the program's source an address stands. */
#ifndef QUIESCE_EXPLORE_SOURCE_H
#define QUIESCE_EXPLORE_SOURCE_H

#include <stddef.h>

/* "function, file:line" of the call that returns to `site`; empty where nothing is known. Asks addr2line
 * (binutils). */
void qx_source_line(const void *site, char *text, size_t size);

/* The program's variable at an address, "name" or "name+offset"; where there is none, the address. Asks nm
 * (binutils). */
void qx_source_variable(const void *address, char *text, size_t size);

/* Calls visit() for each place in the program that calls a __tsan_ function: where that call returns to, and
 * its name. Asks objdump (binutils). */
void qx_source_calls(void (*visit)(const void *site, const char *name));

/* Between two questions a tool may go on running. Before the program runs again, none of them may. */
void qx_source_rest(void);

#endif
