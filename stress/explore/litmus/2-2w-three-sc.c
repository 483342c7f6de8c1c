/* name: 2+2W+three-sc
 * outcome: x = 1 and y = 1
 * verdict: allowed
 * source: Lahav et al., PLDI 2017 (RC11), 2+2W with one store weaker
 * executions: 4
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_seq_cst);
    atomic_store_explicit(&y, 2, memory_order_seq_cst);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&y, 1, memory_order_seq_cst);
    atomic_store_explicit(&x, 2, memory_order_release);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(atomic_load_explicit(&x, memory_order_relaxed) == 1 &&
             atomic_load_explicit(&y, memory_order_relaxed) == 1));
    return 0;
}
