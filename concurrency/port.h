/* port.h (internal): everything of the machine and the kernel that the algorithms use, and nothing else, so
 * that a model checker or a fault-injecting test can stand in its place. Memory has a hook of its own in
 * alloc.h. */
#ifndef QUIESCE_CONCURRENCY_PORT_H
#define QUIESCE_CONCURRENCY_PORT_H

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How often a waiter looks again before it goes to sleep; a few microseconds, what a sleep and a wake-up
 * cost. A model checker sets 1: more would only repeat the same executions. */
#ifndef QSC_PORT_SPINS
#define QSC_PORT_SPINS 100
#endif

/* Tells the processor that this is a spin loop. Does not block, wait-free, orders nothing. */
static inline void qsc_port_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb"); // `yield` is a no-op on most cores
#endif
}

/* Lets other threads have the processor, for whoever waits longer than a spin should last. Does not block,
 * orders nothing. */
static inline void qsc_port_yield(void)
{
    (void)sched_yield(); /* never fails on Linux */
}

/* One turn of a wait without sleep: `pauses` pauses; once the wait had QSC_PORT_SPINS of them, which `spent`
 * counts from 0, it yields as well. */
static inline void qsc_port_turn(unsigned *spent, unsigned pauses)
{
    for (unsigned i = 0; i < pauses; i++)
        qsc_port_pause();
    if (*spent + pauses < QSC_PORT_SPINS)
        *spent += pauses;
    else
        qsc_port_yield();
}

/* How often a waiter may look the next time before it sleeps, when `limit` looks were enough or were not: as
 * often as lately paid off. The first limit is QSC_PORT_SPINS. */
static inline unsigned qsc_port_next_limit(unsigned limit, bool enough)
{
    return enough ? limit + (QSC_PORT_SPINS - limit + 7) / 8 : limit - limit / 8;
}

/* Sleeps while *word is `expected`, until qsc_port_futex_wake(word), the deadline (absolute, CLOCK_MONOTONIC;
 * NULL for none) or a signal. Comparison and falling asleep are one step in the order of changes of *word.
 * Returns 0 when woken, perhaps for no reason; EAGAIN when *word differs; EINTR, ETIMEDOUT; EINVAL for a
 * deadline with tv_sec < 0 or tv_nsec outside 0..999999999. Leaves errno as it was. Blocks. Orders nothing:
 * the caller reads *word again with the order it needs. Threads of one process only. */
__attribute__((warn_unused_result)) int qsc_port_futex_wait(const uint32_t *word, uint32_t expected,
                                                            const struct timespec *deadline);

/* A word to sleep on beside others, and the value with which to: the kernel's struct futex_waitv. */
struct qsc_port_futex {
    uint64_t expected, address;
    uint32_t flags, reserved;
};

#define QSC_PORT_FUTEXES 128 /* as many as the kernel takes at once */

static inline struct qsc_port_futex qsc_port_futex_on(const uint32_t *word, uint32_t expected)
{
    struct qsc_port_futex futex = {expected, (uintptr_t)word, 2 | 128, 0}; /* FUTEX2_SIZE_U32, _PRIVATE */
    return futex;
}

/* The same for several words, of which the last is the one that matters: a wake-up of it is never taken for
 * one of the others. Returns 0 when it was woken by the last word, perhaps among others; EAGAIN when it was
 * woken by others only, or one of the words differs; ETIMEDOUT, EINTR, EINVAL; ENOSYS or EPERM where this
 * call is not to be had (Linux before 5.16, an older seccomp filter). */
__attribute__((warn_unused_result)) int qsc_port_futex_wait_any(const struct qsc_port_futex *futexes,
                                                                unsigned count,
                                                                const struct timespec *deadline);

/* What the result of qsc_port_futex_wait is to a caller that looks again in any case: 0, or the error by
 * which the wait is over (ETIMEDOUT, EINVAL, ECANCELED). */
static inline int qsc_port_wait_error(int result)
{
    return result == EAGAIN || result == EINTR ? 0 : result;
}

/* Wakes at most `count` threads that sleep on word (INT_MAX: all), longest sleeper first. Returns how many.
 * Only the address is used: the memory may already be gone, then a stranger who sleeps there wakes for no
 * reason. Leaves errno as it was. Does not block. Orders nothing. */
int qsc_port_futex_wake(const uint32_t *word, int count);

/* Asks for qsc_port_membarrier, for the whole process and its children. Returns whether it may be called: not
 * where the kernel is older than Linux 4.14 or a filter of system calls is in the way. Leaves errno as it
 * was. Does not block. */
bool qsc_port_membarrier_register(void);

/* When it returns every thread of the process has passed a full memory barrier since the call. Does not wait
 * for threads that do not run. */
void qsc_port_membarrier(void);

/* CLOCK_MONOTONIC, the clock of every deadline. Does not block. */
struct timespec qsc_port_now(void);
uint64_t qsc_port_now_ns(void);

/* Starts a thread that takes none of the program's signals (faults and SIGPROF excepted): a library's threads
 * must not run the program's handlers. Returns 0 or pthread_create's error (EAGAIN). */
__attribute__((warn_unused_result)) int qsc_port_thread_create(pthread_t *thread, void *(*run)(void *),
                                                               void *arg);

/* Keeps a thread to one processor, as long as the system leaves it that one. Returns 0, or EINVAL when the
 * process may not use it or there is none such. Does not block. */
__attribute__((warn_unused_result)) int qsc_port_thread_pin(pthread_t thread, int cpu);

/* How many processors the calling thread may use; 1 where there are more than cpu_set_t has room for. Does
 * not block. */
int qsc_port_processors(void);

#ifdef __cplusplus
}
#endif
#endif
