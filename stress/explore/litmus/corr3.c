/* name: CoRR3
 * outcome: r0 = 1 and r1 = 2 and r2 = 1
 * verdict: forbidden
 * source: Batty et al., POPL 2011, coherence axioms
 * executions: 10
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int r0, r1, r2;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_store_explicit(&x, 2, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    r0 = atomic_load_explicit(&x, memory_order_relaxed);
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
    r2 = atomic_load_explicit(&x, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 1 && r1 == 2 && r2 == 1));
    return 0;
}
