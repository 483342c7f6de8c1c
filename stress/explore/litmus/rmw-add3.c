/* name: RMW+add3
 * outcome: x != 3
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], a read-modify-write reads the last value before its
 *   store
 * executions: 6
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;

static void *thread0(void *arg)
{
    atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    return arg;
}

static void *thread2(void *arg)
{
    atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1, t2;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_create(&t2, NULL, thread2, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    pthread_join(t2, NULL);
    assert(!(atomic_load_explicit(&x, memory_order_relaxed) != 3));
    return 0;
}
