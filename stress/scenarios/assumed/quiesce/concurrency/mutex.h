/* mutex.h as the explorations of the snapshot and the pool have it: the C library's, which the explorer knows
 * to be a lock. The orders of our own are explored by its own client; explored again at each lock of theirs,
 * its accesses would multiply the executions and show nothing new. */
#ifndef QUIESCE_CONCURRENCY_MUTEX_H
#define QUIESCE_CONCURRENCY_MUTEX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

typedef struct {
    pthread_mutex_t mutex;
} qsc_mutex;

/* clang-format off */
#define QSC_MUTEX_INIT {PTHREAD_MUTEX_INITIALIZER}
/* clang-format on */

static inline void qsc_mutex_lock(qsc_mutex *mutex)
{
    (void)pthread_mutex_lock(&mutex->mutex); // a normal mutex that is free or another's: there is no error
}

__attribute__((warn_unused_result)) static inline bool qsc_mutex_trylock(qsc_mutex *mutex)
{
    return pthread_mutex_trylock(&mutex->mutex) == 0;
}

static inline void qsc_mutex_unlock(qsc_mutex *mutex)
{
    (void)pthread_mutex_unlock(&mutex->mutex);
}

#endif
