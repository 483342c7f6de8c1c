/* Stacks to run on, each with the thread-local storage of a real thread, so that _Thread_local variables and
 * errno are a thread's own although one real thread runs them all. */
#ifndef QUIESCE_EXPLORE_CONTEXT_H
#define QUIESCE_EXPLORE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qx_context {
    void *sp;
    uintptr_t tls; // the thread pointer
    char *stack;   // lowest address
    size_t stack_size;
};

/* A stack and thread-local storage that last until the process ends. The first has the calling thread's
 * storage. Ends the program with one line where there is none. */
void qx_context_create(struct qx_context *context);

/* Does a stack that was made here hold the address? It may say so of one that none does. */
bool qx_context_near(const void *address);

/* The context will begin with a call of entry(), which must not return. */
void qx_context_prepare(struct qx_context *context, void (*entry)(void));

/* Leaves `from` where it stands and goes on with `to`. */
void qx_context_switch(struct qx_context *from, struct qx_context *to);

/* The calling thread's context, to come back to. */
void qx_context_adopt(struct qx_context *context);

#endif
