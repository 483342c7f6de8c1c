/* name: SB+rmw-loads
 * outcome: r0 = 0 and r1 = 0
 * verdict: allowed
 * source: folklore: fetch_add of 0 does not read the latest value in time, only the latest before its
 *   own store
 * executions: 4
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int r0, r1;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    r0 = atomic_fetch_add_explicit(&y, 0, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    r1 = atomic_fetch_add_explicit(&x, 0, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 0 && r1 == 0));
    return 0;
}
