/* Who had the lock after whom: what a run noted of each pass, and what can be read from that.
 *
 * The grants stand in the order in which the lock was given. A thread that still waits when the trace ends
 * stands behind them with a grant that never came, so that whoever starved is not left out. */
#ifndef QUIESCE_LAB_TRACE_H
#define QUIESCE_LAB_TRACE_H

#include <stddef.h>
#include <stdint.h>

struct lab_grant {
    uint64_t asked, got, left; /* ticks; `left` when the unlock has returned */
    uint32_t thread;
};

struct lab_trace {
    struct lab_grant *grants; /* `count` that were given, then `waiting` that were not, by `asked` */
    uint32_t count, waiting;
};

/* How often a waiter was overtaken: by how many that asked after it and had the lock before it. */
struct lab_overtakes {
    double mean;
    uint32_t p99, most;
};

/* Of all waits of the trace, also those that did not end. Returns 0 or ENOMEM. */
__attribute__((warn_unused_result)) int lab_trace_overtakes(struct lab_overtakes *overtakes,
                                                            const struct lab_trace *trace);

/* How often thread i gave the lock to thread j: matrix[i * threads + j]. */
void lab_trace_handovers(uint64_t *matrix, const struct lab_trace *trace, unsigned threads);

/* For how long each thread held the lock, and how long nobody did, in ticks. An unlock belongs to the hold as
 * long as nobody else has the lock: what it takes lengthens everybody's wait. */
uint64_t lab_trace_held(uint64_t *held, const struct lab_trace *trace, unsigned threads);

/* Makes of the times held the lock opportunity times: how long each thread had the lock or could have had it
 * because nobody did. A thread with long sections has more of it than its passes tell.
 * Source: Y. Patel et al., "Avoiding scheduler subversion using scheduler-cooperative locks", EuroSys 2020.
 */
void lab_opportunity(uint64_t *held, unsigned threads, uint64_t idle);

#endif
