#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/thread_exit.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

static __thread struct qsc_thread_exit *hooks;

static void run_hooks(void *first)
{
    (void)first; // it only has to be other than NULL: `hooks` may have grown since
    while (hooks) {
        struct qsc_thread_exit *hook = hooks;
        hooks = hook->next;
        hook->run();
    }
}

// Not pthread_once: that would remember a failure for ever.
static int exit_key(pthread_key_t *key)
{
    static qsc_mutex lock = QSC_MUTEX_INIT;
    static pthread_key_t made;
    static bool is_made;
    int error = 0;
    qsc_mutex_lock(&lock);
    if (!is_made)
        error = pthread_key_create(&made, run_hooks);
    is_made = error == 0;
    *key = made;
    qsc_mutex_unlock(&lock);
    return error;
}

int qsc_thread_exit_add(struct qsc_thread_exit *hook)
{
    pthread_key_t key;
    int error = exit_key(&key);
    if (!error)
        error = pthread_setspecific(key, hook);
    if (error)
        return error;
    hook->next = hooks;
    hooks = hook;
    return 0;
}
