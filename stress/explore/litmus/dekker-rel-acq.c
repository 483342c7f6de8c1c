/* name: Dekker+rel+acq
 * outcome: both threads are in the critical section
 * verdict: race
 * source: Dekker (Dijkstra 1965), entry without waiting
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int d, r0, r1;

static void *thread0(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_release);
    if (!atomic_load_explicit(&y, memory_order_acquire)) {
        d++;
        r0 = 1;
    }
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&y, 1, memory_order_release);
    if (!atomic_load_explicit(&x, memory_order_acquire)) {
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
    return 0;
}
