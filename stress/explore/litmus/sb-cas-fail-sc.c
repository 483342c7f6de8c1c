/* name: SB+cas-fail-sc
 * outcome: r0 = 0 and r1 = 0
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], a failed seq_cst compare-exchange is a seq_cst load
 * executions: 3
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int r0, r1;

static void *thread0(void *arg)
{
    int e = 7;
    atomic_store_explicit(&x, 1, memory_order_seq_cst);
    atomic_compare_exchange_strong_explicit(&y, &e, 9, memory_order_seq_cst, memory_order_seq_cst);
    r0 = e;
    return arg;
}

static void *thread1(void *arg)
{
    int e = 7;
    atomic_store_explicit(&y, 1, memory_order_seq_cst);
    atomic_compare_exchange_strong_explicit(&x, &e, 9, memory_order_seq_cst, memory_order_seq_cst);
    r1 = e;
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
