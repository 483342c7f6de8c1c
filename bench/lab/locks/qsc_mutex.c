#include "../lock.h"

#include <quiesce/concurrency/mutex.h>

LAB_OPERATION(lock_mutex, qsc_mutex_lock(lock));
LAB_OPERATION(unlock_mutex, qsc_mutex_unlock(lock));
LAB_OPERATION(unlock_mutex_fair, qsc_mutex_unlock_fair(lock));

static const struct lab_lock mutex = {
    .name = "qsc_mutex",
    .bytes = sizeof(qsc_mutex),
    .order = "none",
    .bypass = "by running threads, until it was woken 16 times in vain",
    .trylock = true,
    .timed = true,
    .parks = true,
    .verified = "TSan, explorer, GenMC",
    .lock_size = sizeof(qsc_mutex),
    .lock = lock_mutex,
    .unlock = unlock_mutex,
};
LAB_LOCK(mutex);

/* The same lock, with every unlock a hand-over. */
static const struct lab_lock fair = {
    .name = "qsc_mutex_fair",
    .bytes = sizeof(qsc_mutex),
    .order = "as they fell asleep",
    .bypass = "while it spins, not once it sleeps",
    .trylock = true,
    .timed = true,
    .parks = true,
    .verified = "TSan, explorer, GenMC",
    .lock_size = sizeof(qsc_mutex),
    .lock = lock_mutex,
    .unlock = unlock_mutex_fair,
};
LAB_LOCK(fair);
