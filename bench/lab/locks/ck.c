/* Concurrency Kit's. Its reader-writer locks wait awake, all of them. */
#include "../lock.h"

#include <ck_brlock.h>
#include <ck_pflock.h>
#include <ck_rwlock.h>
#include <ck_spinlock.h>

LAB_OPERATION(lock_fas, ck_spinlock_fas_lock(lock));
LAB_OPERATION(unlock_fas, ck_spinlock_fas_unlock(lock));
static const struct lab_lock fas = {
    .name = "ck_fas",
    .order = "none",
    .bypass = "without bound",
    .trylock = true,
    .verified = "its own tests",
    .lock_size = sizeof(ck_spinlock_fas_t),
    .lock = lock_fas,
    .unlock = unlock_fas,
};
LAB_LOCK(fas);

LAB_OPERATION(lock_ticket, ck_spinlock_ticket_lock(lock));
LAB_OPERATION(unlock_ticket, ck_spinlock_ticket_unlock(lock));
static const struct lab_lock ticket = {
    .name = "ck_ticket",
    .order = "FIFO",
    .bypass = "never",
#ifdef CK_F_SPINLOCK_TICKET_TRYLOCK /* on x86 */
    .trylock = true,
#endif
    .verified = "its own tests",
    .lock_size = sizeof(ck_spinlock_ticket_t),
    .lock = lock_ticket,
    .unlock = unlock_ticket,
};
LAB_LOCK(ticket);

LAB_OPERATION(lock_mcs, ck_spinlock_mcs_lock(lock, waiter));
LAB_OPERATION(unlock_mcs, ck_spinlock_mcs_unlock(lock, waiter));
static const struct lab_lock mcs = {
    .name = "ck_mcs",
    .order = "FIFO",
    .bypass = "never",
    .trylock = true,
    .verified = "its own tests",
    .lock_size = sizeof(ck_spinlock_mcs_t),
    .waiter_size = sizeof(ck_spinlock_mcs_context_t),
    .lock = lock_mcs,
    .unlock = unlock_mcs,
};
LAB_LOCK(mcs);

LAB_OPERATION(write_lock_rwlock, ck_rwlock_write_lock(lock));
LAB_OPERATION(write_unlock_rwlock, ck_rwlock_write_unlock(lock));
LAB_OPERATION(read_lock_rwlock, ck_rwlock_read_lock(lock));
LAB_OPERATION(read_unlock_rwlock, ck_rwlock_read_unlock(lock));
static const struct lab_lock rwlock = {
    .name = "ck_rwlock",
    .order = "writers first",
    .bypass = "without bound",
    .trylock = true,
    .verified = "its own tests",
    .lock_size = sizeof(ck_rwlock_t),
    .lock = write_lock_rwlock,
    .unlock = write_unlock_rwlock,
    .read_lock = read_lock_rwlock,
    .read_unlock = read_unlock_rwlock,
};
LAB_LOCK(rwlock);

LAB_OPERATION(write_lock_pflock, ck_pflock_write_lock(lock));
LAB_OPERATION(write_unlock_pflock, ck_pflock_write_unlock(lock));
LAB_OPERATION(read_lock_pflock, ck_pflock_read_lock(lock));
LAB_OPERATION(read_unlock_pflock, ck_pflock_read_unlock(lock));
static const struct lab_lock pflock = {
    .name = "ck_pflock",
    .order = "phase-fair, writers FIFO",
    .bypass = "a reader by one writer",
    .verified = "its own tests",
    .lock_size = sizeof(ck_pflock_t),
    .lock = write_lock_pflock,
    .unlock = write_unlock_pflock,
    .read_lock = read_lock_pflock,
    .read_unlock = read_unlock_pflock,
};
LAB_LOCK(pflock);

LAB_OPERATION(join_brlock, ck_brlock_read_register(lock, waiter));
LAB_OPERATION(leave_brlock, ck_brlock_read_unregister(lock, waiter));
LAB_OPERATION(write_lock_brlock, ck_brlock_write_lock(lock));
LAB_OPERATION(write_unlock_brlock, ck_brlock_write_unlock(lock));
LAB_OPERATION(read_lock_brlock, ck_brlock_read_lock(lock, waiter));
static void read_unlock_brlock(void *lock, void *waiter)
{
    (void)lock;
    ck_brlock_read_unlock(waiter);
}
static const struct lab_lock brlock = {
    .name = "ck_brlock",
    .order = "writers first",
    .bypass = "without bound",
    .trylock = true,
    .verified = "its own tests",
    .lock_size = sizeof(ck_brlock_t),
    .waiter_size = sizeof(ck_brlock_reader_t),
    .join = join_brlock,
    .leave = leave_brlock,
    .lock = write_lock_brlock,
    .unlock = write_unlock_brlock,
    .read_lock = read_lock_brlock,
    .read_unlock = read_unlock_brlock,
};
LAB_LOCK(brlock);
