/* name: Ticket+rel+acq
 * outcome: d != 2
 * verdict: forbidden
 * source: Mellor-Crummey and Scott 1991, ticket lock
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int n, s;
int d;

static void *thread0(void *arg)
{
    int me = atomic_fetch_add_explicit(&n, 1, memory_order_relaxed);
    while (atomic_load_explicit(&s, memory_order_acquire) != me) {
    }
    d++;
    atomic_store_explicit(&s, me + 1, memory_order_release);
    return arg;
}

static void *thread1(void *arg)
{
    int me = atomic_fetch_add_explicit(&n, 1, memory_order_relaxed);
    while (atomic_load_explicit(&s, memory_order_acquire) != me) {
    }
    d++;
    atomic_store_explicit(&s, me + 1, memory_order_release);
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
