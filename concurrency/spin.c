/* spin.c: four spin locks.
 *
 * What makes the three lines safe:
 *   ticket  `serving` never passes `next`, and both only grow: who finds that `next` is what `serving` was
 *           earlier knows that `serving` is that still, and the lock free.
 *   MCS     a thread writes to another's node only while that one waits: to its predecessor's `next`, for
 *           which that one's unlock waits once the tail has moved on; and to its successor's `waiting`.
 *   CLH     a thread looks at its predecessor's node until it finds it released; from then on the node is
 *           its own. It leaves it in `spare`, which belongs to the holder. An unlock that finds a successor
 *           leaves its node to that one and goes with the spare; otherwise it keeps its node, and the spare
 *           stays for the next. So a held or free lock has one spare, and only between release and handover
 *           it has none. */
#include <quiesce/concurrency/annotate.h>
#include <quiesce/concurrency/contended.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/spin.h>

#include <stdio.h>

_Static_assert(sizeof(qsc_tas) == 4 && sizeof(qsc_ticket) == 8, "promised by the header");
_Static_assert(sizeof(qsc_mcs) == sizeof(void *) && sizeof(qsc_clh) == 2 * sizeof(void *), "likewise");

static bool tas_take(qsc_tas *lock)
{
    uint32_t unlocked = 0;
    // acquire: pairs with the release in qsc_tas_unlock
    return __atomic_compare_exchange_n(&lock->locked, &unlocked, 1, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static void tas_wait(qsc_tas *lock)
{
    uint64_t since = qsc_contended_begin(lock);
    unsigned spent = 0, pauses = 1;
    do
        do {
            qsc_port_turn(&spent, pauses);
            if (pauses < QSC_PORT_SPINS)
                pauses *= 2;
        } while (__atomic_load_n(&lock->locked, __ATOMIC_RELAXED));
    while (!tas_take(lock));
    qsc_contended_end(lock, since, 0);
}

void qsc_tas_lock(qsc_tas *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    if (!tas_take(lock))
        tas_wait(lock);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE, 1);
}

bool qsc_tas_trylock(qsc_tas *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_TRY);
    // looks first: a failing read-modify-write would take the line away from the holder
    bool taken = !__atomic_load_n(&lock->locked, __ATOMIC_RELAXED) && tas_take(lock);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_TRY, taken);
    return taken;
}

void qsc_tas_unlock(qsc_tas *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    // release: pairs with the acquire in tas_take
    __atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
}

// How many are served before the ticket; 0: the lock is its holder's.
static uint32_t ticket_ahead(qsc_ticket *lock, uint32_t ticket)
{
    // acquire: pairs with the release in qsc_ticket_unlock
    return ticket - __atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE);
}

static void ticket_wait(qsc_ticket *lock, uint32_t ticket, uint32_t ahead)
{
    uint64_t since = qsc_contended_begin(lock);
    unsigned spent = 0;
    do
        qsc_port_turn(&spent, ahead < QSC_PORT_SPINS ? ahead : QSC_PORT_SPINS);
    while ((ahead = ticket_ahead(lock, ticket)) != 0);
    qsc_contended_end(lock, since, 0);
}

void qsc_ticket_lock(qsc_ticket *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    uint32_t ahead = ticket_ahead(lock, ticket);
    if (ahead)
        ticket_wait(lock, ticket, ahead);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE, 1);
}

bool qsc_ticket_trylock(qsc_ticket *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_TRY);
    // acquire: pairs with the release in qsc_ticket_unlock. Taking the ticket needs no order: see above
    uint32_t serving = __atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE), next = serving;
    bool taken = __atomic_compare_exchange_n(&lock->next, &next, serving + 1, false, __ATOMIC_RELAXED,
                                             __ATOMIC_RELAXED);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_TRY, taken);
    return taken;
}

void qsc_ticket_unlock(qsc_ticket *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    uint32_t mine = __atomic_load_n(&lock->serving, __ATOMIC_RELAXED); // only the holder writes it
    // release: pairs with the acquires in qsc_ticket_lock and qsc_ticket_trylock
    __atomic_store_n(&lock->serving, mine + 1, __ATOMIC_RELEASE);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
}

static void mcs_prepare(qsc_mcs_node *node)
{
    __atomic_store_n(&node->next, NULL, __ATOMIC_RELAXED);
    __atomic_store_n(&node->waiting, 1, __ATOMIC_RELAXED);
}

void qsc_mcs_lock(qsc_mcs *lock, qsc_mcs_node *node)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    mcs_prepare(node);
    // acq_rel. Acquire: pairs with the release in qsc_mcs_unlock that left the line empty, and with that of
    // the predecessor here or in qsc_mcs_trylock: it has prepared its node before we write to it
    qsc_mcs_node *before = __atomic_exchange_n(&lock->tail, node, __ATOMIC_ACQ_REL);
    if (before) {
        // release: pairs with the acquire in mcs_successor; our node is prepared
        __atomic_store_n(&before->next, node, __ATOMIC_RELEASE);
        uint64_t since = qsc_contended_begin(lock);
        unsigned spent = 0;
        // acquire: pairs with the release in qsc_mcs_unlock
        while (__atomic_load_n(&node->waiting, __ATOMIC_ACQUIRE))
            qsc_port_turn(&spent, 1);
        qsc_contended_end(lock, since, 0);
    }
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE, 1);
}

bool qsc_mcs_trylock(qsc_mcs *lock, qsc_mcs_node *node)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_TRY);
    mcs_prepare(node);
    qsc_mcs_node *nobody = NULL;
    // acq_rel: pairs with the release in qsc_mcs_unlock and the acquire in qsc_mcs_lock
    bool taken =
        __atomic_compare_exchange_n(&lock->tail, &nobody, node, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_TRY, taken);
    return taken;
}

// Who comes next; waits while it has joined the line but not yet told us.
static qsc_mcs_node *mcs_successor(qsc_mcs_node *node)
{
    qsc_mcs_node *next;
    unsigned spent = 0;
    // acquire: pairs with the release of `next` in qsc_mcs_lock
    while ((next = __atomic_load_n(&node->next, __ATOMIC_ACQUIRE)) == NULL)
        qsc_port_turn(&spent, 1);
    return next;
}

void qsc_mcs_unlock(qsc_mcs *lock, qsc_mcs_node *node)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    qsc_mcs_node *last = node;
    // release: pairs with the acquires of `tail` in qsc_mcs_lock and qsc_mcs_trylock
    if (!__atomic_compare_exchange_n(&lock->tail, &last, NULL, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        // release: pairs with the acquire of `waiting` in qsc_mcs_lock
        __atomic_store_n(&mcs_successor(node)->waiting, 0, __ATOMIC_RELEASE);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
}

void qsc_clh_init(qsc_clh *lock, qsc_clh_node *node)
{
    *lock = (qsc_clh){.spare = node};
}

qsc_clh_node *qsc_clh_fini(qsc_clh *lock)
{
    return lock->spare;
}

void qsc_clh_lock(qsc_clh *lock, qsc_clh_node *node)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    __atomic_store_n(&node->released, 0, __ATOMIC_RELAXED);
    // acq_rel. Acquire: pairs with the release in qsc_clh_unlock that left the line empty, and with that of
    // the predecessor here or in qsc_clh_trylock: we do not take its node's last release for the next
    qsc_clh_node *before = __atomic_exchange_n(&lock->tail, node, __ATOMIC_ACQ_REL);
    if (before) {
        uint64_t since = qsc_contended_begin(lock);
        unsigned spent = 0;
        // acquire: pairs with the release of `released` in qsc_clh_unlock
        while (!__atomic_load_n(&before->released, __ATOMIC_ACQUIRE))
            qsc_port_turn(&spent, 1);
        qsc_contended_end(lock, since, 0);
        lock->spare = before;
    }
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE, 1);
}

bool qsc_clh_trylock(qsc_clh *lock, qsc_clh_node *node)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_TRY);
    __atomic_store_n(&node->released, 0, __ATOMIC_RELAXED);
    qsc_clh_node *nobody = NULL;
    // acq_rel: pairs with the release in qsc_clh_unlock and the acquire in qsc_clh_lock
    bool taken =
        __atomic_compare_exchange_n(&lock->tail, &nobody, node, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_TRY, taken);
    return taken;
}

qsc_clh_node *qsc_clh_unlock(qsc_clh *lock, qsc_clh_node *node)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    qsc_clh_node *last = node, *mine = node;
    // release: pairs with the acquires of `tail` in qsc_clh_lock and qsc_clh_trylock
    if (!__atomic_compare_exchange_n(&lock->tail, &last, NULL, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
        mine = lock->spare;
        // release: pairs with the acquire of `released` in qsc_clh_lock
        __atomic_store_n(&node->released, 1, __ATOMIC_RELEASE);
    }
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
    return mine;
}

// The table. Functions of other types may not be called through its pointers, so each gets one that fits.
static void tas_init(void *lock, void *node)
{
    (void)node;
    *(qsc_tas *)lock = (qsc_tas)QSC_TAS_INIT;
}
static void tas_lock(void *lock, void *node)
{
    (void)node;
    qsc_tas_lock(lock);
}
static bool tas_trylock(void *lock, void *node)
{
    (void)node;
    return qsc_tas_trylock(lock);
}
static void *tas_unlock(void *lock, void *node)
{
    qsc_tas_unlock(lock);
    return node;
}

static void ticket_init(void *lock, void *node)
{
    (void)node;
    *(qsc_ticket *)lock = (qsc_ticket)QSC_TICKET_INIT;
}
static void ticket_lock(void *lock, void *node)
{
    (void)node;
    qsc_ticket_lock(lock);
}
static bool ticket_trylock(void *lock, void *node)
{
    (void)node;
    return qsc_ticket_trylock(lock);
}
static void *ticket_unlock(void *lock, void *node)
{
    qsc_ticket_unlock(lock);
    return node;
}

static void mcs_init(void *lock, void *node)
{
    (void)node;
    *(qsc_mcs *)lock = (qsc_mcs)QSC_MCS_INIT;
}
static void mcs_lock(void *lock, void *node)
{
    qsc_mcs_lock(lock, node);
}
static bool mcs_trylock(void *lock, void *node)
{
    return qsc_mcs_trylock(lock, node);
}
static void *mcs_unlock(void *lock, void *node)
{
    qsc_mcs_unlock(lock, node);
    return node;
}

static void clh_init(void *lock, void *node)
{
    qsc_clh_init(lock, node);
}
static void *clh_fini(void *lock)
{
    return qsc_clh_fini(lock);
}
static void clh_lock(void *lock, void *node)
{
    qsc_clh_lock(lock, node);
}
static bool clh_trylock(void *lock, void *node)
{
    return qsc_clh_trylock(lock, node);
}
static void *clh_unlock(void *lock, void *node)
{
    return qsc_clh_unlock(lock, node);
}

static void *kept_nothing(void *lock)
{
    (void)lock;
    return NULL;
}

const struct qsc_spin_ops qsc_spin_ops[QSC_SPIN_LOCKS] = {
    {"tas", sizeof(qsc_tas), 0, false, tas_init, kept_nothing, tas_lock, tas_trylock, tas_unlock},
    {"ticket", sizeof(qsc_ticket), 0, true, ticket_init, kept_nothing, ticket_lock, ticket_trylock,
     ticket_unlock},
    {"mcs", sizeof(qsc_mcs), sizeof(qsc_mcs_node), true, mcs_init, kept_nothing, mcs_lock, mcs_trylock,
     mcs_unlock},
    {"clh", sizeof(qsc_clh), sizeof(qsc_clh_node), true, clh_init, clh_fini, clh_lock, clh_trylock,
     clh_unlock},
};

int qsc_tas_dump(const qsc_tas *lock, char *text, size_t size)
{
    return snprintf(text, size, "%s", __atomic_load_n(&lock->locked, __ATOMIC_RELAXED) ? "locked" : "free");
}

int qsc_ticket_dump(const qsc_ticket *lock, char *text, size_t size)
{
    uint32_t serving = __atomic_load_n(&lock->serving, __ATOMIC_RELAXED);
    uint32_t drawn = __atomic_load_n(&lock->next, __ATOMIC_RELAXED) - serving;
    return snprintf(text, size, "%s, serving %u, %u waiting", drawn ? "locked" : "free", serving,
                    drawn ? drawn - 1 : 0);
}

static int line_dump(const void *tail, char *text, size_t size)
{
    return tail ? snprintf(text, size, "locked, last in line: node %p", tail) : snprintf(text, size, "free");
}

int qsc_mcs_dump(const qsc_mcs *lock, char *text, size_t size)
{
    return line_dump(__atomic_load_n(&lock->tail, __ATOMIC_RELAXED), text, size);
}

int qsc_clh_dump(const qsc_clh *lock, char *text, size_t size)
{
    return line_dump(__atomic_load_n(&lock->tail, __ATOMIC_RELAXED), text, size);
}
