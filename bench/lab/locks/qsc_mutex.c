#include "../lock.h"

#include <quiesce/concurrency/mutex.h>

LAB_OPERATION(lock_mutex, qsc_mutex_lock(lock));
LAB_OPERATION(unlock_mutex, qsc_mutex_unlock(lock));
LAB_OPERATION(unlock_mutex_fair, qsc_mutex_unlock_fair(lock));

#define MUTEX \
    .trylock = true, .timed = true, .parks = true, .lock_size = sizeof(qsc_mutex), .lock = lock_mutex

static const struct lab_lock mutex = {
    .name = "qsc_mutex",
    .order = "none",
    .bypass = "by running threads, until it was woken 16 times in vain",
    .verified = "TSan, explorer, GenMC",
    .unlock = unlock_mutex,
    MUTEX,
};
LAB_LOCK(mutex);

/* The same lock, with every unlock a hand-over. */
static const struct lab_lock fair = {
    .name = "qsc_mutex_fair",
    .order = "as they fell asleep",
    .bypass = "while it spins, not once it sleeps",
    .verified = "TSan, explorer", /* no program for GenMC hands over */
    .unlock = unlock_mutex_fair,
    MUTEX,
};
LAB_LOCK(fair);
