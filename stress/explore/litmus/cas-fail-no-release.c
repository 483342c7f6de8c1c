/* name: CAS-fail-no-release
 * outcome: the second thread reads d without an order to its write
 * verdict: race
 * source: folklore: a compare-exchange that fails releases nothing
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int y;
int d, r0;

static void *thread0(void *arg)
{
    int e = 5;
    d = 1;
    atomic_compare_exchange_strong_explicit(&y, &e, 6, memory_order_acq_rel, memory_order_acquire);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    if (atomic_load_explicit(&y, memory_order_acquire) == 1)
        r0 = d;
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    return 0;
}
