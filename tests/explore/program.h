/* program.h: small abstract programs for comparing explorers: a few threads of straight-line statements on a
 * few atomic locations, every kind of access with every memory order that C11 allows it.
 *
 * Control depends on what was read only through guards, data only through value_from; there are no loops, so
 * every execution ends. All locations begin as 0. A statement that reads has a register of its own, numbered
 * as the statement. */
#ifndef QUIESCE_TESTS_EXPLORE_PROGRAM_H
#define QUIESCE_TESTS_EXPLORE_PROGRAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    THREADS_MAX = 4,
    LOCATIONS_MAX = 3,
    STATEMENTS_MAX = 14,
    ORDERS = memory_order_seq_cst + 1,
    NONE = -1
};

enum statement_kind { LOAD, STORE, EXCHANGE, FETCH_ADD, COMPARE_EXCHANGE, FENCE, KINDS };

struct statement {
    enum statement_kind kind;
    int thread;
    int location;
    memory_order order;
    memory_order failure; // of a compare_exchange that finds something else than it
    int expected;
    int value;       // what is stored or added,
    int value_from;  // unless NONE: then it is the register of this statement, which stands earlier in the
                     // same thread, reads, and has no guard
    int guard;       // unless NONE: the statement is left out if the register of this one, which stands
    int guard_value; // earlier in the same thread and reads, has another value than guard_value
};

/* The statements of one thread are executed in the order in which they stand here. */
struct program {
    int threads, locations, count;
    struct statement statements[STATEMENTS_MAX];
};

/* What an execution comes to. Without padding, so that memcmp compares two. */
struct outcome {
    int registers[STATEMENTS_MAX]; // NONE: the statement does not read or was left out
    int memory[LOCATIONS_MAX];     // the last value of each location in modification order
};

/* What random programs look like. Weights are relative: an order of weight 0 does not occur, except that
 * relaxed stands in where C11 allows a statement none of the others. */
struct program_shape {
    int threads, locations, count; // count >= threads: statements of all threads together
    unsigned kinds[KINDS];         // weights
    unsigned orders[ORDERS];       // weights of the accesses' orders, by the value of the memory_order
    unsigned fences[ORDERS];       // weights of the fences' orders
    unsigned guarded, dependent;   // in a hundred statements that could be
};

/* Up to 4 threads, 3 locations and `count` statements (at least 2), and one of several mixes of kinds and
 * orders, made such that the rules of the memory model matter: see program.c. */
struct program_shape program_shape_draw(uint64_t seed, int count);

/* The program of this shape and seed: the same for ever on every machine. */
struct program program_draw(uint64_t seed, const struct program_shape *shape);

/* Whether the statement can read, can write. */
bool statement_reads(const struct statement *statement);
bool statement_writes(const struct statement *statement);

/* Writes the program as C that can be compiled, and that prints its outcome as outcome_print does. */
void program_print(FILE *file, const struct program *program);

/* Writes one line: r0=1 r3=0 x=1 y=2, where a register that was left out is -1. */
void outcome_print(FILE *file, const struct program *program, const struct outcome *outcome);

/* The sum of this over all executions (modulo 2^64) tells two collections of outcomes apart. */
uint64_t outcome_hash(const struct outcome *outcome);

#endif
