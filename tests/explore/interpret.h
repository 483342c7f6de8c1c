/* interpret.h: an abstract program as real code: real threads, real atomics, each order a constant to the
 * compiler. */
#ifndef QUIESCE_TESTS_EXPLORE_INTERPRET_H
#define QUIESCE_TESTS_EXPLORE_INTERPRET_H

#include "program.h"

/* Runs the program once, from all locations 0, and writes what came of it.
 * Blocks until its threads have ended; does not allocate. One caller at a time. */
void program_run(const struct program *program, struct outcome *outcome);

#endif
