/* name: SB+xchg-sc+rlx
 * outcome: r0 = 0 and r1 = 0
 * verdict: allowed
 * source: folklore: a locked exchange is a full barrier on x86, not in C11
 * executions: 4
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int r0, r1;

static void *thread0(void *arg)
{
    atomic_exchange_explicit(&x, 1, memory_order_seq_cst);
    r0 = atomic_load_explicit(&y, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    atomic_exchange_explicit(&y, 1, memory_order_seq_cst);
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 0 && r1 == 0));
    return 0;
}
