/* name: Race+plain-init+atomic-later
 * outcome: r0 = 1 and (r1 != 1 or d != 2)
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], ordered plain and atomic accesses of one object
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
    if (atomic_load_explicit(&y, memory_order_acquire)) {
        r0 = 1;
        r1 = __atomic_load_n(&d, __ATOMIC_RELAXED);
        __atomic_store_n(&d, 2, __ATOMIC_RELAXED);
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
    assert(!(r0 == 1 && (r1 != 1 || d != 2)));
    return 0;
}
