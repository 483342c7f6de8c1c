#define _GNU_SOURCE // pthread_setaffinity_np, sched_getaffinity
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/probes.h>

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

int qsc_port_futex_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline)
{
    int saved = errno;
    // FUTEX_WAIT takes a span of time, FUTEX_WAIT_BITSET an absolute deadline
    long rc = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, deadline, NULL,
                      FUTEX_BITSET_MATCH_ANY);
    int error = rc == 0 ? 0 : errno;
    errno = saved;
    return error;
}

#ifndef SYS_futex_waitv // headers older than the call; the number is the same on all processors but Alpha
#define SYS_futex_waitv 449
#endif

int qsc_port_futex_wait_any(const struct qsc_port_futex *futexes, unsigned count,
                            const struct timespec *deadline)
{
    int saved = errno;
    long rc = syscall(SYS_futex_waitv, futexes, count, 0, deadline, CLOCK_MONOTONIC);
    // The kernel names the last in the vector of those that were woken, also when it then found that another
    // word differs (Linux, kernel/futex/waitwake.c: futex_unqueue_multiple, futex_wait_multiple_setup).
    int error = rc < 0 ? errno : rc == (long)count - 1 ? 0 : EAGAIN;
    errno = saved;
    return error;
}

int qsc_port_futex_wake(const uint32_t *word, int count)
{
    QSC_PROBE2(wake, word, count);
    int saved = errno;
    long woken = syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, NULL, NULL, 0);
    errno = saved;
    return woken < 0 ? 0 : (int)woken; // an address that is none any more
}

bool qsc_port_membarrier_register(void)
{
    int saved = errno;
    long rc = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
    errno = saved;
    return rc == 0;
}

void qsc_port_membarrier(void)
{
    int saved = errno;
    while (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
        qsc_port_yield(); // ENOMEM, all that it can fail with once registered
    errno = saved;
}

struct timespec qsc_port_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail: the clock exists and the address is valid
    return now;
}

uint64_t qsc_port_now_ns(void)
{
    struct timespec now = qsc_port_now();
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

// Faults must still reach their handlers (a sanitizer's, a crash reporter's), and profilers their samples.
static sigset_t signals_of_the_program(void)
{
    static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF};
    sigset_t set;
    sigfillset(&set);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        sigdelset(&set, kept[i]);
    return set;
}

int qsc_port_thread_create(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t blocked = signals_of_the_program(), before;
    int error = pthread_sigmask(SIG_BLOCK, &blocked, &before);
    if (error)
        return error;
    error = pthread_create(thread, NULL, run, arg);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int qsc_port_thread_pin(pthread_t thread, int cpu)
{
    cpu_set_t set;
    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return EINVAL;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return pthread_setaffinity_np(thread, sizeof set, &set);
}

int qsc_port_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}
