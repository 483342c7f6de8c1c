/* name: MP+cas-succ-acq
 * outcome: r0 = 1 and r1 = 0
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], the success order of a compare-exchange
 * executions: 3
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int r0, r1;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_store_explicit(&y, 1, memory_order_release);
    return arg;
}

static void *thread1(void *arg)
{
    int e = 1;
    r0 = atomic_compare_exchange_strong_explicit(&y, &e, 2, memory_order_acquire, memory_order_relaxed);
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 1 && r1 == 0));
    return 0;
}
