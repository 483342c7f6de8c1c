#include "../lock.h"

#include <nsync.h>

LAB_OPERATION(lock_mu, nsync_mu_lock(lock));
LAB_OPERATION(unlock_mu, nsync_mu_unlock(lock));
LAB_OPERATION(read_lock_mu, nsync_mu_rlock(lock));
LAB_OPERATION(read_unlock_mu, nsync_mu_runlock(lock));
static const struct lab_lock mu = {
    .name = "nsync_mu",
    .order = "none",
    .bypass = "by running threads, until it was woken 30 times in vain",
    .trylock = true,
    .parks = true,
    .verified = "its own tests",
    .lock_size = sizeof(nsync_mu),
    .lock = lock_mu,
    .unlock = unlock_mu,
    .read_lock = read_lock_mu,
    .read_unlock = read_unlock_mu,
};
LAB_LOCK(mu);
