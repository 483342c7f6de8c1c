/* name: Race+only-in-one-branch
 * outcome: d is written and read at once if the first thread sees x
 * verdict: race
 * source: folklore: a race that only some executions have
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int d, r0, r1;

static void *thread0(void *arg)
{
    r0 = atomic_load_explicit(&x, memory_order_relaxed);
    if (r0)
        d = 1;
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    if (!atomic_load_explicit(&y, memory_order_relaxed))
        d = 2;
    else
        r1 = d;
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
