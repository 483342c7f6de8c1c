/* name: Treiber+push-pop
 * outcome: the popped node is not initialized
 * verdict: forbidden
 * source: Treiber 1986, stack
 * executions: 20
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int top;
int r0, r1, a[3], next[3];

static void *thread0(void *arg)
{
    int e = atomic_load_explicit(&top, memory_order_relaxed);
    next[1] = e;
    a[1] = 7;
    while (!atomic_compare_exchange_strong_explicit(&top, &e, 1, memory_order_release, memory_order_relaxed))
        next[1] = e;
    return arg;
}

static void *thread1(void *arg)
{
    int e = atomic_load_explicit(&top, memory_order_relaxed);
    next[2] = e;
    a[2] = 7;
    while (!atomic_compare_exchange_strong_explicit(&top, &e, 2, memory_order_release, memory_order_relaxed))
        next[2] = e;
    return arg;
}

static void *thread2(void *arg)
{
    int e = atomic_load_explicit(&top, memory_order_acquire);
    while (e && !atomic_compare_exchange_strong_explicit(&top, &e, next[e], memory_order_acquire,
                                                         memory_order_acquire)) {
    }
    if (e) {
        r0 = 1;
        r1 = a[e];
    }
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
    assert(!(r0 == 1 && r1 != 7));
    return 0;
}
