/* C11's <threads.h>, in the place of the C library's: there each object is one of pthread's. */
#include "access.h"
#include "machine.h"
#include "park.h"
#include "pthreads.h"
#include "real.h"

#include <errno.h>
#include <limits.h>
#include <threads.h>

#define SITE __builtin_return_address(0)

_Static_assert(sizeof(thrd_t) == sizeof(pthread_t) && sizeof(tss_t) == sizeof(pthread_key_t) &&
                   sizeof(mtx_t) <= sizeof(pthread_mutex_t) && sizeof(cnd_t) <= sizeof(pthread_cond_t) &&
                   sizeof(once_flag) == sizeof(pthread_once_t),
               "the C library's objects are pthread's");

static int answer(int code)
{
    switch (code) {
    case 0:
        return thrd_success;
    case EBUSY:
        return thrd_busy;
    case ETIMEDOUT:
        return thrd_timedout;
    default:
        return thrd_error;
    }
}

static pthread_mutex_t *mutex_of(mtx_t *mutex)
{
    return (pthread_mutex_t *)mutex;
}

static void *result_of(int number)
{
    return (void *)(intptr_t)number;
}

static void *begin(void *arg)
{
    return result_of(qx_self()->start_c11(arg));
}

int thrd_create(thrd_t *thread, thrd_start_t start, void *arg)
{
    if (!qx_exploring())
        return QX_REAL(thrd_create)(thread, start, arg);
    int number = qx_create(begin, arg, SITE);
    qx_thread_of(number)->start_c11 = start;
    *thread = qx_thread_handle(number);
    return thrd_success;
}

int thrd_join(thrd_t thread, int *result)
{
    if (!qx_exploring())
        return QX_REAL(thrd_join)(thread, result);
    void *end;
    int code = qx_thread_join(thread, &end, SITE);
    if (code == 0 && result)
        *result = (int)(intptr_t)end;
    return answer(code);
}

int thrd_detach(thrd_t thread)
{
    if (!qx_exploring())
        return QX_REAL(thrd_detach)(thread);
    qx_thread_detach(thread, SITE);
    return thrd_success;
}

void thrd_exit(int result)
{
    if (qx_exploring())
        qx_end_thread(result_of(result));
    QX_REAL(thrd_exit)(result);
    __builtin_unreachable();
}

thrd_t thrd_current(void)
{
    return qx_exploring() ? qx_thread_handle(qx_self_number()) : QX_REAL(thrd_current)();
}

void thrd_yield(void)
{
    if (qx_exploring())
        qx_yield(SITE);
    else
        QX_REAL(thrd_yield)();
}

int thrd_sleep(const struct timespec *duration, struct timespec *rest)
{
    if (!qx_exploring())
        return QX_REAL(thrd_sleep)(duration, rest);
    qx_sleep((struct qx_deadline){.at = duration, .relative = true}, SITE);
    return 0;
}

int mtx_init(mtx_t *mutex, int type)
{
    if (qx_exploring())
        qx_plain(mutex, sizeof *mutex, true, SITE);
    return QX_REAL(mtx_init)(mutex, type);
}

void mtx_destroy(mtx_t *mutex)
{
    if (qx_exploring())
        qx_mutex_destroy(mutex_of(mutex), SITE);
    else
        QX_REAL(mtx_destroy)(mutex);
}

int mtx_lock(mtx_t *mutex)
{
    return qx_exploring() ? answer(qx_mutex_lock(mutex_of(mutex), true, SITE)) : QX_REAL(mtx_lock)(mutex);
}

int mtx_trylock(mtx_t *mutex)
{
    return qx_exploring() ? answer(qx_mutex_lock(mutex_of(mutex), false, SITE)) : QX_REAL(mtx_trylock)(mutex);
}

int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict deadline)
{
    return qx_exploring() ? answer(qx_mutex_timedlock(mutex_of(mutex), deadline, SITE))
                          : QX_REAL(mtx_timedlock)(mutex, deadline);
}

int mtx_unlock(mtx_t *mutex)
{
    if (!qx_exploring())
        return QX_REAL(mtx_unlock)(mutex);
    qx_mutex_unlock(mutex_of(mutex), SITE);
    return thrd_success;
}

void cnd_destroy(cnd_t *condition)
{
    if (!qx_exploring())
        QX_REAL(cnd_destroy)(condition);
}

static int wait_for(cnd_t *condition, mtx_t *mutex, const struct timespec *deadline, const void *site)
{
    return answer(qx_condition_wait((pthread_cond_t *)condition, mutex_of(mutex), deadline, site));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return qx_exploring() ? wait_for(condition, mutex, NULL, SITE) : QX_REAL(cnd_wait)(condition, mutex);
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict deadline)
{
    return qx_exploring() ? wait_for(condition, mutex, deadline, SITE)
                          : QX_REAL(cnd_timedwait)(condition, mutex, deadline);
}

int cnd_signal(cnd_t *condition)
{
    if (!qx_exploring())
        return QX_REAL(cnd_signal)(condition);
    qx_park_wake(condition, 1, false, ~0u, SITE);
    return thrd_success;
}

int cnd_broadcast(cnd_t *condition)
{
    if (!qx_exploring())
        return QX_REAL(cnd_broadcast)(condition);
    qx_park_wake(condition, INT_MAX, false, ~0u, SITE);
    return thrd_success;
}

void call_once(once_flag *once, void (*routine)(void))
{
    if (qx_exploring())
        qx_once((pthread_once_t *)once, routine, SITE);
    else
        QX_REAL(call_once)(once, routine);
}

int tss_create(tss_t *key, tss_dtor_t destructor)
{
    return answer(pthread_key_create(key, destructor));
}

void tss_delete(tss_t key)
{
    pthread_key_delete(key);
}

void *tss_get(tss_t key)
{
    return pthread_getspecific(key);
}

int tss_set(tss_t key, void *value)
{
    return answer(pthread_setspecific(key, value));
}
