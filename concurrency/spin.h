/* spin.h: mutual exclusion by waiting awake: TAS, ticket, MCS and CLH locks.
 *
 * For sections of some tens of nanoseconds whose threads all run, and for those who compare locks. A waiter
 * does not sleep; after a few microseconds it offers its processor to others in every turn (sched_yield), so
 * that more threads than processors make progress, slowly. Where threads may be preempted or sections be
 * long, mutex.h is the better lock, at about the same cost without contention.
 *
 *            bytes  order  a waiter looks at             unlock
 *     TAS    4      none   the lock, ever more seldom    a store
 *     ticket 8      FIFO   the lock                      a store
 *     MCS    8      FIFO   its own node                  a read-modify-write; waits for one that is arriving
 *     CLH    16     FIFO   its predecessor's node        a read-modify-write
 *
 * FIFO locks hand over to a thread that is not running if it is the next: all wait for it. The TAS lock goes
 * to whoever comes first, and may starve a thread.
 *
 * Nodes are the caller's, one for each lock that a thread holds or awaits, each in a cache line of its own.
 * A lock is 4 to 16 bytes; what it protects may stand beside it in its line. The memory of a lock may be
 * freed as soon as the last thread to need it has locked it, even while another thread is still returning
 * from unlock. Not recursive, not shared between processes, not in signal handlers. None has an _until or
 * _cancellable form: a thread cannot leave a line from its middle; use mutex.h where a wait must end. */
#ifndef QUIESCE_CONCURRENCY_SPIN_H
#define QUIESCE_CONCURRENCY_SPIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The fields of all these are private. */
typedef struct {
    uint32_t locked;
} qsc_tas;

typedef struct {
    uint32_t next, serving;
} qsc_ticket;

typedef struct qsc_mcs_node {
    struct qsc_mcs_node *next;
    uint32_t waiting;
} __attribute__((aligned(64))) qsc_mcs_node;

typedef struct {
    qsc_mcs_node *tail;
} qsc_mcs;

typedef struct qsc_clh_node {
    uint32_t released;
} __attribute__((aligned(64))) qsc_clh_node;

typedef struct {
    qsc_clh_node *tail, *spare;
} qsc_clh;

/* clang-format off */
#define QSC_TAS_INIT {0}
#define QSC_TICKET_INIT {0, 0}
#define QSC_MCS_INIT {0}
/* clang-format on */

/* Locks by test-and-test-and-set with bounded exponential back-off. All bytes zero is an unlocked lock.
 * Blocks, awake. Progress: blocking, without a bound: others may always be faster. Memory order: acquire,
 * sees all that was done before every earlier unlock. Any thread that does not hold it already. Not inside of
 * a signal handler. Source: T. E. Anderson, "The performance of spin lock alternatives", IEEE TPDS 1(1),
 * 1990. */
void qsc_tas_lock(qsc_tas *lock);

/* Locks if nobody holds the lock.
 * Returns whether the calling thread holds it now.
 * Does not block. Progress: wait-free. Memory order: acquire when true, none when false. Any thread. Not
 * inside of a signal handler. */
__attribute__((warn_unused_result)) bool qsc_tas_trylock(qsc_tas *lock);

/* Unlocks.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later lock. The
 * thread that holds it. Not inside of a signal handler. */
void qsc_tas_unlock(qsc_tas *lock);

/* Draws a ticket and waits until it is called; the further back in line, the longer between two looks. All
 * bytes zero is an unlocked lock; at most 2^32 - 1 threads.
 * Blocks, awake. Progress: blocking, for those who drew before it. Memory order: acquire, sees all that was
 * done before every earlier unlock. Any thread that does not hold it already. Not inside of a signal handler.
 * Source: J. M. Mellor-Crummey and M. L. Scott, "Algorithms for scalable synchronization on shared-memory
 * multiprocessors", ACM TOCS 9(1), 1991. */
void qsc_ticket_lock(qsc_ticket *lock);

/* Locks if nobody holds or awaits the lock.
 * Returns whether the calling thread holds it now.
 * Does not block. Progress: wait-free. Memory order: acquire when true, none when false. Any thread, but it
 * may not stand still in this call while the others lock 2^32 times. Not inside of a signal handler. */
__attribute__((warn_unused_result)) bool qsc_ticket_trylock(qsc_ticket *lock);

/* Unlocks and calls the next ticket.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later lock. The
 * thread that holds it. Not inside of a signal handler. */
void qsc_ticket_unlock(qsc_ticket *lock);

/* Locks, with `node` (of any content) standing in line until the unlock. All bytes zero is an unlocked lock.
 * Blocks, awake. Progress: blocking, for those who stand in line before it. Memory order: acquire, sees all
 * that was done before every earlier unlock. Any thread that does not hold it already. Not inside of a signal
 * handler. Source: Mellor-Crummey and Scott as above. */
void qsc_mcs_lock(qsc_mcs *lock, qsc_mcs_node *node);

/* Locks if nobody holds or awaits the lock; `node` stands in line until the unlock only if it did.
 * Returns whether the calling thread holds it now.
 * Does not block. Progress: wait-free. Memory order: acquire when true, none when false. Any thread. Not
 * inside of a signal handler. */
__attribute__((warn_unused_result)) bool qsc_mcs_trylock(qsc_mcs *lock, qsc_mcs_node *node);

/* Unlocks and hands over to the next in line. `node`, with which it was locked, is free again.
 * Progress: wait-free but for a successor between its two steps of joining the line, for which it waits,
 * awake. Memory order: release, pairs with the acquire of every later lock. The thread that holds it. Not
 * inside of a signal handler. */
void qsc_mcs_unlock(qsc_mcs *lock, qsc_mcs_node *node);

/* Makes an unlocked lock that keeps `node` (of any content): the nodes of a lock are one for each thread and
 * this one, they change hands with every handover and must live until the lock's end.
 * Does not block. Memory order: hand the lock to other threads by something that synchronises. */
void qsc_clh_init(qsc_clh *lock, qsc_clh_node *node);

/* The end of a lock that nobody holds or awaits, by a thread that is ordered after its last unlock.
 * Returns the node that it kept, which is the caller's. Does not block. */
qsc_clh_node *qsc_clh_fini(qsc_clh *lock);

/* Locks, with `node` (of any content) standing in line.
 * Blocks, awake. Progress: blocking, for those who stand in line before it. Memory order: acquire, sees all
 * that was done before every earlier unlock. Any thread that does not hold it already. Not inside of a signal
 * handler. Source: T. S. Craig, "Building FIFO and priority-queueing spin locks from atomic swap", University
 * of Washington TR 93-02-02, 1993; P. Magnusson, A. Landin and E. Hagersten, "Queue locks on cache coherent
 * multiprocessors", IPPS 1994. Unlike there the line of a free lock is empty, which costs an unlock a
 * read-modify-write and makes a try possible that looks at nobody's node. */
void qsc_clh_lock(qsc_clh *lock, qsc_clh_node *node);

/* Locks if nobody holds or awaits the lock; otherwise `node` remains the caller's.
 * Returns whether the calling thread holds it now.
 * Does not block. Progress: wait-free. Memory order: acquire when true, none when false. Any thread. Not
 * inside of a signal handler. */
__attribute__((warn_unused_result)) bool qsc_clh_trylock(qsc_clh *lock, qsc_clh_node *node);

/* Unlocks and hands over to the next in line; `node` is the one with which it was locked.
 * Returns the node that is the caller's from now on: the same if nobody waited, else another.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of every later lock. The
 * thread that holds it. Not inside of a signal handler. */
__attribute__((warn_unused_result)) qsc_clh_node *qsc_clh_unlock(qsc_clh *lock, qsc_clh_node *node);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_tas_dump(const qsc_tas *lock, char *text, size_t size);

/* As qsc_tas_dump. */
int qsc_ticket_dump(const qsc_ticket *lock, char *text, size_t size);

/* As qsc_tas_dump. */
int qsc_mcs_dump(const qsc_mcs *lock, char *text, size_t size);

/* As qsc_tas_dump. */
int qsc_clh_dump(const qsc_clh *lock, char *text, size_t size);

/* All four behind one face, for programs that compare them. `lock` has `size` bytes, aligned as a pointer;
 * `node` has `node_size` bytes, aligned to 64, and is not looked at where that is 0. init and unlock are as
 * those of the CLH lock: init makes an unlocked lock of any bytes and may keep the node, unlock returns the
 * node that is the caller's from now on, and fini what init kept, or NULL. */
struct qsc_spin_ops {
    const char *name;
    size_t size, node_size;
    bool fifo; /* threads enter in the order in which they joined the line */
    void (*init)(void *lock, void *node);
    void *(*fini)(void *lock);
    void (*lock)(void *lock, void *node);
    bool (*trylock)(void *lock, void *node);
    void *(*unlock)(void *lock, void *node);
};

#define QSC_SPIN_LOCKS 4
extern const struct qsc_spin_ops qsc_spin_ops[QSC_SPIN_LOCKS]; /* "tas", "ticket", "mcs", "clh" */

#ifdef __cplusplus
}
#endif
#endif
