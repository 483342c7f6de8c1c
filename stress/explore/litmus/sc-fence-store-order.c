/* name: SC+fence-store-order
 * outcome: r0 = 0 and r1 = 1 and r2 = 2
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], a seq_cst fence orders stores of one location
 * executions: 18
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int r0, r1, r2;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&y, 2, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    r0 = atomic_load_explicit(&x, memory_order_relaxed);
    return arg;
}

static void *thread2(void *arg)
{
    r1 = atomic_load_explicit(&y, memory_order_relaxed);
    r2 = atomic_load_explicit(&y, memory_order_relaxed);
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
    assert(!(r0 == 0 && r1 == 1 && r2 == 2));
    return 0;
}
