#include "../lock.h"

#include <pthread.h>

/* glibc's errors (deadlock, too many readers) cannot occur here: its result is nobody's. */
LAB_OPERATION(lock_mutex, (void)pthread_mutex_lock(lock));
LAB_OPERATION(unlock_mutex, (void)pthread_mutex_unlock(lock));
LAB_INIT(init_mutex, pthread_mutex_init(lock, NULL));
LAB_FINI(fini_mutex, (void)pthread_mutex_destroy(lock));
static const struct lab_lock mutex = {
    .name = "pthread_mutex",
    .order = "none",
    .bypass = "without bound",
    .trylock = true,
    .timed = true,
    .parks = true,
    .verified = "its own tests",
    .lock_size = sizeof(pthread_mutex_t),
    .init = init_mutex,
    .fini = fini_mutex,
    .lock = lock_mutex,
    .unlock = unlock_mutex,
};
LAB_LOCK(mutex);

LAB_OPERATION(lock_spin, (void)pthread_spin_lock(lock));
LAB_OPERATION(unlock_spin, (void)pthread_spin_unlock(lock));
LAB_INIT(init_spin, pthread_spin_init(lock, PTHREAD_PROCESS_PRIVATE));
LAB_FINI(fini_spin, (void)pthread_spin_destroy(lock));
static const struct lab_lock spin = {
    .name = "pthread_spin",
    .order = "none",
    .bypass = "without bound",
    .trylock = true,
    .verified = "its own tests",
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
LAB_INIT(init_rwlock, pthread_rwlock_init(lock, NULL));
LAB_FINI(fini_rwlock, (void)pthread_rwlock_destroy(lock));
static const struct lab_lock rwlock = {
    .name = "pthread_rwlock",
    .order = "readers first",
    .bypass = "a writer by readers, without bound",
    .trylock = true,
    .timed = true,
    .parks = true,
    .verified = "its own tests",
    .lock_size = sizeof(pthread_rwlock_t),
    .init = init_rwlock,
    .fini = fini_rwlock,
    .lock = write_lock,
    .unlock = unlock_rwlock,
    .read_lock = read_lock,
    .read_unlock = unlock_rwlock,
};
LAB_LOCK(rwlock);
