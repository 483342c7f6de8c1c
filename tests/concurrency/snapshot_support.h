/* What the tests of the snapshot cell share: threads, patience, counted destructors. Checks are made on the
 * main thread only; a helper thread reports through what it returns. */
#ifndef QUIESCE_TESTS_CONCURRENCY_SNAPSHOT_SUPPORT_H
#define QUIESCE_TESTS_CONCURRENCY_SNAPSHOT_SUPPORT_H

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <quiesce/concurrency/snapshot.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Polls until the condition holds; false after some seconds. */
#define EVENTUALLY(condition)                                      \
    ({                                                             \
        bool holds_ = (condition);                                 \
        for (int tries_ = 0; !holds_ && tries_ < 5000; tries_++) { \
            sleep_ms(1);                                           \
            holds_ = (condition);                                  \
        }                                                          \
        holds_;                                                    \
    })

static inline struct timespec in_ms(long ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* An object that notices its destruction. */
struct counted {
    atomic_int destroyed;
    pthread_t destroyer;
};

static inline void counted_destroy(void *object)
{
    struct counted *counted = object;
    counted->destroyer = pthread_self();
    atomic_fetch_add(&counted->destroyed, 1);
}

static inline int publish(qsc_snapshot *cell, struct counted *object)
{
    return qsc_snapshot_publish(cell, object, sizeof *object, counted_destroy, NULL);
}

static inline struct qsc_snapshot_stats stats_of(qsc_snapshot *cell)
{
    struct qsc_snapshot_stats stats;
    qsc_snapshot_get_stats(cell, &stats);
    return stats;
}

static inline pthread_t start(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, run, arg), 0);
    return thread;
}

static inline void *join(pthread_t thread)
{
    void *result;
    cr_assert_eq(pthread_join(thread, &result), 0);
    return result;
}

#endif
