/* pthread's locks. Each is a word that is otherwise like any atomic variable: who takes the lock reads the
 * store that set it free. The word is the lock object's own first one. */
#include "access.h"
#include "entry.h"
#include "machine.h"
#include "objects.h"
#include "pthreads.h"
#include "real.h"
#include "spin.h"

#include <errno.h>

#define SITE __builtin_return_address(0)

static qx_value owner(void)
{
    return (qx_value)qx_self_number() + 1;
}

// From 0 to `to`; with `wait`, as soon as it is 0.
static bool take(void *word, qx_value to, bool wait, const void *site)
{
    struct qx_event access = {
        .size = 4,
        .order = QX_ACQUIRE,
        .rmw = {.op = QX_CAS, .operand = to, .order = QX_ACQUIRE, .failure_order = QX_RELAXED},
        .site = site,
    };
    if (wait)
        access.await = (struct qx_await){.what = QX_MASKED, .mask = ~(qx_value)0};
    bool taken = qx_load(word, access) == 0;
    qx_self()->timed = false;
    return taken;
}

static void release(void *word, const void *site)
{
    qx_store(word, (struct qx_event){.size = 4, .order = QX_RELEASE, .site = site});
}

static const char mutex_name[] = "a mutex", rwlock_name[] = "an rwlock", spin_name[] = "a spin lock";

static bool is_recursive(const pthread_mutex_t *mutex)
{
    return (mutex->__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE;
}

static bool is_mine(const pthread_mutex_t *mutex)
{
    return (qx_value)(unsigned)mutex->__data.__lock == owner();
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    if (qx_exploring())
        qx_plain(mutex, sizeof *mutex, true, SITE);
    return QX_REAL(pthread_mutex_init)(mutex, attributes);
}

void qx_mutex_destroy(pthread_mutex_t *mutex, const void *site)
{
    if (mutex->__data.__lock)
        qx_fail(QX_MISUSE, site, NULL, "a locked mutex is destroyed");
    qx_object_end(mutex, sizeof *mutex, mutex_name, site);
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    if (!qx_exploring())
        return QX_REAL(pthread_mutex_destroy)(mutex);
    qx_mutex_destroy(mutex, SITE);
    return 0;
}

int qx_mutex_lock(pthread_mutex_t *mutex, bool wait, const void *site)
{
    qx_object_use(mutex, sizeof *mutex, mutex_name, site);
    if (is_recursive(mutex) && is_mine(mutex)) {
        mutex->__data.__count++;
        return 0;
    }
    if (!take(mutex, owner(), wait, site))
        return EBUSY;
    mutex->__data.__count = 1;
    return 0;
}

// Some loops poll what a mutex guards.
ENTRY(pthread_mutex_lock)
HIDDEN int qxpthread_mutex_lock(pthread_mutex_t *mutex);
int qxpthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (!qx_exploring())
        return QX_REAL(pthread_mutex_lock)(mutex);
    qx_spin_check(mutex, SITE);
    return qx_mutex_lock(mutex, true, SITE);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    return qx_exploring() ? qx_mutex_lock(mutex, false, SITE) : QX_REAL(pthread_mutex_trylock)(mutex);
}

int qx_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *deadline, const void *site)
{
    bool waits = !qx_expires((struct qx_deadline){.at = deadline}, site);
    return qx_mutex_lock(mutex, waits, site) == 0 ? 0 : ETIMEDOUT;
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *deadline)
{
    if (!qx_exploring())
        return QX_REAL(pthread_mutex_timedlock)(mutex, deadline);
    return qx_mutex_timedlock(mutex, deadline, SITE);
}

void qx_mutex_unlock(pthread_mutex_t *mutex, const void *site)
{
    qx_object_use(mutex, sizeof *mutex, mutex_name, site);
    if (!is_mine(mutex))
        qx_fail(QX_MISUSE, site, NULL, "a mutex is unlocked that this thread does not hold");
    if (!is_recursive(mutex) || --mutex->__data.__count == 0)
        release(mutex, site);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (!qx_exploring())
        return QX_REAL(pthread_mutex_unlock)(mutex);
    qx_mutex_unlock(mutex, SITE);
    return 0;
}

// A reader-writer lock's word counts its readers, or says that a writer has it.
enum { WRITER = 1 << 30 };

int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attributes)
{
    if (qx_exploring())
        qx_plain(lock, sizeof *lock, true, SITE);
    return QX_REAL(pthread_rwlock_init)(lock, attributes);
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    if (!qx_exploring())
        return QX_REAL(pthread_rwlock_destroy)(lock);
    if (*(uint32_t *)lock)
        qx_fail(QX_MISUSE, SITE, NULL, "a locked rwlock is destroyed");
    qx_object_end(lock, sizeof *lock, rwlock_name, SITE);
    return 0;
}

static bool read_lock(void *word, bool wait, const void *site)
{
    qx_object_use(word, sizeof(pthread_rwlock_t), rwlock_name, site);
    if (wait) {
        qx_load(word, (struct qx_event){.size = 4,
                                        .order = QX_ACQUIRE,
                                        .rmw = {.op = QX_ADD, .operand = 1, .order = QX_ACQUIRE},
                                        .await = {.what = QX_MASKED, .mask = WRITER, .bound = 0},
                                        .site = site});
        return true;
    }
    qx_value seen = qx_load(word, (struct qx_event){.size = 4, .order = QX_RELAXED, .site = site});
    while (!(seen & WRITER)) {
        qx_value found = qx_load(word, (struct qx_event){.size = 4,
                                                         .order = QX_ACQUIRE,
                                                         .rmw = {.op = QX_CAS,
                                                                 .operand = seen + 1,
                                                                 .expected = seen,
                                                                 .order = QX_ACQUIRE,
                                                                 .failure_order = QX_RELAXED},
                                                         .site = site});
        if (found == seen)
            return true;
        seen = found;
    }
    return false;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    if (!qx_exploring())
        return QX_REAL(pthread_rwlock_rdlock)(lock);
    read_lock(lock, true, SITE);
    return 0;
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    if (!qx_exploring())
        return QX_REAL(pthread_rwlock_tryrdlock)(lock);
    return read_lock(lock, false, SITE) ? 0 : EBUSY;
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *deadline)
{
    if (!qx_exploring())
        return QX_REAL(pthread_rwlock_timedrdlock)(lock, deadline);
    return read_lock(lock, !qx_expires((struct qx_deadline){.at = deadline}, SITE), SITE) ? 0 : ETIMEDOUT;
}

static bool write_lock(void *word, bool wait, const void *site)
{
    qx_object_use(word, sizeof(pthread_rwlock_t), rwlock_name, site);
    return take(word, WRITER, wait, site);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    if (!qx_exploring())
        return QX_REAL(pthread_rwlock_wrlock)(lock);
    write_lock(lock, true, SITE);
    return 0;
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    if (!qx_exploring())
        return QX_REAL(pthread_rwlock_trywrlock)(lock);
    return write_lock(lock, false, SITE) ? 0 : EBUSY;
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *deadline)
{
    if (!qx_exploring())
        return QX_REAL(pthread_rwlock_timedwrlock)(lock, deadline);
    return write_lock(lock, !qx_expires((struct qx_deadline){.at = deadline}, SITE), SITE) ? 0 : ETIMEDOUT;
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    if (!qx_exploring())
        return QX_REAL(pthread_rwlock_unlock)(lock);
    qx_object_use(lock, sizeof *lock, rwlock_name, SITE);
    uint32_t now = *(uint32_t *)lock;
    if (now == 0)
        qx_fail(QX_MISUSE, SITE, NULL, "an rwlock is unlocked that nobody holds");
    if (now & WRITER)
        release(lock, SITE);
    else
        qx_load(lock, (struct qx_event){.size = 4,
                                        .order = QX_RELEASE,
                                        .rmw = {.op = QX_SUB, .operand = 1, .order = QX_RELEASE},
                                        .site = SITE});
    return 0;
}

int pthread_spin_init(pthread_spinlock_t *lock, int shared)
{
    if (!qx_exploring())
        return QX_REAL(pthread_spin_init)(lock, shared);
    qx_plain((void *)(uintptr_t)lock, sizeof *lock, true, SITE);
    *lock = 0;
    return 0;
}

int pthread_spin_destroy(pthread_spinlock_t *lock)
{
    if (!qx_exploring())
        return QX_REAL(pthread_spin_destroy)(lock);
    qx_object_use((void *)(uintptr_t)lock, sizeof *lock, spin_name, SITE);
    if (*lock)
        qx_fail(QX_MISUSE, SITE, NULL, "a locked spin lock is destroyed");
    qx_object_end((void *)(uintptr_t)lock, sizeof *lock, spin_name, SITE);
    return 0;
}

static bool take_spin(pthread_spinlock_t *lock, bool wait, const void *site)
{
    void *word = (void *)(uintptr_t)lock;
    qx_object_use(word, sizeof *lock, spin_name, site);
    return take(word, owner(), wait, site);
}

int pthread_spin_lock(pthread_spinlock_t *lock)
{
    if (!qx_exploring())
        return QX_REAL(pthread_spin_lock)(lock);
    take_spin(lock, true, SITE);
    return 0;
}

int pthread_spin_trylock(pthread_spinlock_t *lock)
{
    if (!qx_exploring())
        return QX_REAL(pthread_spin_trylock)(lock);
    return take_spin(lock, false, SITE) ? 0 : EBUSY;
}

int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    if (!qx_exploring())
        return QX_REAL(pthread_spin_unlock)(lock);
    qx_object_use((void *)(uintptr_t)lock, sizeof *lock, spin_name, SITE);
    if ((qx_value)(unsigned)*lock != owner())
        qx_fail(QX_MISUSE, SITE, NULL, "a spin lock is unlocked that this thread does not hold");
    release((void *)(uintptr_t)lock, SITE);
    return 0;
}
