#include "crash.h"

#include "machine.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

static char stack[1 << 16]; // the program's own may be what overflowed

static void handle(int signal, siginfo_t *info, void *context)
{
    const ucontext_t *at = context;
    const void *site = (const void *)(uintptr_t)(at->uc_mcontext.gregs[REG_RIP] + 1); // as if it returned
    if (qx_exploring())
        qx_fail(QX_CRASH, site, NULL, "%s at address %p", strsignal(signal), info->si_addr);
    sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL); // the explorer's own
    raise(signal);
}

void qx_crash_watch(void)
{
    const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(
            signals[i],
            &(struct sigaction){.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER},
            NULL);
}
