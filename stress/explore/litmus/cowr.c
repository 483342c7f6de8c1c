/* name: CoWR
 * outcome: r0 = 2 and x = 1
 * verdict: forbidden
 * source: Batty et al., POPL 2011, coherence axioms
 * executions: 3
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int r0;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    r0 = atomic_load_explicit(&x, memory_order_relaxed);
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
    assert(!(r0 == 2 && atomic_load_explicit(&x, memory_order_relaxed) == 1));
    return 0;
}
