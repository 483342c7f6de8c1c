/* name: RMW+lost-update
 * outcome: x = 1
 * verdict: allowed
 * source: folklore: load and store are no increment
 * executions: 4
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int r0, r1;

static void *thread0(void *arg)
{
    r0 = atomic_load_explicit(&x, memory_order_relaxed);
    atomic_store_explicit(&x, r0 + 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
    atomic_store_explicit(&x, r1 + 1, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(atomic_load_explicit(&x, memory_order_relaxed) == 1));
    return 0;
}
