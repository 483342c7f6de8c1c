/* name: SC+mo-rf
 * outcome: r0 = 2 and r1 = 0 and x = 2
 * rc11: allowed
 * cxx20: forbidden
 * verdict: allowed
 * why: RC11 derives no order of seq_cst accesses from a load that reads a store which is not seq_cst,
 *   C++20 does (a store or load that precedes the store read is coherence-ordered before the load)
 * source: Lahav et al., PLDI 2017 (RC11), scb has no rf, against C++20 [atomics.order], [intro.races],
 *   coherence-ordered before
 * executions: 10
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int r0, r1;

static void *thread0(void *arg)
{
    atomic_store_explicit(&y, 1, memory_order_seq_cst);
    atomic_store_explicit(&x, 1, memory_order_seq_cst);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&x, 2, memory_order_relaxed);
    return arg;
}

static void *thread2(void *arg)
{
    r0 = atomic_load_explicit(&x, memory_order_seq_cst);
    r1 = atomic_load_explicit(&y, memory_order_seq_cst);
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
    assert(!(r0 == 2 && r1 == 0 && atomic_load_explicit(&x, memory_order_relaxed) == 2));
    return 0;
}
