/* name: WRC+plain+rlx-middle
 * outcome: the accesses to d are not ordered
 * verdict: race
 * source: folklore: the thread in the middle does not acquire
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int d, r0, r1;

static void *thread0(void *arg)
{
    d = 1;
    atomic_store_explicit(&x, 1, memory_order_release);
    return arg;
}

static void *thread1(void *arg)
{
    if (atomic_load_explicit(&x, memory_order_relaxed))
        atomic_store_explicit(&y, 1, memory_order_release);
    return arg;
}

static void *thread2(void *arg)
{
    r0 = atomic_load_explicit(&y, memory_order_acquire);
    if (r0)
        r1 = d;
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
    return 0;
}
