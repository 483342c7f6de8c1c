/* What the tests of the snapshot cell share: patience with an end, counted destructors. Checks are made on
 * the main thread only; a helper thread reports through what it returns. */
#ifndef QUIESCE_TESTS_CONCURRENCY_SNAPSHOT_SUPPORT_H
#define QUIESCE_TESTS_CONCURRENCY_SNAPSHOT_SUPPORT_H

#include "threads.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/snapshot.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

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

#endif
