/* name: Spinlock+rel+acq
 * outcome: d != 2
 * verdict: forbidden
 * source: folklore: a spin lock hands over plain data
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int l;
int d;

static void *thread0(void *arg)
{
    while (atomic_exchange_explicit(&l, 1, memory_order_acquire)) {
    }
    d++;
    atomic_store_explicit(&l, 0, memory_order_release);
    return arg;
}

static void *thread1(void *arg)
{
    while (atomic_exchange_explicit(&l, 1, memory_order_acquire)) {
    }
    d++;
    atomic_store_explicit(&l, 0, memory_order_release);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(d != 2));
    return 0;
}
