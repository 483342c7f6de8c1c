#include "context.h"

#include "memory.h"
#include "real.h"

#include <asm/prctl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the explorer knows how to switch stacks on x86-64 only"
#endif

enum { STACK_SIZE = 1 << 20, FSGSBASE = 1 << 1 };

static struct {
    uintptr_t tls; // what the carrier below has to say
    bool started, can_write_fs;
    uintptr_t low, high; // all stacks lie between these
} made;

// Registers that a call preserves are saved on the stack that is left.
void qx_switch_stacks(void **from, void *to);
__asm__(".text\n"
        ".type qx_switch_stacks, @function\n"
        "qx_switch_stacks:\n"
        "    push %rbp\n    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n    pop %rbp\n"
        "    ret\n"
        ".size qx_switch_stacks, . - qx_switch_stacks\n");

static void set_tls(uintptr_t tls)
{
    if (made.can_write_fs)
        __asm__ volatile("wrfsbase %0" : : "r"(tls) : "memory");
    else
        syscall(SYS_arch_prctl, ARCH_SET_FS, tls);
}

static uintptr_t get_tls(void)
{
    uintptr_t tls;
    __asm__("mov %%fs:0, %0" : "=r"(tls));
    return tls;
}

// A real thread gives its storage and then sleeps for ever.
static void *carry(void *unused)
{
    __atomic_store_n(&made.tls, get_tls(), __ATOMIC_RELEASE);
    for (;;)
        pause();
    return unused;
}

static uintptr_t new_tls(void)
{
    if (!made.started) {
        made.started = true;
        made.can_write_fs = getauxval(AT_HWCAP2) & FSGSBASE;
        return get_tls();
    }
    made.tls = 0;
    pthread_t thread;
    if (qx_real_pthread_create(&thread, NULL, carry, NULL) != 0) {
        fputs("qsc-explore: the system gives no more threads\n", stderr);
        _exit(2);
    }
    while (!__atomic_load_n(&made.tls, __ATOMIC_ACQUIRE))
        usleep(10);
    return made.tls;
}

void qx_context_adopt(struct qx_context *context)
{
    *context = (struct qx_context){.tls = get_tls()};
}

void qx_context_create(struct qx_context *context)
{
    context->tls = new_tls();
    context->stack_size = STACK_SIZE;
    context->stack = mmap(NULL, STACK_SIZE + 4096, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (context->stack == MAP_FAILED || mprotect(context->stack, 4096, PROT_NONE) != 0) {
        fputs("qsc-explore: no memory left for a stack\n", stderr);
        _exit(2);
    }
    context->stack += 4096;
    uintptr_t low = (uintptr_t)context->stack, high = low + STACK_SIZE;
    made.low = made.high == 0 || low < made.low ? low : made.low;
    made.high = high > made.high ? high : made.high;
}

bool qx_context_near(const void *address)
{
    return (uintptr_t)address - made.low < made.high - made.low;
}

void qx_context_prepare(struct qx_context *context, void (*entry)(void))
{
    void **sp = (void **)(context->stack + context->stack_size);
    *--sp = NULL; // entry's return address: it finds the stack as after a call
    *--sp = (void *)(uintptr_t)entry;
    for (int i = 0; i < 6; i++)
        *--sp = NULL;
    context->sp = sp;
}

void qx_context_switch(struct qx_context *from, struct qx_context *to)
{
    set_tls(to->tls);
    qx_switch_stacks(&from->sp, to->sp);
}
