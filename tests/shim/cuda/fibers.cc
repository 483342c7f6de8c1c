#include "fibers.h"

#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

#ifdef QSC_SHIM_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifndef __x86_64__
#error "the execution shim knows how to switch stacks on x86-64 only"
#endif

namespace
{

enum { GUARD = 4096, STACK = 256 << 10, SLOT = GUARD + STACK };

struct fiber {
    void *sp;
    void (*entry)();
    void *fake; // AddressSanitizer's
};

// One launch is executed at a time, so all real threads share them.
struct {
    char *stacks;
    fiber fibers[SHIM_FIBERS];
    unsigned current;
    void *resumer; // its stack pointer
    void *resumer_fake;
    const void *resumer_stack;
    size_t resumer_size;
} state;

char *stack_of(unsigned fiber)
{
    return state.stacks + static_cast<size_t>(fiber) * SLOT + GUARD;
}

void map_stacks()
{
    size_t size = static_cast<size_t>(SHIM_FIBERS) * SLOT;
    void *stacks =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stacks == MAP_FAILED) {
        fputs("CUDA shim: no memory left for stacks\n", stderr);
        abort();
    }
    state.stacks = static_cast<char *>(stacks);
    for (unsigned i = 0; i < SHIM_FIBERS; i++)
        mprotect(stack_of(i) - GUARD, GUARD, PROT_NONE);
}

void leave_to(const void *stack, size_t size, void **fake)
{
#ifdef QSC_SHIM_ASAN
    __sanitizer_start_switch_fiber(fake, stack, size);
#else
    (void)stack, (void)size, (void)fake;
#endif
}

void arrive(void *fake, const void **from, size_t *size)
{
#ifdef QSC_SHIM_ASAN
    __sanitizer_finish_switch_fiber(fake, from, size);
#else
    (void)fake, (void)from, (void)size;
#endif
}

} // namespace

// Registers that a call preserves are saved on the stack that is left.
extern "C" void qsc_shim_switch_stacks(void **from, void *to);
__asm__(".text\n"
        ".type qsc_shim_switch_stacks, @function\n"
        "qsc_shim_switch_stacks:\n"
        "    push %rbp\n    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n    pop %rbp\n"
        "    ret\n"
        ".size qsc_shim_switch_stacks, . - qsc_shim_switch_stacks\n");

static void begin()
{
    arrive(nullptr, &state.resumer_stack, &state.resumer_size);
    state.fibers[state.current].entry();
    fiber_end();
}

void fiber_prepare(unsigned fiber, void (*entry)())
{
    if (!state.stacks)
        map_stacks();
#ifdef QSC_SHIM_ASAN
    __asan_unpoison_memory_region(stack_of(fiber), STACK); // it may have been abandoned within calls
#endif
    void **sp = reinterpret_cast<void **>(stack_of(fiber) + STACK);
    *--sp = nullptr; // begin's return address: it finds the stack as after a call
    *--sp = reinterpret_cast<void *>(begin);
    for (int i = 0; i < 6; i++)
        *--sp = nullptr;
    state.fibers[fiber] = {sp, entry, nullptr};
}

void fiber_resume(unsigned fiber)
{
    state.current = fiber;
    leave_to(stack_of(fiber), STACK, &state.resumer_fake);
    qsc_shim_switch_stacks(&state.resumer, state.fibers[fiber].sp);
    arrive(state.resumer_fake, nullptr, nullptr);
}

void fiber_pause()
{
    fiber &self = state.fibers[state.current];
    leave_to(state.resumer_stack, state.resumer_size, &self.fake);
    qsc_shim_switch_stacks(&self.sp, state.resumer);
    arrive(self.fake, &state.resumer_stack, &state.resumer_size);
}

void fiber_end()
{
    leave_to(state.resumer_stack, state.resumer_size, nullptr);
    qsc_shim_switch_stacks(&state.fibers[state.current].sp, state.resumer);
    __builtin_unreachable();
}

unsigned fiber_current()
{
    return state.current;
}

bool fiber_owns(uintptr_t address)
{
    return address - reinterpret_cast<uintptr_t>(state.stacks) < static_cast<size_t>(SHIM_FIBERS) * SLOT;
}
