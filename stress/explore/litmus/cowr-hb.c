/* name: CoWR+hb
 * outcome: r0 = 1
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], write-read coherence
 * executions: 2
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int r0;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_store_explicit(&y, 1, memory_order_release);
    return arg;
}

static void *thread1(void *arg)
{
    if (atomic_load_explicit(&y, memory_order_acquire)) {
        atomic_store_explicit(&x, 2, memory_order_relaxed);
        r0 = atomic_load_explicit(&x, memory_order_relaxed);
    }
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 1));
    return 0;
}
