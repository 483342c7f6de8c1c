/* The rest of pthread's ways to wait: condition variables, barriers, once, semaphores; and the futex itself.
 */
#include "access.h"
#include "checkpoint.h"
#include "machine.h"
#include "objects.h"
#include "park.h"
#include "pthreads.h"
#include "real.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SITE __builtin_return_address(0)

static const char condition_name[] = "a condition variable", barrier_name[] = "a barrier",
                  semaphore_name[] = "a semaphore";

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    if (qx_exploring())
        qx_plain(condition, sizeof *condition, true, SITE);
    return QX_REAL(pthread_cond_init)(condition, attributes);
}

int pthread_cond_destroy(pthread_cond_t *condition)
{
    if (!qx_exploring())
        return QX_REAL(pthread_cond_destroy)(condition);
    if (qx_park_sleeps(condition))
        qx_fail(QX_MISUSE, SITE, NULL, "a condition variable is destroyed on which a thread sleeps");
    qx_object_end(condition, sizeof *condition, condition_name, SITE);
    return 0;
}

// Its content is park.c's: the read says that it was used.
static void use_condition(const pthread_cond_t *condition, const void *site)
{
    qx_object_use(condition, sizeof *condition, condition_name, site);
    qx_plain((void *)(uintptr_t)condition, sizeof(int), false, site);
}

int qx_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *deadline,
                      const void *site)
{
    use_condition(condition, site);
    qx_park_announce(condition, site);
    qx_mutex_unlock(mutex, site);
    int code = qx_park_sleep(condition, (struct qx_deadline){.at = deadline}, site);
    qx_mutex_lock(mutex, true, site);
    return code == EINTR ? 0 : code;
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    if (!qx_exploring())
        return QX_REAL(pthread_cond_wait)(condition, mutex);
    return qx_condition_wait(condition, mutex, NULL, SITE);
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *deadline)
{
    if (!qx_exploring())
        return QX_REAL(pthread_cond_timedwait)(condition, mutex, deadline);
    return qx_condition_wait(condition, mutex, deadline, SITE);
}

int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                           const struct timespec *deadline)
{
    if (!qx_exploring())
        return QX_REAL(pthread_cond_clockwait)(condition, mutex, clock, deadline);
    return qx_condition_wait(condition, mutex, deadline, SITE);
}

int pthread_cond_signal(pthread_cond_t *condition)
{
    if (!qx_exploring())
        return QX_REAL(pthread_cond_signal)(condition);
    use_condition(condition, SITE);
    qx_park_wake(condition, 1, false, ~0u, SITE);
    return 0;
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
    if (!qx_exploring())
        return QX_REAL(pthread_cond_broadcast)(condition);
    use_condition(condition, SITE);
    qx_park_wake(condition, INT_MAX, false, ~0u, SITE);
    return 0;
}

// Its words: arrivals so far, rounds that are over, and how many belong to a round.
struct barrier {
    uint32_t arrived, over, members;
};
_Static_assert(sizeof(struct barrier) <= sizeof(pthread_barrier_t), "a barrier of ours fits");

int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attributes, unsigned count)
{
    if (!qx_exploring())
        return QX_REAL(pthread_barrier_init)(barrier, attributes, count);
    if (count == 0)
        return EINVAL;
    qx_plain(barrier, sizeof *barrier, true, SITE);
    qx_object_begin(barrier, sizeof *barrier, barrier_name, true, SITE);
    *(struct barrier *)barrier = (struct barrier){.members = count};
    return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    if (!qx_exploring())
        return QX_REAL(pthread_barrier_destroy)(barrier);
    const struct barrier *b = (struct barrier *)barrier;
    qx_object_use(barrier, sizeof *barrier, barrier_name, SITE);
    if (b->members && b->arrived % b->members)
        qx_fail(QX_MISUSE, SITE, NULL, "a barrier is destroyed at which a thread waits");
    qx_object_end(barrier, sizeof *barrier, barrier_name, SITE);
    return 0;
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    if (!qx_exploring())
        return QX_REAL(pthread_barrier_wait)(barrier);
    qx_object_use(barrier, sizeof *barrier, barrier_name, SITE);
    struct barrier *b = (struct barrier *)barrier;
    uint32_t before = (uint32_t)qx_load(
        &b->arrived, (struct qx_event){.size = 4,
                                       .order = QX_ACQ_REL,
                                       .rmw = {.op = QX_ADD, .operand = 1, .order = QX_ACQ_REL},
                                       .site = SITE});
    uint32_t round = before / b->members + 1;
    if (before % b->members == b->members - 1) {
        qx_store(&b->over, (struct qx_event){.size = 4, .order = QX_RELEASE, .value = round, .site = SITE});
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    qx_load(&b->over, (struct qx_event){.size = 4,
                                        .order = QX_ACQUIRE,
                                        .await = {.what = QX_AT_LEAST, .bound = round},
                                        .site = SITE});
    return 0;
}

void qx_once(pthread_once_t *once, void (*routine)(void), const void *site)
{
    enum { NOT_YET, RUNNING, RAN };
    qx_value found = qx_load(once, (struct qx_event){.size = 4,
                                                     .order = QX_ACQUIRE,
                                                     .rmw = {.op = QX_CAS,
                                                             .operand = RUNNING,
                                                             .expected = NOT_YET,
                                                             .order = QX_ACQUIRE,
                                                             .failure_order = QX_ACQUIRE},
                                                     .site = site});
    if (found == NOT_YET) {
        routine();
        qx_store(once, (struct qx_event){.size = 4, .order = QX_RELEASE, .value = RAN, .site = site});
    } else if (found == RUNNING) {
        qx_load(once, (struct qx_event){.size = 4,
                                        .order = QX_ACQUIRE,
                                        .await = {.what = QX_AT_LEAST, .bound = RAN},
                                        .site = site});
    }
}

int pthread_once(pthread_once_t *once, void (*routine)(void))
{
    if (!qx_exploring())
        return QX_REAL(pthread_once)(once, routine);
    qx_once(once, routine, SITE);
    return 0;
}

int sem_init(sem_t *semaphore, int shared, unsigned value)
{
    if (!qx_exploring())
        return QX_REAL(sem_init)(semaphore, shared, value);
    qx_plain(semaphore, sizeof *semaphore, true, SITE);
    qx_object_begin(semaphore, sizeof *semaphore, semaphore_name, false, SITE);
    *(uint32_t *)semaphore = value;
    return 0;
}

int sem_destroy(sem_t *semaphore)
{
    if (!qx_exploring())
        return QX_REAL(sem_destroy)(semaphore);
    qx_object_end(semaphore, sizeof *semaphore, semaphore_name, SITE);
    return 0;
}

static int lower(sem_t *semaphore, const void *site)
{
    qx_object_use(semaphore, sizeof *semaphore, semaphore_name, site);
    qx_load(semaphore, (struct qx_event){.size = 4,
                                         .order = QX_ACQUIRE,
                                         .rmw = {.op = QX_SUB, .operand = 1, .order = QX_ACQUIRE},
                                         .await = {.what = QX_AT_LEAST, .bound = 1},
                                         .site = site});
    return 0;
}

static int try_lower(sem_t *semaphore, int otherwise, const void *site)
{
    qx_object_use(semaphore, sizeof *semaphore, semaphore_name, site);
    qx_value seen = qx_load(semaphore, (struct qx_event){.size = 4, .order = QX_RELAXED, .site = site});
    while (seen > 0) {
        qx_value found = qx_load(semaphore, (struct qx_event){.size = 4,
                                                              .order = QX_ACQUIRE,
                                                              .rmw = {.op = QX_CAS,
                                                                      .operand = seen - 1,
                                                                      .expected = seen,
                                                                      .order = QX_ACQUIRE,
                                                                      .failure_order = QX_RELAXED},
                                                              .site = site});
        if (found == seen)
            return 0;
        seen = found;
    }
    errno = otherwise;
    return -1;
}

int sem_wait(sem_t *semaphore)
{
    return qx_exploring() ? lower(semaphore, SITE) : QX_REAL(sem_wait)(semaphore);
}

int sem_trywait(sem_t *semaphore)
{
    return qx_exploring() ? try_lower(semaphore, EAGAIN, SITE) : QX_REAL(sem_trywait)(semaphore);
}

int sem_timedwait(sem_t *semaphore, const struct timespec *deadline)
{
    if (!qx_exploring())
        return QX_REAL(sem_timedwait)(semaphore, deadline);
    if (qx_expires((struct qx_deadline){.at = deadline}, SITE))
        return try_lower(semaphore, ETIMEDOUT, SITE);
    lower(semaphore, SITE);
    qx_self()->timed = false;
    return 0;
}

int sem_post(sem_t *semaphore)
{
    if (!qx_exploring())
        return QX_REAL(sem_post)(semaphore);
    qx_object_use(semaphore, sizeof *semaphore, semaphore_name, SITE);
    qx_load(semaphore, (struct qx_event){.size = 4,
                                         .order = QX_RELEASE,
                                         .rmw = {.op = QX_ADD, .operand = 1, .order = QX_RELEASE},
                                         .site = SITE});
    return 0;
}

static long answer(int code)
{
    if (code == 0)
        return 0;
    errno = code;
    return -1;
}

static long futex(uint32_t *word, int operation, uint32_t value, long timeout, uint32_t *other, uint32_t last,
                  const void *site)
{
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
        return answer(qx_park_futex(word, value, (struct qx_deadline){(const struct timespec *)timeout, true},
                                    ~0u, site));
    case FUTEX_WAIT_BITSET:
        return answer(qx_park_futex(
            word, value, (struct qx_deadline){(const struct timespec *)timeout, false}, last, site));
    case FUTEX_WAKE:
        return qx_park_wake(word, (int)value, true, ~0u, site);
    case FUTEX_WAKE_BITSET:
        return qx_park_wake(word, (int)value, true, last, site);
    case FUTEX_REQUEUE: {
        int woken = qx_park_wake(word, (int)value, true, ~0u, site);
        return woken + qx_park_move(word, other, (int)timeout, site);
    }
    default:
        qx_fail(QX_MISUSE, site, NULL, "a futex operation (%d) that the explorer does not know",
                operation & FUTEX_CMD_MASK);
    }
}

static long futexes(const struct futex_waitv *all, int count, const struct timespec *deadline,
                    const void *site)
{
    int woken = qx_park_futexes(all, count, (struct qx_deadline){.at = deadline}, site);
    return woken >= 0 ? woken : answer(-woken);
}

long syscall(long number, ...)
{
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    if (qx_exploring() && number == SYS_futex)
        return futex((uint32_t *)a[0], (int)a[1], (uint32_t)a[2], a[3], (uint32_t *)a[4], (uint32_t)a[5],
                     SITE);
    if (qx_exploring() && number == SYS_futex_waitv)
        return futexes((const struct futex_waitv *)a[0], (int)a[1], (const struct timespec *)a[3], SITE);
    if (qx_exploring() && number == SYS_gettid)
        return qx_self_number() + 1;
    if (number == SYS_membarrier) { // it would be no fence of ours: the program is to use its own
        errno = ENOSYS;
        return -1;
    }
    if (qx_exploring()) // the kernel keeps a state of the program's, which is not put back
        qx_checkpoint_forbid();
    return QX_REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
