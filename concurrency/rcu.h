/* Read-copy-update: readers that never wait, and writers that can wait for them.
 *
 * A reader brackets its accesses with qsc_rcu_read_lock and qsc_rcu_read_unlock; a writer that has made an
 * object unreachable calls qsc_rcu_synchronize and may then destroy it. Grace periods are liburcu's (flavour
 * memb: the read side has no fence, the writer pays for both with membarrier(2)). Pointers are published and
 * loaded with C11 release and acquire by the caller, never with liburcu's macros, so that ThreadSanitizer and
 * model checkers see them.
 *
 * Threads register on first use and leave when they exit. After fork() only the calling thread exists in the
 * child, yet the others still count as readers there: the child may read, but must exec or _exit before
 * anybody waits for a grace period. */
#ifndef QUIESCE_CONCURRENCY_RCU_H
#define QUIESCE_CONCURRENCY_RCU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Registers the calling thread now instead of in its first read section, which then costs what every other
 * costs. Returns: 0; EAGAIN or ENOMEM when the hook that unregisters the thread at its exit cannot be
 * installed. Blocks: briefly, on liburcu's registry lock. Progress: blocking. Memory order: none. Threads:
 * any; calling it again is free. Not inside: a signal handler. */
int qsc_rcu_register_thread(void) __attribute__((warn_unused_result));

/* Enters a read section: no grace period that starts from now on ends before the matching unlock. Sections
 * nest. Returns: nothing; it cannot fail. A thread whose exit hook cannot be installed is registered anew for
 * each section. Blocks: no, but for the registration in a thread's first section. Progress: wait-free. Memory
 * order: accesses in the section are not seen before it begins by a thread that waited for it. Threads: any.
 * Not inside: a signal handler. Nothing that waits for a grace period may be called before the unlock.
 * Source: Desnoyers, McKenney, Stern, Dagenais, Walpole, User-Level Implementations of Read-Copy Update, TPDS
 * 2012. */
static inline void qsc_rcu_read_lock(void);

/* Leaves the section that the matching qsc_rcu_read_lock of this thread entered.
 * Returns: nothing. Blocks: no. Progress: wait-free (wakes a waiting writer by a system call when there is
 * one). Memory order: all accesses in the section happen before the return of a qsc_rcu_synchronize that
 * waited for it. Threads: the one that locked. Not inside: a signal handler. */
static inline void qsc_rcu_read_unlock(void);

/* Waits for a grace period: until every read section that had begun before the call has ended.
 * Returns: nothing. Blocks: until those readers leave; tens of microseconds with readers running, as long as
 * a scheduler's time slice when one of them is preempted. Progress: blocking. Memory order: everything before
 * the call is seen by sections that begin later, and everything in the sections waited for happens before the
 * return. Threads: any, registered or not. Not inside: a read section (asserted in debug builds: it would
 * wait for itself). */
void qsc_rcu_synchronize(void);

/* Whether the calling thread is in a read section.
 * Returns: true or false. Blocks: no. Progress: wait-free. Memory order: none. Threads: any. */
bool qsc_rcu_in_section(void);

/* What follows is the read side's fast path, inline because two calls alone cost more than the whole of it.
 * It is liburcu's protocol on liburcu's variables: a thread's own word is 0 outside a section and holds a
 * copy of the global word inside, with the nesting depth in its low half. rcu.c asserts the layout at compile
 * time and hands out the addresses, one thread at a time, only where this short form is right: where
 * membarrier(2) exists and no sanitizer watches. Every other thread has `word` NULL and takes the calls. */
struct qsc_rcu_grace_period {
    unsigned long word; /* phase in the high half, 1 in the low half */
    int32_t waiting;    /* -1 while a writer sleeps until a reader leaves */
};
struct qsc_rcu_thread {
    unsigned long *word;
    const struct qsc_rcu_grace_period *period;
};
/* initial-exec: 16 bytes fit into the static block even where this library arrives by dlopen. */
extern __thread struct qsc_rcu_thread qsc_rcu_thread __attribute__((tls_model("initial-exec")));

void qsc_rcu_read_lock_slow(void);
void qsc_rcu_read_unlock_slow(void);
void qsc_rcu_wake_writer_slow(void);

static inline void qsc_rcu_read_lock(void)
{
    unsigned long *word = qsc_rcu_thread.word;
    if (__builtin_expect(word == NULL || (uint32_t)__atomic_load_n(word, __ATOMIC_RELAXED) != 0, 0)) {
        qsc_rcu_read_lock_slow();
        return;
    }
    __atomic_store_n(word, __atomic_load_n(&qsc_rcu_thread.period->word, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
    /* Keeps the compiler from moving the section's accesses up; the processor is kept by the membarrier in
     * the writer's qsc_rcu_synchronize, which acts as a full fence at this point of every running reader. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void qsc_rcu_read_unlock(void)
{
    unsigned long *word = qsc_rcu_thread.word;
    if (__builtin_expect(word == NULL || (uint32_t)__atomic_load_n(word, __ATOMIC_RELAXED) != 1, 0)) {
        qsc_rcu_read_unlock_slow();
        return;
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* the section's accesses stay above; see qsc_rcu_read_lock */
    __atomic_store_n(word, 0, __ATOMIC_RELAXED);
    __atomic_signal_fence(
        __ATOMIC_SEQ_CST); /* store, then load: the writer's membarrier stands between its two */
    if (__builtin_expect(__atomic_load_n(&qsc_rcu_thread.period->waiting, __ATOMIC_RELAXED) == -1, 0))
        qsc_rcu_wake_writer_slow();
}

#ifdef __cplusplus
}
#endif

#endif
