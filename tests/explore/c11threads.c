/* C11's threads; with -DPTHREAD the same program in pthread's words, which must have as many executions. With
 * -DBUGGY one of two increments is made without the lock. See c11threads.sh. */
#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#ifdef PTHREAD
#include <errno.h>
#include <pthread.h>
#include <sched.h>
typedef pthread_t thread;
typedef void *result;
typedef pthread_mutex_t mutex;
typedef pthread_cond_t condition;
typedef pthread_key_t key;
#define RESULT(n) ((void *)(intptr_t)(n))
#define NUMBER(result) ((int)(intptr_t)(result))
#define CREATE(t, f, a) pthread_create(t, NULL, f, a)
#define WORD(c11, pthread) pthread
enum { thrd_success = 0, thrd_busy = EBUSY, thrd_timedout = ETIMEDOUT };
static void init(mutex *m, int recursive)
{
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
    pthread_mutex_init(m, &a);
}
static pthread_once_t once = PTHREAD_ONCE_INIT;
#else
#include <threads.h>
typedef thrd_t thread;
typedef int result;
typedef mtx_t mutex;
typedef cnd_t condition;
typedef tss_t key;
#define RESULT(n) (n)
#define NUMBER(result) (result)
#define CREATE(t, f, a) thrd_create(t, f, a)
#define WORD(c11, pthread) c11
static void init(mutex *m, int recursive)
{
    int code = mtx_init(m, recursive ? mtx_plain | mtx_recursive : mtx_timed);
    assert(code == thrd_success);
}
static once_flag once = ONCE_FLAG_INIT;
#endif

mutex plain, again;
condition changed;
key own;
int count, made;
atomic_int left;

static void make(void)
{
    made++;
}

static void destroy(void *value)
{
    assert(value == &count);
    atomic_fetch_add_explicit(&left, 1, memory_order_relaxed);
}

static result count_up(void *locks)
{
    WORD(call_once, pthread_once)(&once, make);
    assert(made == 1);
    WORD(tss_set, pthread_setspecific)(own, &count);
    if (locks)
        WORD(mtx_lock, pthread_mutex_lock)(&plain);
    count++;
    if (locks)
        WORD(mtx_unlock, pthread_mutex_unlock)(&plain);
    WORD(cnd_signal, pthread_cond_signal)(&changed);
    assert(WORD(tss_get, pthread_getspecific)(own) == &count);
    WORD(thrd_exit, pthread_exit)(RESULT(-5));
}

static result try_locks(void *unused)
{
    struct timespec soon;
    timespec_get(&soon, TIME_UTC);
    soon.tv_sec++;
    int code = WORD(mtx_trylock, pthread_mutex_trylock)(&plain);
    if (code == thrd_busy)
        code = WORD(mtx_timedlock, pthread_mutex_timedlock)(&plain, &soon);
    assert(code == thrd_success || code == thrd_timedout);
    if (code == thrd_success)
        WORD(mtx_unlock, pthread_mutex_unlock)(&plain);
    (void)unused;
    return RESULT(7);
}

int main(void)
{
    thread counting, trying;
    init(&plain, 0), init(&again, 1);
    WORD(cnd_init(&changed), pthread_cond_init(&changed, NULL));
    WORD(tss_create, pthread_key_create)(&own, destroy);
    thread self = WORD(thrd_current, pthread_self)();
    assert(WORD(thrd_equal, pthread_equal)(self, WORD(thrd_current, pthread_self)()));
    CREATE(&counting, count_up, &count);
    CREATE(&trying, try_locks, NULL);

    struct timespec late;
    timespec_get(&late, TIME_UTC);
    late.tv_sec++;
    WORD(mtx_lock, pthread_mutex_lock)(&plain);
    int code = thrd_success;
    while (count == 0 && code == thrd_success)
        code = WORD(cnd_timedwait, pthread_cond_timedwait)(&changed, &plain, &late);
    assert(code == thrd_success || code == thrd_timedout);
    count++;
    WORD(mtx_unlock, pthread_mutex_unlock)(&plain);

    WORD(mtx_lock, pthread_mutex_lock)(&again);
    WORD(mtx_lock, pthread_mutex_lock)(&again);
    WORD(mtx_unlock, pthread_mutex_unlock)(&again);
    WORD(mtx_unlock, pthread_mutex_unlock)(&again);

    result end;
    WORD(thrd_join, pthread_join)(counting, &end);
    assert(NUMBER(end) == -5 && count == 2 && left == 1);
    WORD(thrd_join, pthread_join)(trying, &end);
    assert(NUMBER(end) == 7);

    thread last;
#ifdef BUGGY
    CREATE(&last, count_up, NULL);
#else
    CREATE(&last, count_up, &count);
#endif
    WORD(thrd_detach, pthread_detach)(last);
    WORD(thrd_yield, sched_yield)();
    WORD(thrd_sleep, nanosleep)(&(struct timespec){.tv_sec = 1}, NULL);
    WORD(mtx_lock, pthread_mutex_lock)(&plain);
    count++;
    WORD(mtx_unlock, pthread_mutex_unlock)(&plain);
    WORD(mtx_destroy, pthread_mutex_destroy)(&again);
    return 0;
}
