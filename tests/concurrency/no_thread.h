/* no_thread.h: pthread_create that fails at will. The linker routes it through the test (--wrap in
 * CMakeLists.txt). */
#ifndef QUIESCE_TESTS_CONCURRENCY_NO_THREAD_H
#define QUIESCE_TESTS_CONCURRENCY_NO_THREAD_H

#include <pthread.h>
#include <stdatomic.h>

static atomic_int no_thread_error; /* 0: none, threads are started */
static atomic_int no_thread_after; /* so many are started before that error */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg)
{
    if (no_thread_error && no_thread_after-- <= 0)
        return no_thread_error;
    return __real_pthread_create(thread, attributes, run, arg);
}

#endif
