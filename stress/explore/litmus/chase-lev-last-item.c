/* name: Chase-Lev+last-item
 * outcome: owner and thief both take the one item
 * verdict: forbidden
 * source: Le, Pop, Cohen and Zappa Nardelli, PPoPP 2013 (Chase-Lev in C11)
 * executions: 5
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int b = 1, t;
int r0, r1;

static void *thread0(void *arg)
{
    atomic_store_explicit(&b, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    int t0 = atomic_load_explicit(&t, memory_order_relaxed);
    if (t0 <= 0) {
        int e = t0;
        if (t0 < 0 || atomic_compare_exchange_strong_explicit(&t, &e, t0 + 1, memory_order_seq_cst,
                                                              memory_order_relaxed))
            r0 = 1;
    }
    return arg;
}

static void *thread1(void *arg)
{
    int e = atomic_load_explicit(&t, memory_order_acquire);
    atomic_thread_fence(memory_order_seq_cst);
    if (e < atomic_load_explicit(&b, memory_order_acquire)) {
        if (atomic_compare_exchange_strong_explicit(&t, &e, e + 1, memory_order_seq_cst,
                                                    memory_order_relaxed))
            r1 = 1;
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
    assert(!(r0 == 1 && r1 == 1));
    return 0;
}
