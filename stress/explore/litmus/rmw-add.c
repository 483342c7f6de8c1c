/* name: RMW+add
 * outcome: r0 = 0 and r1 = 0
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], a read-modify-write reads the last value before its
 *   store
 * executions: 2
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int r0, r1;

static void *thread0(void *arg)
{
    r0 = atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    r1 = atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
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
