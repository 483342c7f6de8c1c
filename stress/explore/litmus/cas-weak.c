/* name: CAS-weak
 * outcome: r0 = 1 and r1 = 1
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], a weak compare-exchange is atomic where it succeeds
 * executions: 2
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int r0, r1;

static void *thread0(void *arg)
{
    int e = 0;
    r0 = atomic_compare_exchange_weak_explicit(&x, &e, 1, memory_order_relaxed, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    int e = 0;
    r1 = atomic_compare_exchange_weak_explicit(&x, &e, 1, memory_order_relaxed, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 1 && r1 == 1));
    return 0;
}
