/* Read-copy-update: readers that never wait, and writers that can wait for them.
 *
 * A reader brackets its accesses with qsc_rcu_read_lock and qsc_rcu_read_unlock; a writer that has made an
 * object unreachable calls qsc_rcu_synchronize and may then destroy it. Grace periods are liburcu's
 * (flavour memb: the read side has no fence, the writer pays for both with membarrier(2)). Pointers are
 * published and loaded by the caller with C11 release and acquire, never with liburcu's macros, so that
 * ThreadSanitizer and model checkers see them.
 *
 * Threads register on first use and leave when they exit. After fork() only the calling thread exists in
 * the child, yet the others still count as readers there: the child may read, but must exec or _exit before
 * anybody waits for a grace period. */
#ifndef QUIESCE_CONCURRENCY_RCU_H
#define QUIESCE_CONCURRENCY_RCU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Registers the calling thread now rather than in its first read section.
 * Returns: 0; EAGAIN or ENOMEM when the hook that unregisters the thread at its exit cannot be installed.
 * Blocks: briefly, on liburcu's registry lock. Progress: blocking. Memory order: none.
 * Threads: any; calling it again costs nothing. Not inside: a signal handler. */
int qsc_rcu_register_thread(void) __attribute__((warn_unused_result));

/* Enters a read section: no grace period that begins from now on ends before the matching unlock. Sections
 * nest.
 * Returns: nothing; it cannot fail. A thread whose exit hook cannot be installed registers anew for each
 * section.
 * Blocks: no, except on the registry lock in a thread's first section. Progress: wait-free, from the second
 * section on.
 * Memory order: the section sees everything that happened before a qsc_rcu_synchronize which did not wait
 * for it.
 * Threads: any. Not inside: a signal handler. Until the unlock nothing may be called that waits for a grace
 * period.
 * Source: Desnoyers, McKenney, Stern, Dagenais and Walpole, User-Level Implementations of Read-Copy Update,
 * 2012. */
static inline void qsc_rcu_read_lock(void);

/* Leaves the section that the matching qsc_rcu_read_lock of this thread entered.
 * Returns: nothing.
 * Blocks: no. Progress: wait-free; a writer that sleeps until readers leave is woken by a system call.
 * Memory order: everything in the section happens before the return of each qsc_rcu_synchronize that waited
 * for it.
 * Threads: the one that entered. Not inside: a signal handler. */
static inline void qsc_rcu_read_unlock(void);

/* Waits for a grace period: until every read section that had begun before the call has ended.
 * Returns: nothing.
 * Blocks: until those readers leave: tens of microseconds with readers running, a time slice of the
 * scheduler or more when one of them is preempted. It cannot give up, as liburcu's grace period cannot be
 * left before its end; who must not wait defers (rcu_domain.h). Progress: blocking.
 * Memory order: what happened before the call is seen by every section that is not waited for; what
 * happened in a section that is waited for happens before the return.
 * Threads: any, registered or not. Not inside: a read section, for which it would wait for ever (asserted
 * in debug builds). */
void qsc_rcu_synchronize(void);

/* Whether the calling thread is in a read section.
 * Returns: true or false. Blocks: no. Progress: wait-free. Memory order: none. Threads: any. */
bool qsc_rcu_in_section(void);

/* The read side's fast path, inline because the two calls alone would cost more than all of it. It is
 * liburcu's protocol on liburcu's variables: a thread's word is 0 outside a section; inside it holds a copy
 * of the global word as it was on entry, with the depth of nesting in its low half. rcu.c asserts the
 * layout when it is compiled, and hands a thread the two addresses only where this short form is right:
 * where membarrier(2) works and no sanitizer watches. In every other thread `word` is NULL, and it takes
 * the calls. */
struct qsc_rcu_grace_period {
    unsigned long word; /* the phase in the high half, 1 in the low half */
    int32_t waiting;    /* -1 while a writer sleeps until a reader leaves */
};
struct qsc_rcu_thread {
    unsigned long *word;
    const struct qsc_rcu_grace_period *period;
};
/* initial-exec: 16 bytes fit into the static block even when the library comes by dlopen. */
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
    /* The compiler is kept from moving the section up by this; the processor by the writer's membarrier,
     * which is a full fence at this place in every running reader. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void qsc_rcu_read_unlock(void)
{
    unsigned long *word = qsc_rcu_thread.word;
    if (__builtin_expect(word == NULL || (uint32_t)__atomic_load_n(word, __ATOMIC_RELAXED) != 1, 0)) {
        qsc_rcu_read_unlock_slow();
        return;
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* keeps the section above; the membarrier as on entry */
    __atomic_store_n(word, 0, __ATOMIC_RELAXED);
    /* First leave, then look for a sleeper; the writer first says that it sleeps, then looks at the words. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (__builtin_expect(__atomic_load_n(&qsc_rcu_thread.period->waiting, __ATOMIC_RELAXED) == -1, 0))
        qsc_rcu_wake_writer_slow();
}

#ifdef __cplusplus
}
#endif

#endif
