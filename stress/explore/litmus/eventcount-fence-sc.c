/* name: Eventcount+fence-sc
 * outcome: the thread sleeps and nobody wakes it
 * verdict: forbidden
 * source: folklore: a sleeper looks once more, the waker looks for sleepers
 * executions: 3
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int q, w;
int r0, r1;

static void *thread0(void *arg)
{
    atomic_store_explicit(&w, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    r0 = atomic_load_explicit(&q, memory_order_relaxed) == 0;
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&q, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    r1 = atomic_load_explicit(&w, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 1 && r1 == 0));
    return 0;
}
