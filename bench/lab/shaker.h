/* Looks for faults of a lock: threads whose sections check that they exclude, while their number changes all
 * the time and they are interrupted wherever they are.
 *
 * Every 5 to 15 ms another number of the threads may pass, every now and then none: then each has to come
 * back from the lock, and whoever does not is stuck (a lost wake-up, a deadlock). Meanwhile threads yield,
 * sleep and move to other processors, before a section and inside of it, and are sent signals whose handler
 * yields or sleeps, in the midst of the lock's own code. That is a search, not a proof. Source of the change
 * in numbers: P. Buhr et al.'s harness, whose locks failed when contention changed. */
#ifndef QUIESCE_LAB_SHAKER_H
#define QUIESCE_LAB_SHAKER_H

#include "lock.h"

#include <stdint.h>

struct lab_shake_plan {
    const struct lab_lock *lock;
    unsigned threads;
    unsigned reads; /* percent of the passes that only read */
    uint64_t ns;
    uint64_t patience_ns; /* for how long a thread may take to come back */
    uint64_t seed;        /* not 0 */
};

enum lab_shake_verdict {
    LAB_SHAKE_HELD,
    LAB_SHAKE_TWO_INSIDE,       /* an exclusive section was not alone */
    LAB_SHAKE_READER_DISTURBED, /* something was written while a reader read */
    LAB_SHAKE_STUCK,            /* a thread did not come back though nobody was to enter any more */
};

struct lab_shake_result {
    enum lab_shake_verdict verdict;
    bool stuck; /* a thread did not come back, whatever was found before: memory and threads are lost, the
                   counts are not to be had, and the process had better end */
    uint64_t passes, reads;
    uint64_t handovers; /* writes after a write of another thread: with few of them little was tried */
    uint64_t phases, signals;
    uint64_t ns; /* until the fault was found, or the end */
};

/* Shakes it.
 * Returns 0 and the result; ENOMEM or EAGAIN when memory, threads or the signal are not to be had; what the
 * lock's init returns.
 * Blocks. One thread at a time; uses the signal SIGRTMAX - 1. */
__attribute__((warn_unused_result)) int lab_shake(struct lab_shake_result *result,
                                                  const struct lab_shake_plan *plan);

#endif
