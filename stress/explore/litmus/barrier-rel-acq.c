/* name: Barrier+rel+acq
 * outcome: r0 != 1 or r1 != 1
 * verdict: forbidden
 * source: folklore: a barrier for two
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int n;
int d, f, r0, r1;

static void *thread0(void *arg)
{
    d = 1;
    atomic_fetch_add_explicit(&n, 1, memory_order_acq_rel);
    while (atomic_load_explicit(&n, memory_order_acquire) != 2) {
    }
    r0 = f;
    return arg;
}

static void *thread1(void *arg)
{
    f = 1;
    atomic_fetch_add_explicit(&n, 1, memory_order_acq_rel);
    while (atomic_load_explicit(&n, memory_order_acquire) != 2) {
    }
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
    assert(!(r0 != 1 || r1 != 1));
    return 0;
}
