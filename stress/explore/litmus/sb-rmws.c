/* name: SB+rmws
 * outcome: r0 = 0 and r1 = 0
 * verdict: forbidden
 * source: Lahav et al., PLDI 2017 (RC11), SB+rmws: read-modify-writes of one location order like a
 *   fence
 * executions: 4
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y, z;
int r0, r1;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&z, 0, memory_order_acq_rel);
    r0 = atomic_load_explicit(&y, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&z, 0, memory_order_acq_rel);
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
    assert(!(r0 == 0 && r1 == 0));
    return 0;
}
