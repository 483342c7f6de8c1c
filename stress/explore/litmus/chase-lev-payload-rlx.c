/* name: Chase-Lev+payload-rlx
 * outcome: the thief reads the item without an order to its write
 * verdict: race
 * source: Le, Pop, Cohen and Zappa Nardelli, PPoPP 2013 (Chase-Lev in C11), the item behind bottom
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int b, t;
int r1, a[2];

static void *thread0(void *arg)
{
    a[0] = 7;
    atomic_store_explicit(&b, 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    int e = atomic_load_explicit(&t, memory_order_acquire);
    atomic_thread_fence(memory_order_seq_cst);
    if (e < atomic_load_explicit(&b, memory_order_relaxed))
        r1 = a[e];
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
