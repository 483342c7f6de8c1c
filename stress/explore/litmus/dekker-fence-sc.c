/* name: Dekker+fence-sc
 * outcome: an increment in the critical section is lost
 * verdict: forbidden
 * source: Dekker (Dijkstra 1965), entry without waiting, with fences
 * executions: 3
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int d, r0, r1;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(&y, memory_order_relaxed)) {
        d++;
        r0 = 1;
    }
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(&x, memory_order_relaxed)) {
        d++;
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
    assert(!(d != r0 + r1));
    return 0;
}
