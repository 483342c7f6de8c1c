#include "../lock.h"

#include <quiesce/concurrency/brlock.h>
#include <quiesce/concurrency/pflock.h>
#include <quiesce/concurrency/rwlock.h>

LAB_OPERATION(lock_rwlock, qsc_rwlock_write_lock(lock));
LAB_OPERATION(unlock_rwlock, qsc_rwlock_write_unlock(lock));
LAB_OPERATION(read_lock_rwlock, qsc_rwlock_read_lock(lock));
LAB_OPERATION(read_unlock_rwlock, qsc_rwlock_read_unlock(lock));
static const struct lab_lock rwlock = {
    .name = "qsc_rwlock",
    .order = "the line of a qsc_mutex",
    .bypass = "in the line as qsc_mutex, at its head never",
    .trylock = true,
    .timed = true,
    .parks = true,
    .verified = "TSan, explorer, GenMC",
    .lock_size = sizeof(qsc_rwlock),
    .lock = lock_rwlock,
    .unlock = unlock_rwlock,
    .read_lock = read_lock_rwlock,
    .read_unlock = read_unlock_rwlock,
};
LAB_LOCK(rwlock);

LAB_INIT(init_brlock, qsc_brlock_init(lock));
LAB_FINI(fini_brlock, qsc_brlock_fini(lock));
LAB_OPERATION(lock_brlock, qsc_brlock_write_lock(lock));
LAB_OPERATION(unlock_brlock, qsc_brlock_write_unlock(lock));
LAB_OPERATION(read_lock_brlock, qsc_brlock_read_lock(lock));
LAB_OPERATION(read_unlock_brlock, qsc_brlock_read_unlock(lock));
static const struct lab_lock brlock = {
    .name = "qsc_brlock",
    .waiter_bytes = 64, /* of each thread that reads, for as long as it lives */
    .order = "the line of a qsc_mutex",
    .bypass = "in the line as qsc_mutex, at its head never",
    .trylock = true,
    .timed = true,
    .parks = true,
    .verified = "TSan, explorer",
    .lock_size = sizeof(qsc_brlock),
    .init = init_brlock,
    .fini = fini_brlock,
    .lock = lock_brlock,
    .unlock = unlock_brlock,
    .read_lock = read_lock_brlock,
    .read_unlock = read_unlock_brlock,
};
LAB_LOCK(brlock);

LAB_OPERATION(lock_pflock, qsc_pflock_write_lock(lock));
LAB_OPERATION(unlock_pflock, qsc_pflock_write_unlock(lock));
LAB_OPERATION(read_lock_pflock, qsc_pflock_read_lock(lock));
LAB_OPERATION(read_unlock_pflock, qsc_pflock_read_unlock(lock));
static const struct lab_lock pflock = {
    .name = "qsc_pflock",
    .order = "phase-fair, writers FIFO",
    .bypass = "a reader by one writer",
    .trylock = true,
    .verified = "TSan, explorer",
    .lock_size = sizeof(qsc_pflock),
    .lock = lock_pflock,
    .unlock = unlock_pflock,
    .read_lock = read_lock_pflock,
    .read_unlock = read_unlock_pflock,
};
LAB_LOCK(pflock);
