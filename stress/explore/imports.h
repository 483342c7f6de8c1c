/* What the program uses outside of itself. */
#ifndef QUIESCE_EXPLORE_IMPORTS_H
#define QUIESCE_EXPLORE_IMPORTS_H

#include <stdbool.h>

/* Is none of it a library's variable, or a function that keeps a state of its own in the library's variables,
 * files or mappings? Such a state is not put back: an execution that goes on from a checkpoint would meet
 * what another one left. */
bool qx_imports_keep_nothing(void);

#endif
