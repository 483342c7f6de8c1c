/* name: RS+both-heads
 * outcome: r2 = 1 and (r0 != 1 or r1 != 1)
 * verdict: forbidden
 * source: folklore: the last of two arrivals sees both (barrier, reference count)
 * executions: 6
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int d, f, r0, r1, r2;

static void *thread0(void *arg)
{
    d = 1;
    atomic_fetch_add_explicit(&x, 1, memory_order_release);
    return arg;
}

static void *thread1(void *arg)
{
    f = 1;
    atomic_fetch_add_explicit(&x, 1, memory_order_release);
    return arg;
}

static void *thread2(void *arg)
{
    if (atomic_load_explicit(&x, memory_order_acquire) == 2) {
        r0 = d;
        r1 = f;
        r2 = 1;
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
    assert(!(r2 == 1 && (r0 != 1 || r1 != 1)));
    return 0;
}
