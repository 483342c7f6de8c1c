/* One run: threads that pass through one lock for a fixed time.
 *
 * A pass is: ask for the lock, the critical section, unlock, the section outside. All threads stand at a
 * barrier until each is ready; then they warm up, and from `start` to `end` their passes are counted, each
 * in the window of 1 ms in which it ends. Nothing outside of [start, end) counts. There is no measuring
 * thread: each thread reads the clock and keeps its own counts, and the thread that started them sleeps. */
#ifndef QUIESCE_LAB_RUN_H
#define QUIESCE_LAB_RUN_H

#include "latencies.h"
#include "lengths.h"
#include "lock.h"
#include "trace.h"

#include <stdint.h>

enum { LAB_THREADS_MAX = 256, LAB_SECONDS_MAX = 60, LAB_WINDOW_NS = 1000000 };
enum { LAB_LINES_MAX = 256, LAB_LOCKS_MAX = 4096 }; /* with those, a run takes 300 MB at most */

struct lab_plan {
    const struct lab_lock *lock;
    unsigned threads;
    uint64_t section_ns, outside_ns; /* mean lengths, each drawn anew as the shape says */
    enum lab_shape shape;
    unsigned long_threads; /* the first so many have sections of long_section_ns instead */
    uint64_t long_section_ns;
    unsigned lines;      /* cache lines that a section reads and, if it does not only read, writes; 0: 1 */
    unsigned locks;      /* of which each pass takes one, each with lines of its own; 0: 1 */
    double skew;         /* the i-th lock is drawn with a weight of 1 / i^skew */
    unsigned reads;      /* percent of the passes that only read, drawn each time */
    unsigned background; /* threads besides, which compute until the end and take no lock */
    uint64_t warm_up_ns;
    uint32_t windows; /* of LAB_WINDOW_NS each */
    /* Whether each wait is measured: two stamps a pass, one of them inside the section. Otherwise a thread
     * looks at the clock when about 1 us has passed, so that a pass costs what the lock costs. */
    bool waits;
    uint32_t trace;       /* with `waits`: note so many passes, from the start on, of the one lock */
    bool latencies;       /* with `waits`: keep their distribution */
    uint64_t interval_ns; /* open loop, with `latencies`: mean time between the beginnings of a thread's
                             passes, drawn from an exponential distribution; at most 0.1 s; 0: closed loop */
    bool pin;             /* thread i to the i-th processor that the process may use, round and round */
    uint64_t patience_ns; /* how long after the end a thread may still wait; 0: 10 s */
};

struct lab_thread_result {
    uint32_t *counts; /* passes of each window */
    uint64_t passes, reads;
    uint64_t
        longest_wait_ns; /* the part of it inside of [start, end), also of a wait that did not end there */
    struct lab_latencies *latencies; /* NULL: not asked for */
    bool late;                       /* its first pass began after `start` */
    uint64_t preempted;              /* involuntary context switches, warm-up included */
};

struct lab_result {
    unsigned threads;
    uint32_t windows;
    uint64_t start, end; /* ticks of clock.h */
    struct lab_thread_result *of;
    struct lab_trace trace;
    double steal; /* share of the processors' time that the hypervisor gave to others; below 0: unknown */
};

/* Runs it.
 * Returns 0 and the result, which is the caller's; ENOMEM or EAGAIN when memory or threads are not to be had;
 * what the lock's init returns; ENOTRECOVERABLE when two threads were inside of an exclusive section;
 * ETIMEDOUT when a thread did not come back: its memory is lost and the process had better end.
 * Blocks for the time of the run. One thread at a time. */
__attribute__((warn_unused_result)) int lab_run(struct lab_result *result, const struct lab_plan *plan);

void lab_result_fini(struct lab_result *result);

uint64_t lab_result_passes(const struct lab_result *result);   /* of all threads */
double lab_result_throughput(const struct lab_result *result); /* passes of all threads a second */

#endif
