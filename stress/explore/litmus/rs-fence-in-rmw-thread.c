/* name: RS+fence-in-rmw-thread
 * outcome: the accesses to d are not ordered
 * verdict: race
 * source: folklore: a release fence publishes its own thread's writes only
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int d, r1;

static void *thread0(void *arg)
{
    d = 1;
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_thread_fence(memory_order_release);
    atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    return arg;
}

static void *thread2(void *arg)
{
    if (atomic_load_explicit(&x, memory_order_acquire) == 2)
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
