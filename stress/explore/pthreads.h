/* What C11's threads share with pthread's, whose objects they are in the C library too. `site` is where the
 * program calls; codes are pthread's. */
#ifndef QUIESCE_EXPLORE_PTHREADS_H
#define QUIESCE_EXPLORE_PTHREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

pthread_t qx_thread_handle(int number);
int qx_thread_join(pthread_t thread, void **result, const void *site);
void qx_thread_detach(pthread_t thread, const void *site);

/* Without `wait`: EBUSY where it would have to. */
int qx_mutex_lock(pthread_mutex_t *mutex, bool wait, const void *site);
int qx_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *deadline, const void *site);
void qx_mutex_unlock(pthread_mutex_t *mutex, const void *site);
void qx_mutex_destroy(pthread_mutex_t *mutex, const void *site);

/* deadline: NULL where there is none. */
int qx_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *deadline,
                      const void *site);
void qx_once(pthread_once_t *once, void (*routine)(void), const void *site);

#endif
