/* name: Trylock+rel+acq
 * outcome: d != r0 + r1
 * verdict: forbidden
 * source: folklore: a try-lock protects plain data
 * executions: 4
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int l;
int d, r0, r1;

static void *thread0(void *arg)
{
    if (!atomic_exchange_explicit(&l, 1, memory_order_acquire)) {
        d++;
        r0 = 1;
        atomic_store_explicit(&l, 0, memory_order_release);
    }
    return arg;
}

static void *thread1(void *arg)
{
    if (!atomic_exchange_explicit(&l, 1, memory_order_acquire)) {
        d++;
        r1 = 1;
        atomic_store_explicit(&l, 0, memory_order_release);
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
