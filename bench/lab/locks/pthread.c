#include "../lock.h"

#include <pthread.h>

/* glibc's errors (deadlock, too many readers) cannot occur here: its result is nobody's. */
LAB_OPERATION(lock_mutex, (void)pthread_mutex_lock(lock));
LAB_OPERATION(unlock_mutex, (void)pthread_mutex_unlock(lock));

static int init_mutex(void *lock)
{
    return pthread_mutex_init(lock, NULL);
}

static void fini_mutex(void *lock)
{
    (void)pthread_mutex_destroy(lock);
}

static const struct lab_lock mutex = {
    .name = "pthread_mutex",
    .bytes = sizeof(pthread_mutex_t),
    .order = "none",
    .bypass = "without bound",
    .trylock = true,
    .timed = true,
    .parks = true,
    .verified = "by its users",
    .lock_size = sizeof(pthread_mutex_t),
    .init = init_mutex,
    .fini = fini_mutex,
    .lock = lock_mutex,
    .unlock = unlock_mutex,
};
LAB_LOCK(mutex);

LAB_OPERATION(lock_spin, (void)pthread_spin_lock(lock));
LAB_OPERATION(unlock_spin, (void)pthread_spin_unlock(lock));

static int init_spin(void *lock)
{
    return pthread_spin_init(lock, PTHREAD_PROCESS_PRIVATE);
}

static void fini_spin(void *lock)
{
    (void)pthread_spin_destroy(lock);
}

static const struct lab_lock spin = {
    .name = "pthread_spin",
    .bytes = sizeof(pthread_spinlock_t),
    .order = "none",
    .bypass = "without bound",
    .trylock = true,
    .verified = "by its users",
    .lock_size = sizeof(pthread_spinlock_t),
    .init = init_spin,
    .fini = fini_spin,
    .lock = lock_spin,
    .unlock = unlock_spin,
};
LAB_LOCK(spin);

LAB_OPERATION(write_lock, (void)pthread_rwlock_wrlock(lock));
LAB_OPERATION(read_lock, (void)pthread_rwlock_rdlock(lock));
LAB_OPERATION(unlock_rwlock, (void)pthread_rwlock_unlock(lock));

static int init_rwlock(void *lock)
{
    return pthread_rwlock_init(lock, NULL);
}

static void fini_rwlock(void *lock)
{
    (void)pthread_rwlock_destroy(lock);
}

static const struct lab_lock rwlock = {
    .name = "pthread_rwlock",
    .bytes = sizeof(pthread_rwlock_t),
    .order = "readers first",
    .bypass = "a writer by readers, without bound",
    .trylock = true,
    .timed = true,
    .parks = true,
    .verified = "by its users",
    .lock_size = sizeof(pthread_rwlock_t),
    .init = init_rwlock,
    .fini = fini_rwlock,
    .lock = write_lock,
    .unlock = unlock_rwlock,
    .read_lock = read_lock,
    .read_unlock = unlock_rwlock,
};
LAB_LOCK(rwlock);
