/* spinbarrier.h: a number of threads wait awake until all of them have come, again and again.
 *
 * For threads that all run, such as the workers of a pool between the steps of a computation, where what lies
 * between two steps is shorter than a sleep and a wake-up. A waiter does not sleep; after a few microseconds
 * it offers its processor to others in every turn (sched_yield), so that more threads than processors make
 * progress, slowly. Where threads may be preempted, or come at different times, barrier.h is the better one;
 * it also has _until and _cancellable forms, which this one has not: who has come cannot go back.
 *
 * A central count, and a round in a line of its own on which all wait: the sense-reversing barrier (D.
 * Hensgen, R. Finkel and U. Manber, "Two algorithms for barrier synchronization", International Journal of
 * Parallel Programming 17(1), 1988; J. M. Mellor-Crummey and M. L. Scott, ACM TOCS 9(1), 1991), with the
 * number of the round for a sense, so that no thread keeps a state or has a number: whichever threads come,
 * as tasks of a pool may run on any worker. A dissemination barrier would take the logarithm of the threads
 * in place of one read-modify-write of each on one line, which pays for many threads on several sockets only.
 *
 * All bytes zero is a valid barrier for one thread, which never waits; there is nothing to destroy. Its
 * memory must stay until all waits have returned. Not shared between processes. */
#ifndef QUIESCE_CONCURRENCY_SPINBARRIER_H
#define QUIESCE_CONCURRENCY_SPINBARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    __attribute__((aligned(64))) uint64_t come;   /* private: threads, in all rounds */
    __attribute__((aligned(64))) uint64_t passed; /* private: rounds */
    uint32_t parties;                             /* private */
} qsc_spinbarrier;

/* A barrier for so many threads, 1 or more. */
/* clang-format off */
#define QSC_SPINBARRIER_INIT(threads) {0, 0, (uint32_t)(threads)}
/* clang-format on */

/* Waits until all threads have come.
 * Returns whether the calling thread is the last of them to come; true for exactly one a round.
 * Blocks, awake. Progress: blocking. Memory order: everything that each of the threads did before it came
 * happens before everything that any of them does afterwards. Any thread, as many as the barrier is for. Not
 * inside of a signal handler. */
bool qsc_spinbarrier_wait(qsc_spinbarrier *barrier);

/* Passes if all other threads are waiting, and lets them go, as the last; else it is as if the thread had not
 * come.
 * Returns whether it passed.
 * Does not block. Progress: wait-free. Memory order: as qsc_spinbarrier_wait when true, none when false. Any
 * thread, as many as the barrier is for. Not inside of a signal handler. */
__attribute__((warn_unused_result)) bool qsc_spinbarrier_trywait(qsc_spinbarrier *barrier);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_spinbarrier_dump(const qsc_spinbarrier *barrier, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
