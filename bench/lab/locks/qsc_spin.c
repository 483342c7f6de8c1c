#include "../lock.h"

#include <quiesce/concurrency/spin.h>

#define SPIN "TSan, explorer, GenMC"

LAB_OPERATION(lock_tas, qsc_tas_lock(lock));
LAB_OPERATION(unlock_tas, qsc_tas_unlock(lock));
static const struct lab_lock tas = {
    .name = "qsc_tas",
    .order = "none",
    .bypass = "without bound",
    .trylock = true,
    .verified = SPIN,
    .lock_size = sizeof(qsc_tas),
    .lock = lock_tas,
    .unlock = unlock_tas,
};
LAB_LOCK(tas);

LAB_OPERATION(lock_ticket, qsc_ticket_lock(lock));
LAB_OPERATION(unlock_ticket, qsc_ticket_unlock(lock));
static const struct lab_lock ticket = {
    .name = "qsc_ticket",
    .order = "FIFO",
    .bypass = "never",
    .trylock = true,
    .verified = SPIN,
    .lock_size = sizeof(qsc_ticket),
    .lock = lock_ticket,
    .unlock = unlock_ticket,
};
LAB_LOCK(ticket);

LAB_OPERATION(lock_mcs, qsc_mcs_lock(lock, waiter));
LAB_OPERATION(unlock_mcs, qsc_mcs_unlock(lock, waiter));
static const struct lab_lock mcs = {
    .name = "qsc_mcs",
    .order = "FIFO",
    .bypass = "never",
    .trylock = true,
    .verified = SPIN,
    .lock_size = sizeof(qsc_mcs),
    .waiter_size = sizeof(qsc_mcs_node),
    .lock = lock_mcs,
    .unlock = unlock_mcs,
};
LAB_LOCK(mcs);

/* A node goes to the next thread with the lock, so a thread has to remember which is its own. */
struct clh_lock {
    qsc_clh lock;
    qsc_clh_node first;
};
struct clh_waiter {
    qsc_clh_node first;
    qsc_clh_node *mine;
};

static int init_clh(void *memory)
{
    struct clh_lock *clh = memory;
    qsc_clh_init(&clh->lock, &clh->first);
    return 0;
}

static void join_clh(void *lock, void *memory)
{
    (void)lock;
    struct clh_waiter *waiter = memory;
    waiter->mine = &waiter->first;
}

static void lock_clh(void *lock, void *memory)
{
    struct clh_waiter *waiter = memory;
    qsc_clh_lock(&((struct clh_lock *)lock)->lock, waiter->mine);
}

static void unlock_clh(void *lock, void *memory)
{
    struct clh_waiter *waiter = memory;
    waiter->mine = qsc_clh_unlock(&((struct clh_lock *)lock)->lock, waiter->mine);
}

static const struct lab_lock clh = {
    .name = "qsc_clh",
    .bytes = sizeof(qsc_clh) + sizeof(qsc_clh_node), /* without the gaps of the structures above */
    .waiter_bytes = sizeof(qsc_clh_node),
    .order = "FIFO",
    .bypass = "never",
    .trylock = true,
    .verified = SPIN,
    .lock_size = sizeof(struct clh_lock),
    .waiter_size = sizeof(struct clh_waiter),
    .init = init_clh,
    .join = join_clh,
    .lock = lock_clh,
    .unlock = unlock_clh,
};
LAB_LOCK(clh);
