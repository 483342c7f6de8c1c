/* reference.h: the executions that RC11 allows an abstract program, by the definition and by brute force.
 *
 * RC11 as in Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing Sequential Consistency in C/C++11", PLDI 2017,
 * with the release sequences of C++20; consume is acquire, as in every compiler. An execution is complete
 * when every thread has come to its end; two executions differ when some read reads from another store or
 * the stores to some location are in another modification order. */
#ifndef QUIESCE_TESTS_EXPLORE_REFERENCE_H
#define QUIESCE_TESTS_EXPLORE_REFERENCE_H

#include "program.h"

/* Calls visit, unless it is NULL, once for each complete consistent execution. Returns how many there are.
 * Does not block or allocate. Any thread. */
unsigned long reference_executions(const struct program *program,
                                   void (*visit)(const struct outcome *outcome, void *context),
                                   void *context);

#endif
