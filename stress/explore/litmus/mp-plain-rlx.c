/* name: MP+plain+rlx
 * outcome: the accesses to d are not ordered
 * verdict: race
 * source: Batty et al., POPL 2011, message passing of plain data
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int y;
int d, r0, r1;

static void *thread0(void *arg)
{
    d = 1;
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    r0 = atomic_load_explicit(&y, memory_order_relaxed);
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
    return 0;
}
