/* Loops that wait. A thread that comes back to where it was, its registers and stack as they were, having
 * changed nothing in between, will go round for ever unless it reads another store: the execution need not
 * follow it. What it stored and took back (a lock, a count) is no change, unless somebody has seen it. */
#ifndef QUIESCE_EXPLORE_SPIN_H
#define QUIESCE_EXPLORE_SPIN_H

#include "machine.h"

// What a call of the program has preserved for its caller, written by the entries in tsan.c: rbx, rbp, r12 to
// r15, rsp.
struct qx_registers {
    uintptr_t at[7];
};
extern struct qx_registers qx_caller __attribute__((visibility("hidden")));

/* The calling thread is at `site`, where it reads `address`. Stops it there if its turn changed nothing, or
 * if the options bound the turns that change only what is its own. */
void qx_spin_check(const void *address, const void *site);

/* The calling thread changes something that others can see: by an atomic store, which it may take back before
 * the turn ends; by anything else. */
void qx_spin_stored(void);
void qx_spin_changed(void);
void qx_spin_begin(struct qx_thread *thread);
void qx_spin_keep(struct qx_thread *thread); // for a checkpoint

#endif
