/* Entries that compilers call for atomic accesses. */
#ifndef QUIESCE_EXPLORE_ENTRY_H
#define QUIESCE_EXPLORE_ENTRY_H

#include "graph.h"

// What an entry jumps to is nobody else's, and no compiler sees that it is used.
#define HIDDEN __attribute__((visibility("hidden"), used))

// An entry notes the registers that a call preserves, for spin.c, before any code of ours can use them.
#define ENTRY(name)                                    \
    __asm__(".text\n"                                  \
            ".globl " #name "\n"                       \
            ".type " #name ", @function\n" #name ":\n" \
            "    mov %rbx, qx_caller(%rip)\n"          \
            "    mov %rbp, qx_caller+8(%rip)\n"        \
            "    mov %r12, qx_caller+16(%rip)\n"       \
            "    mov %r13, qx_caller+24(%rip)\n"       \
            "    mov %r14, qx_caller+32(%rip)\n"       \
            "    mov %r15, qx_caller+40(%rip)\n"       \
            "    mov %rsp, qx_caller+48(%rip)\n"       \
            "    jmp qx" #name "\n"                    \
            ".size " #name ", . - " #name "\n");

/* The program's atomic accesses; the order is the one in its source. */
HIDDEN qx_value qx_atomic_load(void *address, int size, int order, const void *site);
HIDDEN void qx_atomic_store(void *address, int size, qx_value value, int order, const void *site);
HIDDEN qx_value qx_atomic_rmw(void *address, int size, enum qx_op op, qx_value operand, int order,
                              const void *site);

/* The entry itself reads or writes an operand, by a pointer. Nothing is noted where it is on the thread's own
 * stack, as it nearly always is: others have no business there. */
HIDDEN void qx_operand(void *operand, size_t size, bool write, const void *site);

/* True: *expected was there and `desired` is now. Else *expected is what was there. */
HIDDEN bool qx_compare_exchange(void *address, int size, qx_value *expected, qx_value desired, int order,
                                int failure, bool weak, const void *site);

#endif
