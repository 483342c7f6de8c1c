/* name: Treiber+push-rlx
 * outcome: the node is read without an order to its initialization
 * verdict: race
 * source: Treiber 1986, stack
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int top;
int r0, r1, a[2], next[2];

static void *thread0(void *arg)
{
    int e = atomic_load_explicit(&top, memory_order_relaxed);
    next[1] = e;
    a[1] = 7;
    while (!atomic_compare_exchange_strong_explicit(&top, &e, 1, memory_order_relaxed, memory_order_relaxed))
        next[1] = e;
    return arg;
}

static void *thread1(void *arg)
{
    int e = atomic_load_explicit(&top, memory_order_acquire);
    if (e) {
        r0 = next[e];
        r1 = a[e];
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
    return 0;
}
