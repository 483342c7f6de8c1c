#include "crash.h"

#include "machine.h"
#include "options.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
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

// No event for so long is no progress, whatever is computed.
enum { PATIENCE = 20 };

static volatile uint64_t ticks;

uint64_t qx_ticks(void)
{
    return ticks;
}

static void look(int signal, siginfo_t *info, void *context)
{
    static uint64_t last;
    static int seconds;
    (void)signal, (void)info;
    const ucontext_t *at = context;
    ticks++;
    seconds = qx_exploring() && qx_progress() == last ? seconds + 1 : 0;
    last = qx_progress();
    if (seconds >= PATIENCE && !qx_options()->replay) // a debugger may have stopped it
        qx_fail(QX_CRASH, (const void *)(uintptr_t)(at->uc_mcontext.gregs[REG_RIP] + 1), NULL,
                "a thread has computed for %d s without anything that another could see", PATIENCE);
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
    sigaction(SIGALRM,
              &(struct sigaction){.sa_sigaction = look, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART},
              NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}},
              NULL);
}
