/* name: CAS-weak-loop
 * outcome: x != 2
 * verdict: forbidden
 * source: folklore: increment by a compare-exchange loop
 * executions: 4
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;

static void *thread0(void *arg)
{
    int e = atomic_load_explicit(&x, memory_order_relaxed), done = 0;
    while (!done)
        done =
            atomic_compare_exchange_weak_explicit(&x, &e, e + 1, memory_order_relaxed, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    int e = atomic_load_explicit(&x, memory_order_relaxed), done = 0;
    while (!done)
        done =
            atomic_compare_exchange_weak_explicit(&x, &e, e + 1, memory_order_relaxed, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(atomic_load_explicit(&x, memory_order_relaxed) != 2));
    return 0;
}
