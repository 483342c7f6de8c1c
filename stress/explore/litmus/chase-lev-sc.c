/* name: Chase-Lev+sc
 * outcome: owner and thief both take the second item
 * verdict: forbidden
 * source: Le, Pop, Cohen and Zappa Nardelli, PPoPP 2013 (Chase-Lev in C11)
 * executions: 13
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int b = 2, t, taken;

static void steal(void)
{
    int e = atomic_load_explicit(&t, memory_order_seq_cst);
    if (e < atomic_load_explicit(&b, memory_order_seq_cst)) {
        if (atomic_compare_exchange_strong_explicit(&t, &e, e + 1, memory_order_seq_cst,
                                                    memory_order_relaxed) &&
            e == 1)
            atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed);
    }
}

static void *thread0(void *arg)
{
    atomic_store_explicit(&b, 1, memory_order_seq_cst);
    int t0 = atomic_load_explicit(&t, memory_order_seq_cst);
    if (t0 < 1) {
        atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed);
    } else {
        if (t0 == 1) {
            int e = 1;
            if (atomic_compare_exchange_strong_explicit(&t, &e, 2, memory_order_seq_cst,
                                                        memory_order_relaxed))
                atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed);
        }
        atomic_store_explicit(&b, 2, memory_order_relaxed);
    }
    return arg;
}

static void *thread1(void *arg)
{
    steal();
    steal();
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(atomic_load_explicit(&taken, memory_order_relaxed) > 1));
    return 0;
}
