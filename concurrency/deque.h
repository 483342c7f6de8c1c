/* deque.h (internal): the work-stealing deque. Its owner pushes and takes at the bottom, any thread steals
 * from the top.
 *
 * D. Chase, Y. Lev, "Dynamic circular work-stealing deque", SPAA 2005; the orders follow N. M. Le, A. Pop, A.
 * Cohen, F. Zappa Nardelli, "Correct and efficient work-stealing for weak memory models", PPoPP 2013, with
 * seq_cst accesses in the place of their fences, which ThreadSanitizer cannot see. */
#ifndef QUIESCE_CONCURRENCY_DEQUE_H
#define QUIESCE_CONCURRENCY_DEQUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct qsc_deque_ring;

struct qsc_deque {
    _Alignas(64) _Atomic int64_t top;    /* the next index to steal: only ever grows */
    _Alignas(64) _Atomic int64_t bottom; /* the next index to push */
    _Atomic(struct qsc_deque_ring *) ring;
};

/* Makes an empty deque with room for `capacity` items (a power of two) before it has to grow.
 * Returns 0 or ENOMEM. */
int qsc_deque_init(struct qsc_deque *deque, int64_t capacity) __attribute__((warn_unused_result));

/* Frees its memory, that of outgrown rings too. No thread uses the deque any more. */
void qsc_deque_fini(struct qsc_deque *deque);

/* Puts `item` (not NULL) at the bottom.
 * Returns 0, or ENOMEM when the deque is full and cannot grow: then it is unchanged; there is always room for
 * an item that was just taken. Owner only. Wait-free but for the allocation. Memory order: release, pairs
 * with steal. The push comes before whatever seq_cst load the caller does next in the total order of seq_cst
 * operations: the owner may ask whether a thief sleeps. */
int qsc_deque_push(struct qsc_deque *deque, void *item) __attribute__((warn_unused_result));

/* Takes the item pushed last. Returns NULL when the deque is empty. Owner only. Wait-free. */
void *qsc_deque_take(struct qsc_deque *deque);

/* Steals the item pushed first into *item.
 * Returns 0; EAGAIN when another thread took that item at the same time, there may be more; ENOENT when the
 * deque is empty. Any thread, the owner too. Lock-free: EAGAIN means that another thread got on. Memory
 * order: acquire, pairs with push. ENOENT is a seq_cst observation: a thread that announced by a seq_cst
 * read-modify-write that it will sleep, and then finds all deques empty, misses no push whose owner does not
 * see the announcement. */
int qsc_deque_steal(struct qsc_deque *deque, void **item) __attribute__((warn_unused_result));

/* Whether there is nothing to steal: "yes" as steal would find (seq_cst), "no" may be out of date. Any
 * thread. Wait-free. */
static inline bool qsc_deque_is_empty(const struct qsc_deque *deque)
{
    /* relaxed: it only grows, an old value can only say "no" */
    int64_t top = atomic_load_explicit(&deque->top, memory_order_relaxed);
    /* seq_cst: as in steal */
    return top >= atomic_load_explicit(&deque->bottom, memory_order_seq_cst);
}

#endif
