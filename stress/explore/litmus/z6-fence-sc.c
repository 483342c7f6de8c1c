/* name: Z6+fence-sc
 * outcome: y = 2 and r0 = 1 and r1 = 0
 * verdict: forbidden
 * source: Alglave, Maranget and Tautschnig, TOPLAS 2014 (herd), as C11, shape Z6
 * executions: 7
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y, z;
int r0, r1;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&y, 2, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_store_explicit(&z, 1, memory_order_relaxed);
    return arg;
}

static void *thread2(void *arg)
{
    r0 = atomic_load_explicit(&z, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
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
    assert(!(atomic_load_explicit(&y, memory_order_relaxed) == 2 && r0 == 1 && r1 == 0));
    return 0;
}
