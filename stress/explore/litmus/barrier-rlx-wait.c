/* name: Barrier+rlx-wait
 * outcome: what the other wrote before the barrier is not ordered
 * verdict: race
 * source: folklore: a barrier that waits with relaxed loads
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int n;
int d, f, r0, r1;

static void *thread0(void *arg)
{
    d = 1;
    atomic_fetch_add_explicit(&n, 1, memory_order_release);
    while (atomic_load_explicit(&n, memory_order_relaxed) != 2) {
    }
    r0 = f;
    return arg;
}

static void *thread1(void *arg)
{
    f = 1;
    atomic_fetch_add_explicit(&n, 1, memory_order_release);
    while (atomic_load_explicit(&n, memory_order_relaxed) != 2) {
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
    return 0;
}
