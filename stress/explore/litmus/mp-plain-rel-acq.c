/* name: MP+plain+rel+acq
 * outcome: r0 = 1 and r1 != 1
 * verdict: forbidden
 * source: Batty et al., POPL 2011, message passing of plain data
 * executions: 2
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int y;
int d, r0, r1;

static void *thread0(void *arg)
{
    d = 1;
    atomic_store_explicit(&y, 1, memory_order_release);
    return arg;
}

static void *thread1(void *arg)
{
    r0 = atomic_load_explicit(&y, memory_order_acquire);
    if (r0)
        r1 = d;
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 1 && r1 != 1));
    return 0;
}
