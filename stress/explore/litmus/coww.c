/* name: CoWW
 * outcome: x = 1
 * verdict: forbidden
 * source: Batty et al., POPL 2011, coherence axioms
 * executions: 1
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_store_explicit(&x, 2, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_join(t0, NULL);
    assert(!(atomic_load_explicit(&x, memory_order_relaxed) == 1));
    return 0;
}
