/* name: RWC+acq-sc
 * outcome: r0 = 1 and r1 = 0 and r2 = 0
 * verdict: allowed
 * source: Lahav et al., PLDI 2017 (RC11), the first read of RWC an acquire load
 * executions: 8
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int r0, r1, r2;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_seq_cst);
    return arg;
}

static void *thread1(void *arg)
{
    r0 = atomic_load_explicit(&x, memory_order_acquire);
    r1 = atomic_load_explicit(&y, memory_order_seq_cst);
    return arg;
}

static void *thread2(void *arg)
{
    atomic_store_explicit(&y, 1, memory_order_seq_cst);
    r2 = atomic_load_explicit(&x, memory_order_seq_cst);
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
    assert(!(r0 == 1 && r1 == 0 && r2 == 0));
    return 0;
}
