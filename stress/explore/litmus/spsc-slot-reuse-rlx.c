/* name: SPSC+slot-reuse-rlx
 * outcome: the slot is written again while it is read
 * verdict: race
 * source: Lamport 1977, ring of one producer and one consumer
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int head, tail;
int r1, a[1];

static void *thread0(void *arg)
{
    a[0] = 7;
    atomic_store_explicit(&tail, 1, memory_order_release);
    if (atomic_load_explicit(&head, memory_order_acquire) == 1)
        a[0] = 8;
    return arg;
}

static void *thread1(void *arg)
{
    if (atomic_load_explicit(&tail, memory_order_acquire) == 1) {
        r1 = a[0];
        atomic_store_explicit(&head, 1, memory_order_relaxed);
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
