/* name: RMW+store-between
 * outcome: r0 = 0 and r1 = 5 and r2 = 1
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], a read-modify-write reads the last value before its
 *   store
 * executions: 12
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int r0, r1, r2;

static void *thread0(void *arg)
{
    r0 = atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&x, 5, memory_order_relaxed);
    return arg;
}

static void *thread2(void *arg)
{
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
    r2 = atomic_load_explicit(&x, memory_order_relaxed);
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
    assert(!(r0 == 0 && r1 == 5 && r2 == 1));
    return 0;
}
