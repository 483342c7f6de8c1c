/* name: Seqlock+rlx-start
 * outcome: the reader accepts one new and one old value
 * verdict: allowed
 * source: Boehm, MSPC 2012 (seqlocks)
 * executions: 17
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int s, x, y;
int r0, r1, r2;

static void *thread0(void *arg)
{
    atomic_store_explicit(&s, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    atomic_store_explicit(&s, 2, memory_order_release);
    return arg;
}

static void *thread1(void *arg)
{
    int a = atomic_load_explicit(&s, memory_order_relaxed);
    r0 = atomic_load_explicit(&x, memory_order_relaxed);
    r1 = atomic_load_explicit(&y, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    if (a % 2 == 0 && atomic_load_explicit(&s, memory_order_relaxed) == a)
        r2 = 1;
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r2 == 1 && r0 != r1));
    return 0;
}
