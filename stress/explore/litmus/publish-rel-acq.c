/* name: Publish+rel+acq
 * outcome: r0 = 1 and r1 != 7
 * verdict: forbidden
 * source: folklore: publication of an initialized node
 * executions: 2
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int head;
int r0, r1, a[2];

static void *thread0(void *arg)
{
    a[1] = 7;
    atomic_store_explicit(&head, 1, memory_order_release);
    return arg;
}

static void *thread1(void *arg)
{
    r0 = atomic_load_explicit(&head, memory_order_acquire);
    if (r0)
        r1 = a[r0];
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 1 && r1 != 7));
    return 0;
}
