/* name: RMW+cas-after-store
 * outcome: r0 = 1 and x = 1
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], a read-modify-write reads the last value before its
 *   store
 * executions: 2
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int r0;

static void *thread0(void *arg)
{
    int e = 0;
    r0 = atomic_compare_exchange_strong_explicit(&x, &e, 1, memory_order_relaxed, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&x, 2, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 1 && atomic_load_explicit(&x, memory_order_relaxed) == 1));
    return 0;
}
