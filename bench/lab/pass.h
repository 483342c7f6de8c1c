/* What a thread of a run does from the opening of the gate to the end: it passes through the locks, as soon
 * as it can or (open loop) when the time drawn for a pass has come, and notes what the plan asks for. */
#ifndef QUIESCE_LAB_PASS_H
#define QUIESCE_LAB_PASS_H

#include "cache_lines.h"
#include "run.h"
#include "zipf.h"

#include <stdatomic.h>

/* What the threads of a run share. They write to `granted`, to the grants and to the places alone. */
struct lab_course {
    struct lab_plan plan; /* a copy: a thread that does not come back may outlive the caller's */
    uint64_t start, end, window, stride_ticks;         /* ticks */
    struct lab_lengths section, long_section, outside; /* steps of work */
    struct lab_lengths interval;                       /* ticks */
    double ns_per_tick;
    struct lab_zipf *zipf; /* NULL: there is one lock */
    bool crowded;          /* there are more threads than processors */

    /* For each lock a place: the lines that its sections touch, then the lock. The first word of the first
     * line is one more by each exclusive section: their number, if the lock excludes. */
    char *places;
    size_t place_bytes, lock_offset;

    struct lab_grant *grants; /* room for those to be traced, and one for each thread that waits at the end */
    /* How many were claimed, also in vain. Relaxed: it hands out places, and what is in them is read when the
     * threads have been joined. */
    _Alignas(LAB_LINE) _Atomic uint32_t granted;
};

/* A thread's own, in lines of its own. */
struct lab_passer {
    _Alignas(LAB_LINE) struct lab_course *course;
    uint32_t index;
    char *waiters;    /* one for each lock, if the lock has any */
    uint32_t *counts; /* [0] before the start, [1 .. windows], [windows + 1] after the end */
    uint64_t random;
    uint64_t written, reads, longest_wait; /* passes of any time; of the windows; ticks */
    uint64_t seen;                         /* what the reader saw, so that it has to look */
    struct lab_latencies *latencies;       /* NULL: not asked for */
    uint64_t intended;                     /* when the pass is to begin; closed loop: UINT64_MAX */
    uint64_t still_waits; /* since when it asked for the first pass that the trace has not; 0: none */
    bool late;            /* its first pass began after `start` */
};

static inline char *lab_place_at(const struct lab_course *course, unsigned i)
{
    return course->places + i * course->place_bytes;
}

static inline void *lab_lock_at(const struct lab_course *course, unsigned i)
{
    return lab_place_at(course, i) + course->lock_offset;
}

/* A lock may link a waiter to itself as long as the thread lives (ck's big-reader lock does): each has its
 * own of each thread. */
static inline size_t lab_waiter_bytes(const struct lab_lock *kind)
{
    return kind->waiter_size > 0 ? lab_whole_lines(kind->waiter_size) : 0;
}

static inline void *lab_waiter_at(const struct lab_passer *self, unsigned i)
{
    return self->waiters + i * lab_waiter_bytes(self->course->plan.lock);
}

/* By each thread, when `start` and `end` are set. Blocks until the end, and as long as the lock does then. */
void lab_pass_until_end(struct lab_passer *self);

#endif
