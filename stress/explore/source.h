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

/* What stands in the program's code, which objdump (binutils) is asked for. Calls called() for each place
 * that calls a __tsan_ function, with its name; unseen() for each instruction that is atomic, or a fence, in
 * itself: assembly, or code that was not compiled for this. The site is behind the instruction. */
void qx_source_code(void (*called)(const void *site, const char *name), void (*unseen)(const void *site));

/* Between two questions a tool may go on running. Before the program runs again, none of them may. */
void qx_source_rest(void);

#endif
