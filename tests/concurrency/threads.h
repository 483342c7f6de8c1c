/* threads.h: what the tests of blocking primitives share: deadlines, and patience until a condition holds. */
#ifndef QUIESCE_TESTS_CONCURRENCY_THREADS_H
#define QUIESCE_TESTS_CONCURRENCY_THREADS_H

#include <quiesce/concurrency/port.h>
#include <sched.h>

/* An absolute deadline, `milliseconds` from now; negative: that long ago. */
static inline struct timespec in_ms(long milliseconds)
{
    struct timespec t = qsc_port_now();
    long nanoseconds = t.tv_nsec + milliseconds % 1000 * 1000000;
    t.tv_sec += milliseconds / 1000 + (nanoseconds >= 1000000000) - (nanoseconds < 0);
    t.tv_nsec = (nanoseconds + 1000000000) % 1000000000;
    return t;
}

static inline void sleep_ms(long milliseconds)
{
    struct timespec span = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&span, NULL);
}

/* Waits until the condition holds; the test's own timeout ends a wait in vain. */
#define AWAIT(condition)     \
    do {                     \
        while (!(condition)) \
            sched_yield();   \
    } while (0)

#endif
