/* futex.h: stands between a primitive and the kernel (linked with --wrap): counts, and injects what a futex
 * may do. Include it in one file of a test program. */
#ifndef QUIESCE_TESTS_CONCURRENCY_FUTEX_H
#define QUIESCE_TESTS_CONCURRENCY_FUTEX_H

#include <errno.h>
#include <linux/futex.h>
#include <quiesce/concurrency/port.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long futex_waits, futex_wakes; /* calls */
static atomic_int futex_widest_wake;         /* the largest number of threads asked to be woken */
static atomic_long futex_spurious;           /* so many waits return 0 at once, woken by nobody */
static atomic_bool futex_noise;              /* some waits return 0, EINTR or EAGAIN at once */
static atomic_bool futex_drop_wakes;         /* wake-ups are lost on their way */

int __real_qsc_port_futex_wait(const uint32_t *, uint32_t, const struct timespec *);
int __wrap_qsc_port_futex_wait(const uint32_t *, uint32_t, const struct timespec *);
int __wrap_qsc_port_futex_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline)
{
    long n = atomic_fetch_add(&futex_waits, 1);
    if (atomic_load(&futex_spurious) > 0 && atomic_fetch_sub(&futex_spurious, 1) > 0)
        return 0;
    if (atomic_load(&futex_noise) && n % 4 != 0)
        return n % 4 == 1 ? 0 : n % 4 == 2 ? EINTR : EAGAIN;
    return __real_qsc_port_futex_wait(word, expected, deadline);
}

int __real_qsc_port_futex_wake(const uint32_t *, int);
int __wrap_qsc_port_futex_wake(const uint32_t *, int);
int __wrap_qsc_port_futex_wake(const uint32_t *word, int count)
{
    atomic_fetch_add(&futex_wakes, 1);
    if (count > atomic_load(&futex_widest_wake))
        atomic_store(&futex_widest_wake, count);
    return atomic_load(&futex_drop_wakes) ? 1 : __real_qsc_port_futex_wake(word, count);
}

/* How many threads sleep on the word just now. The kernel says so when asked to move them to where they are.
 */
static inline long futex_sleepers(const uint32_t *word)
{
    uint32_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);
    long moved = syscall(SYS_futex, word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)INT_MAX, word, seen);
    return moved < 0 ? 0 : moved; /* EAGAIN: the word changed, so somebody is awake */
}

static inline void futex_reset(void)
{
    atomic_store(&futex_waits, 0);
    atomic_store(&futex_wakes, 0);
    atomic_store(&futex_widest_wake, 0);
    atomic_store(&futex_spurious, 0);
    atomic_store(&futex_noise, false);
    atomic_store(&futex_drop_wakes, false);
}

#endif
