/* hazard.h: hazard pointers: a thread says which objects it is looking at, and those alone are kept.
 *
 *     struct qsc_hazards *mine = qsc_hazard_get(&domain);          // NULL: no memory
 *     struct route *route = qsc_hazard_protect(mine, 0, &current); // whole until the clear
 *     ...                                                          // may sleep, may take long
 *     qsc_hazard_clear(mine, 0);
 *
 *     old = atomic_exchange(&current, new);                        // no reader finds it from here on
 *     qsc_hazard_retire(&domain, &old->node, old, destroy);
 *
 * Against RCU (rcu_domain.h): a reader that stays holds up its one object and nothing else, so that it may
 * sleep with it, and what waits for destruction is bounded whatever readers do, without anyone waiting. The
 * price is a locked instruction for each object protected. For one object that everybody reads snapshot.h is
 * faster, and its pins may go to other threads.
 *
 * An object is retired once, by whoever made it unreachable. When as many are retired as there are slots,
 * twice over, and 64 at least, whoever retires the next scans: it destroys all that no slot names. So a scan
 * always destroys half of what it looks at, and no more than that number waits, and as many again for each
 * other thread that is in a scan, and what the destructors of the last scans retired themselves. Neither a
 * thread that exits nor one that stands still leaves garbage to itself.
 *
 * A protection stays in its slot. To copy it into another one, of this thread or of another, and to clear the
 * first protects nothing: a scan may pass by either slot while it is empty. Let slots change their roles.
 *
 * After fork() what other threads of the parent protected stays protected in the child, for ever.
 *
 * The source: M. Michael, Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects, 2004; the names of
 * C++26 (P2530), which has them as objects. */
#ifndef QUIESCE_CONCURRENCY_HAZARD_H
#define QUIESCE_CONCURRENCY_HAZARD_H

#include <quiesce/concurrency/per_thread.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A member of the object that is retired. Its content is the domain's from then on until the destructor is
 * called, and may be anything before and after. */
typedef struct qsc_hazard_node { /* all private */
    struct qsc_hazard_node *next;
    void *object;
    void (*destroy)(void *object);
} qsc_hazard_node;

typedef struct { /* all private */
    qsc_per_thread records;
    unsigned slots;
    uint32_t threads; /* that have a record */
    qsc_hazard_node *retired;
    uint64_t count; /* of them */
} qsc_hazard_domain;

/* A thread's slots. */
struct qsc_hazards { /* all private */
    uint64_t turn;
    uint64_t known;
    void *slots[]; /* so many as the domain says */
};

/* Makes a domain in which each thread has so many slots: as many as objects that it protects at one time.
 * Returns: 0; EINVAL for no slot; ENOMEM.
 * Blocks: briefly, on a lock. Progress: blocking (allocates).
 * Memory order: none; the caller hands the domain to other threads by means of its own.
 * Threads: one. Not inside: a signal handler or a read section. */
int qsc_hazard_domain_init(qsc_hazard_domain *domain, unsigned slots) __attribute__((warn_unused_result));

/* Destroys everything that is retired, what the destructors retire included, and frees the slots.
 * Returns: 0; EBUSY while something retired is protected: then the domain may be used on.
 * Blocks: briefly, on a lock. Progress: blocking.
 * Memory order: everything that was done with what it destroys happens before the return.
 * Threads: one, while no other uses the domain; those that did may live on or have exited. Not inside: a
 * destructor of this domain, a signal handler. */
int qsc_hazard_domain_fini(qsc_hazard_domain *domain) __attribute__((warn_unused_result));

/* The calling thread's slots. A thread clears them before it exits; then they go to the next thread that
 * asks. Returns: them, the same until the thread exits; NULL when there is no memory, or no hook for the
 * thread's exit to be had. Blocks: no; the first time briefly, on a lock. Progress: wait-free but for the
 * first time (allocates). Memory order: none for the caller to rely on. Threads: any. Not inside: a signal
 * handler; the first time not inside a read section either. */
static inline struct qsc_hazards *qsc_hazard_get(qsc_hazard_domain *domain)
    __attribute__((warn_unused_result));

/* Protects what the pointer at `source` points to: it is read into slot `slot`, until it is found there still
 * when the slot says so. `source` is the address of a pointer that others change by atomic accesses.
 * Returns: the object, whole until the slot is used again; NULL where the pointer is NULL.
 * Blocks: no. Progress: lock-free: it repeats when the pointer changed meanwhile.
 * Memory order: acquire; pairs with the caller's release in publishing the object.
 * Threads: that of the slots. Not inside: a signal handler. */
static inline void *qsc_hazard_protect(struct qsc_hazards *mine, unsigned slot, const void *source);

/* Puts an object into a slot, or NULL, for callers whose pointers carry marks. It is protected only if
 * afterwards, by an acquire load, it is found to be reachable still.
 * Returns: nothing. Blocks: no. Progress: wait-free.
 * Memory order: such a load finds at least what was there before each scan that misses the slot.
 * Threads: that of the slots. Not inside: a signal handler. */
static inline void qsc_hazard_set(struct qsc_hazards *mine, unsigned slot, const void *object);

/* Empties a slot: what it protected must not be touched any more.
 * Returns: nothing. Blocks: no. Progress: wait-free: one store.
 * Memory order: release; everything that this thread did with the object happens before its destructor.
 * Threads: that of the slots. */
static inline void qsc_hazard_clear(struct qsc_hazards *mine, unsigned slot);

/* Has destroy(object) called once no slot names the object, which nobody finds any more; `node` is part of
 * it. The call may destroy others, on this thread, and destructors may retire others in turn.
 * Returns: nothing; it cannot fail.
 * Blocks: no, but for what destructors do. Progress: lock-free.
 * Memory order: what happened before the retirement, and under each protection, happens before the
 * destructor. By whatever order the object was made unreachable.
 * Threads: any, with slots or without. Not inside: a signal handler; with no lock that a destructor takes. */
void qsc_hazard_retire(qsc_hazard_domain *domain, qsc_hazard_node *node, void *object,
                       void (*destroy)(void *object));

/* Destroys what is retired and no slot names, however little it is: for a thread with time to spare.
 * Returns: whether it destroyed anything. The rest: as qsc_hazard_retire; inside a destructor of this domain
 * it does nothing. */
bool qsc_hazard_scan(qsc_hazard_domain *domain);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns: the length of the whole, as snprintf. Blocks: no. Progress: wait-free in the number of slots.
 * Memory order: none: it was true a moment ago. Threads: any. Not inside: a signal handler. */
int qsc_hazard_domain_dump(const qsc_hazard_domain *domain, char *text, size_t size);

/* How a reader and a scan do not miss each other. The reader writes its slot, then changes `turn` of its
 * record, then looks at the source again. The scan comes after the object was made unreachable; it changes
 * `turn`, too, then reads the slot. Changes by read-modify-write of one word have one order: if the reader's
 * came first, the scan finds the slot written; if the scan's came first, the reader finds the source changed.
 * Neither a fence nor an order of the caller's own accesses is needed for it. */

typedef void *__attribute__((may_alias)) qsc_hazard_pointer;

struct qsc_hazards *qsc_hazard_register_slow(qsc_hazard_domain *domain, struct qsc_hazards *mine);

static inline struct qsc_hazards *qsc_hazard_get(qsc_hazard_domain *domain)
{
    struct qsc_hazards *mine = (struct qsc_hazards *)qsc_per_thread_get(&domain->records);
    return __builtin_expect(mine && mine->known, 1) ? mine : qsc_hazard_register_slow(domain, mine);
}

static inline void qsc_hazard_set(struct qsc_hazards *mine, unsigned slot, const void *object)
{
    /* release: pairs with the load in qsc_hazard_scan, for what was done with the slot's former object */
    __atomic_store_n(&mine->slots[slot], (void *)object, __ATOMIC_RELEASE);
    /* acq_rel: pairs with the change of `turn` in qsc_hazard_scan, one way or the other */
    (void)__atomic_fetch_add(&mine->turn, 1, __ATOMIC_ACQ_REL);
}

static inline void *qsc_hazard_protect(struct qsc_hazards *mine, unsigned slot, const void *source)
{
    const qsc_hazard_pointer *pointer = (const qsc_hazard_pointer *)source;
    void *object = __atomic_load_n(pointer, __ATOMIC_RELAXED);
    for (;;) {
        qsc_hazard_set(mine, slot, object);
        void *now = __atomic_load_n(pointer, __ATOMIC_ACQUIRE); /* pairs with the caller's publication */
        if (__builtin_expect(now == object, 1))
            return object;
        object = now;
    }
}

static inline void qsc_hazard_clear(struct qsc_hazards *mine, unsigned slot)
{
    __atomic_store_n(&mine->slots[slot], NULL, __ATOMIC_RELEASE); /* pairs with qsc_hazard_scan */
}

#ifdef __cplusplus
}
#endif
#endif
