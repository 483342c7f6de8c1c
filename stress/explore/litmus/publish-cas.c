/* name: Publish+cas
 * outcome: both publishers win, or the reader sees no initialized node
 * verdict: forbidden
 * source: folklore: two publishers, one wins by a compare-exchange
 * executions: 4
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int head;
int r0, r1, r2, r3, a[3];

static void *thread0(void *arg)
{
    int e = 0;
    a[1] = 7;
    if (atomic_compare_exchange_strong_explicit(&head, &e, 1, memory_order_release, memory_order_relaxed))
        r0 = 1;
    return arg;
}

static void *thread1(void *arg)
{
    int e = 0;
    a[2] = 8;
    if (atomic_compare_exchange_strong_explicit(&head, &e, 2, memory_order_release, memory_order_relaxed))
        r1 = 1;
    return arg;
}

static void *thread2(void *arg)
{
    int h = atomic_load_explicit(&head, memory_order_acquire);
    if (h) {
        r2 = 1;
        r3 = a[h];
    }
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
    assert(!((r0 && r1) || (r2 == 1 && r3 != 7 && r3 != 8)));
    return 0;
}
