/* name: RMW+sub-last
 * outcome: both threads or neither see the last reference
 * verdict: forbidden
 * source: folklore: exactly one thread drops the last reference
 * executions: 2
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x = 2;
int r0, r1;

static void *thread0(void *arg)
{
    r0 = atomic_fetch_sub_explicit(&x, 1, memory_order_acq_rel);
    return arg;
}

static void *thread1(void *arg)
{
    r1 = atomic_fetch_sub_explicit(&x, 1, memory_order_acq_rel);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!((r0 == 1) == (r1 == 1)));
    return 0;
}
